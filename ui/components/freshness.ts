/** How fresh the page is: pulse strip, event time, lag, event-to-page latency, and one word for it all. */
import { html, nothing, type TemplateResult } from 'lit';
import type { FeedStatus } from '../data/feed.ts';
import { formatClock, formatDuration, formatSeconds, NONE } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { PULSE_MISSED, PULSE_NONE, PULSE_SECONDS } from '../data/timing.ts';
import type { Verdict } from '../data/verdict.ts';
import { PlElement } from './element.ts';
import { type GlyphName, glyph } from './icons.ts';

const GLYPH: Readonly<Record<Verdict, GlyphName>> = {
  connecting: 'clock',
  waiting: 'clock',
  live: 'live',
  lagging: 'lag',
  stale: 'clock',
  offline: 'off',
  paused: 'clock',
};

export class PlFreshness extends PlElement {
  static override properties = {
    verdict: {},
    status: { attribute: false },
    watermark: { attribute: false },
    now: { attribute: false },
  };
  declare verdict: Verdict;
  declare status: FeedStatus | undefined;
  /** Event time of what is on the screen, which stands still while paused. */
  declare watermark: number | undefined;
  declare now: number;

  constructor() {
    super();
    this.verdict = 'connecting';
    this.now = 0;
  }

  protected override render(): TemplateResult {
    const { status, watermark } = this;
    const lag =
      watermark === undefined || status === undefined ? undefined : this.now + status.clockOffsetMs - watermark;
    const lagText = lag === undefined ? NONE : formatSeconds(lag);
    return html`<div class="pl-freshness">
      ${this.#pulse(status?.pulse ?? new Array(PULSE_SECONDS).fill(PULSE_NONE))}
      <dl class="hide-s">
        ${this.#figure(this.text('fresh.eventTime'), watermark === undefined ? NONE : formatClock(watermark, locale.zone))}
        ${this.#figure(this.text('fresh.lag'), lagText)}
        ${this.#figure('p50', duration(status?.p50), this.text('fresh.p50'), 'opt-l')}
        ${this.#figure('p99', duration(status?.p99), this.text('fresh.p99'))}
      </dl>
      <span class="pl-verdict" data-v=${this.verdict}
        >${glyph(GLYPH[this.verdict])}<span>${this.text(`verdict.${this.verdict}`)}</span
        ><span class="only-s pl-num">${lag === undefined ? nothing : lagText}</span></span
      >
    </div>`;
  }

  #figure(name: string, value: string, title = '', kind = ''): TemplateResult {
    const term = title === '' ? name : html`<abbr title=${title}>${name}</abbr>`;
    return html`<div class=${kind}><dt>${term}</dt><dd class="pl-num">${value}</dd></div>`;
  }

  #pulse(strip: readonly number[]): TemplateResult {
    const high = Math.max(1, ...strip);
    const missed = strip.filter((value) => value === PULSE_MISSED).length;
    return html`<span
      class="pl-pulse opt-l"
      role="img"
      aria-label=${this.text('fresh.pulse', { n: PULSE_SECONDS, missed })}
      title=${this.text('fresh.pulseTitle', { n: PULSE_SECONDS })}
      >${strip.map((value) =>
        value < 0
          ? html`<i class=${value === PULSE_MISSED ? 'miss' : 'none'}></i>`
          : html`<i style="--v: ${Math.round((value / high) * 100)}"></i>`,
      )}</span
    >`;
  }
}

function duration(ms: number | undefined): string {
  return ms === undefined ? NONE : formatDuration(ms);
}

customElements.define('pl-freshness', PlFreshness);

declare global {
  interface HTMLElementTagNameMap {
    'pl-freshness': PlFreshness;
  }
}
