/** The Live page: takes the model's figures, hands every panel its own, and turns their events into a new view. */
import { html, nothing, type TemplateResult } from 'lit';
import { figuresOf, type Row } from '../data/figures.ts';
import { formatClock } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { readRows } from '../data/rows.ts';
import type { View } from '../data/url-state.ts';
import type { Page } from '../page.ts';
import './banner.ts';
import './bar-list.ts';
import { PlElement } from './element.ts';
import './funnel.ts';
import './kpi-band.ts';
import type { PanelContext } from './panel.ts';
import './payments.ts';
import './products.ts';
import './segments.ts';
import './tile-map.ts';
import './time-series.ts';
import './toolbar.ts';

export class PlLivePage extends PlElement {
  static override properties = { page: { attribute: false }, stamp: { attribute: false } };
  declare page: Page;
  declare stamp: number;
  #unsubscribe: (() => void) | undefined;
  #context: PanelContext | undefined;
  readonly #escape = (event: KeyboardEvent) => this.#key(event);

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('keydown', this.#escape);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('keydown', this.#escape);
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    super.disconnectedCallback();
  }

  override willUpdate(): void {
    this.#unsubscribe ??= this.page.model.subscribe(() => this.requestUpdate());
  }

  protected override render(): TemplateResult {
    const { page } = this;
    const { verdict, model, view } = page;
    const old = verdict === 'stale' || verdict === 'offline';
    return html`<pl-toolbar
        .view=${view}
        .paused=${page.store.paused !== undefined}
        .states=${keysOf(figuresOf(model.figures.states))}
        .categories=${keysOf(figuresOf(model.figures.categories))}
        @view=${(event: CustomEvent<Partial<View>>) => page.setView(event.detail)}
        @pause=${(event: CustomEvent<{ on: boolean }>) => page.pause(event.detail.on)}
      ></pl-toolbar>
      <main
        class="pl-main"
        id="main"
        data-state=${old ? verdict : nothing}
        @pick=${(event: CustomEvent<Partial<View>>) => this.#pick(event.detail)}
        @retry=${() => model.retry()}
        @widen=${() => page.setView({ range: '24h' })}
        @reconnect=${() => page.reconnectNow()}
        @system=${() => page.go('system')}
      >
        <h1 class="pl-sr">${this.text('page.live')}</h1>
        <pl-banner .page=${page} .now=${this.stamp}></pl-banner>
        ${this.#panels(old)}
      </main>`;
  }

  #panels(old: boolean): TemplateResult {
    const { model, view } = this.page;
    const { figures, before } = model;
    const context = this.#contextOf(old);
    const names = this.#names();
    // Shops that send no clicks are not shown an empty panel about them.
    const funnel = figuresOf(figures.funnel);
    const hasClicks = funnel === undefined || funnel.views > 0;
    return html`<pl-kpi-band
        .totals=${figures.totals}
        .points=${figures.points}
        .totalsBefore=${before?.totals}
        .pointsBefore=${before?.points}
        .context=${context}
      ></pl-kpi-band>
      <div class="pl-grid">
        <pl-time-series
          class="c-8 m-12"
          .panel=${figures.points}
          .yesterday=${before?.points}
          .context=${context}
          .granularity=${model.granularity}
          .marks=${model.marks.all}
          .moneyIs=${view.category === undefined ? 'revenue' : 'sales'}
        ></pl-time-series>
        <pl-tile-map class="c-4 m-6" .panel=${figures.states} .yesterday=${before?.states} .context=${context} .selected=${view.state}></pl-tile-map>
        <pl-bar-list class="c-4 m-6" .panel=${figures.categories} .yesterday=${before?.categories} .context=${context} .selected=${view.category}></pl-bar-list>
        <pl-products class="c-5 m-12" .panel=${figures.products} .yesterday=${before?.products} .context=${context} .names=${names} .trends=${model.trends.lines}></pl-products>
        <pl-payments
          class="c-3 m-6"
          .panel=${figures.payments}
          .yesterday=${before?.payments}
          .context=${context}
          .points=${figures.points}
          .granularity=${model.granularity}
        ></pl-payments>
        ${hasClicks ? html`<pl-funnel class="c-4 m-6" .panel=${figures.funnel} .yesterday=${before?.funnel} .context=${context}></pl-funnel>` : nothing}
        <pl-segments
          class=${hasClicks ? 'c-8 m-12' : 'c-12 m-6'}
          .panel=${figures.segments}
          .yesterday=${before?.segments}
          .context=${context}
        ></pl-segments>
      </div>`;
  }

  /** The same object as long as nothing in it changed: panels are then not drawn again. */
  #contextOf(old: boolean): PanelContext {
    const { model, view } = this.page;
    const next: PanelContext = {
      empty: model.empty,
      asOf: old && model.watermark !== undefined ? formatClock(model.watermark, locale.zone) : undefined,
      elapsed: Math.round(model.elapsed * 1_000) / 1_000,
      filteredBy: view.category !== undefined ? 'category' : view.state !== undefined ? 'state' : undefined,
      range: this.text(`last.${view.range}`),
    };
    const same = this.#context !== undefined && JSON.stringify(this.#context) === JSON.stringify(next);
    if (!same) this.#context = next;
    return this.#context as PanelContext;
  }

  #nameVersion = -1;
  #nameMap: ReadonlyMap<string, string> = new Map();

  /** Names of products as the stream tells them; answers to queries may carry ids alone. */
  #names(): ReadonlyMap<string, string> {
    const channel = this.page.store.channel('products');
    if (this.page.model.streamed || channel.version === this.#nameVersion) return this.#nameMap;
    this.#nameVersion = channel.version;
    const names = new Map(this.#nameMap);
    for (const [key, { name }] of readRows(channel.values)) if (typeof name === 'string') names.set(key, name);
    this.#nameMap = names;
    return names;
  }

  /** A second press on the same tile or bar ends its filter. */
  #pick({ state, category }: Partial<View>): void {
    const { view } = this.page;
    if (state !== undefined) this.page.setView({ state: state === view.state ? undefined : state });
    if (category !== undefined) this.page.setView({ category: category === view.category ? undefined : category });
  }

  /** Escape clears every filter, unless it closes something first. */
  #key(event: KeyboardEvent): void {
    const { view } = this.page;
    if (event.key !== 'Escape' || (view.state === undefined && view.category === undefined)) return;
    if (document.querySelector(':popover-open') !== null) return;
    this.page.setView({ state: undefined, category: undefined });
  }
}

function keysOf(rows: readonly Row[] | undefined): readonly string[] {
  return (rows ?? []).map((row) => row.key);
}

customElements.define('pl-live-page', PlLivePage);

declare global {
  interface HTMLElementTagNameMap {
    'pl-live-page': PlLivePage;
  }
}
