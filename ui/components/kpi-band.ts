/** The key figures side by side. */
import { html, type TemplateResult } from 'lit';
import { type Figures, figuresOf, LOADING } from '../data/figures.ts';
import { locale } from '../data/locale.ts';
import type { TextKey } from '../data/text.ts';
import { type TileFigures, type TileName, tileFigures } from '../data/tiles.ts';
import { PlElement } from './element.ts';
import './kpi-tile.ts';
import type { Tile } from './kpi-tile.ts';
import { NO_CONTEXT, type PanelContext } from './panel.ts';

const LABELS: Readonly<Record<TileName, TextKey>> = {
  revenue: 'kpi.revenue',
  orders: 'kpi.orders',
  average: 'kpi.average',
  customers: 'kpi.customers',
  success: 'kpi.success',
};

export class PlKpiBand extends PlElement {
  static override properties = {
    totals: { attribute: false },
    points: { attribute: false },
    totalsBefore: { attribute: false },
    pointsBefore: { attribute: false },
    context: { attribute: false },
  };
  declare totals: Figures['totals'];
  declare points: Figures['points'];
  declare totalsBefore: Figures['totals'] | undefined;
  declare pointsBefore: Figures['points'] | undefined;
  declare context: PanelContext;

  constructor() {
    super();
    this.totals = LOADING;
    this.points = LOADING;
    this.context = NO_CONTEXT;
  }

  protected override render(): TemplateResult {
    const { context } = this;
    const known = !context.empty;
    const tiles = tileFigures({
      totals: known ? figuresOf(this.totals) : undefined,
      before: known && this.totalsBefore !== undefined ? figuresOf(this.totalsBefore) : undefined,
      points: (known && figuresOf(this.points)) || [],
      pointsBefore: (known && this.pointsBefore !== undefined && figuresOf(this.pointsBefore)) || [],
      elapsed: context.elapsed,
      language: locale.language,
      currency: locale.currency,
    });
    return html`<section class="pl-kpi-band" style="--n: ${tiles.length}" aria-label=${this.text('kpi.band', { range: context.range })}>
      ${tiles.map(
        (tile) =>
          html`<pl-kpi-tile class="pl-kpi-tile" data-tile=${tile.name} .tile=${this.#tile(tile)} .loading=${this.totals.kind === 'loading'}></pl-kpi-tile>`,
      )}
    </section>`;
  }

  #tile(figures: TileFigures): Tile {
    const { filteredBy, empty } = this.context;
    // Under a category the shop keeps what the items sold for, not what was paid for the orders.
    const label: TextKey = figures.name === 'revenue' && filteredBy === 'category' ? 'kpi.sales' : LABELS[figures.name];
    const missing = figures.value === undefined && filteredBy !== undefined && !empty;
    return { ...figures, key: figures.name, label: this.text(label), note: this.#note(missing) };
  }

  #note(missing: boolean): string | undefined {
    if (this.totals.kind === 'failed') return this.totals.why;
    return missing ? this.text('kpi.notHere') : undefined;
  }
}

customElements.define('pl-kpi-band', PlKpiBand);

declare global {
  interface HTMLElementTagNameMap {
    'pl-kpi-band': PlKpiBand;
  }
}
