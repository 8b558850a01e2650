/**
 * How much the hot store holds of what it may, and how that went while this page was open.
 * Properties: bytes, budget, samples ({at, bytes}, oldest first), archiving (whether there is an archive to ask),
 * canCommand, outcome, asOf.
 * @fires archive {reason}
 */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatMinute, formatNumber, formatShare } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { type CardOptions, cardView, stateView } from '../card.ts';
import { PlElement } from '../element.ts';
import { glyph } from '../icons.ts';
import { ARCHIVE_NOW, askForm, type Outcome, outcomeView } from './ask-form.ts';
import { megabytes, say } from './words.ts';

export type SizeSample = { readonly at: number; readonly bytes: number };

/** Less than this is not a course but a point. */
const LEAST_MS = 10_000;
const MINUTE_MS = 60_000;

export class PlStoreGauge extends PlElement {
  static override properties = {
    bytes: { attribute: false },
    budget: { attribute: false },
    samples: { attribute: false },
    archiving: { type: Boolean },
    canCommand: { type: Boolean },
    outcome: { attribute: false },
    asOf: { attribute: false },
    _asked: { state: true },
  };
  declare bytes: number | undefined;
  declare budget: number | undefined;
  declare samples: readonly SizeSample[];
  declare archiving: boolean;
  declare canCommand: boolean;
  declare outcome: Outcome | undefined;
  declare asOf: string | undefined;
  declare _asked: boolean;

  constructor() {
    super();
    this.samples = [];
    this.archiving = false;
    this.canCommand = false;
    this._asked = false;
  }

  protected override render(): TemplateResult {
    const { budget, bytes, asOf } = this;
    const note = budget === undefined ? say('store.note') : say('store.noteBudget', { mb: megabytes(budget) });
    const card: CardOptions = { id: 'h-store', heading: say('store.title'), note, asOf, tools: this.#button() };
    // One template for both, so that a question being answered keeps its place when the size comes to be known.
    const known = bytes !== undefined;
    const figure = known ? this.#figure(bytes, budget) : stateView({ kind: 'empty', title: say('store.unknown') });
    return cardView(card, html`${figure} ${this.#asking()} ${known ? this.#course(bytes, budget) : nothing}`);
  }

  #figure(bytes: number, budget: number | undefined): TemplateResult {
    const share = budget === undefined ? undefined : bytes / budget;
    const shown = share === undefined ? '' : formatShare(share, share < 0.1 ? 1 : 0);
    const rate = rateOf(this.samples);
    return html`<div class="pl-store-figure">
        <span class="pl-num big">${megabytes(bytes)}</span>
        <span class="pl-soft pl-num">${budget === undefined ? say('store.mb') : say('store.of', { mb: megabytes(budget), share: shown })}</span>
        ${rate === undefined ? nothing : html`<span class="pl-card-note pl-num">${say('store.rate', { rate: signed(rate) })}</span>`}
      </div>
      ${budget === undefined ? nothing : gauge(bytes, budget, shown)}
      ${
        share !== undefined && share > 1.05
          ? html`<p class="pl-state-tag pl-warn pl-store-over">${glyph('warn')}<span>${say('store.over')}</span></p>`
          : nothing
      }`;
  }

  #button(): TemplateResult | typeof nothing {
    if (!this.archiving || !this.canCommand) return nothing;
    return html`<button type="button" class="pl-button" data-command="archive" aria-pressed=${this._asked} @click=${() => this.#ask(!this._asked)}>${say('store.archive')}</button>`;
  }

  #asking(): TemplateResult | typeof nothing {
    const name = say('now.archive');
    if (!this._asked)
      return this.outcome?.what === ARCHIVE_NOW ? outcomeView(this.outcome, ARCHIVE_NOW, name) : nothing;
    return askForm({
      name,
      lines: [say('now.archiveWhat'), say('now.audit')],
      confirm: (reason) => {
        this.#ask(false);
        this.emit('archive', { reason });
      },
      cancel: () => this.#ask(false),
    });
  }

  #course(bytes: number, budget: number | undefined): TemplateResult | typeof nothing {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return nothing;
    const top = Math.max(bytes, budget ?? 0, ...this.samples.map((sample) => sample.bytes)) * 1.05;
    const x = (at: number) => ((at - first.at) / (last.at - first.at)) * 1_000;
    const y = (size: number) => 100 - (size / top) * 100;
    const line = this.samples.map((sample) => `${x(sample.at).toFixed(1)} ${y(sample.bytes).toFixed(2)}`).join('L');
    return html`<figure class="pl-store-course" aria-label=${say('store.history')}>
      <svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
        ${svg`<path class="ar" d="M${line}L1000 100L0 100Z" /><path class="ln" d="M${line}" />`}
        ${budget === undefined ? nothing : svg`<path class="lim" d="M0 ${y(budget).toFixed(2)}H1000" />`}
      </svg>
      <figcaption class="pl-num"><span>${formatMinute(first.at, locale.zone)}</span><span>${say('store.history')}</span><span>${formatMinute(last.at, locale.zone)}</span></figcaption>
    </figure>`;
  }

  #ask(on: boolean): void {
    this._asked = on;
    const focus = on ? '.pl-impact input' : '[data-command="archive"]';
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(focus)?.focus());
  }
}

function gauge(bytes: number, budget: number, share: string): TemplateResult {
  const full = Math.max(bytes, budget);
  const mark = (budget / full) * 100;
  const label = say('store.gauge', { used: megabytes(bytes), budget: megabytes(budget), share });
  return html`<div class="pl-gauge" role="img" aria-label=${label}>
      <i style="width: ${((Math.min(bytes, budget) / full) * 100).toFixed(2)}%"></i>
      ${bytes > budget ? html`<i class="over" style="width: ${(((bytes - budget) / full) * 100).toFixed(2)}%"></i>` : nothing}
      <em style="left: ${mark.toFixed(2)}%"></em>
    </div>
    <div class="pl-gauge-axis pl-num" aria-hidden="true">
      <span>0</span><span style="left: ${(mark / 2).toFixed(2)}%">${megabytes(budget / 2)}</span><span style="left: ${mark.toFixed(2)}%">${megabytes(budget)} MB</span>
    </div>`;
}

/** Megabytes a minute. */
function rateOf(samples: readonly SizeSample[]): number | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return undefined;
  return ((last.bytes - first.bytes) / (last.at - first.at)) * (MINUTE_MS / 1e6);
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${formatNumber(value, 1)}`;
}

customElements.define('pl-store-gauge', PlStoreGauge);

declare global {
  interface HTMLElementTagNameMap {
    'pl-store-gauge': PlStoreGauge;
  }
}
