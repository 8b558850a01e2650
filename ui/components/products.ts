/** The ten products that sold most, in a table. @fires retry, widen (see panel) */
import { html, nothing, type TemplateResult } from 'lit';
import { relativeDelta } from '../data/compare.ts';
import type { Row } from '../data/figures.ts';
import { currencySymbol, formatNumber } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { topProducts } from '../data/trends.ts';
import { deltaView } from './delta.ts';
import { glyph } from './icons.ts';
import { PlPanel } from './panel.ts';
import { miniSpark } from './spark.ts';

/** Money below this keeps its cents. */
const WITH_CENTS = 10_000;

export class PlProducts extends PlPanel<readonly Row[]> {
  static override properties = { ...PlPanel.properties, names: { attribute: false }, trends: { attribute: false } };
  /** Names known from the stream, for answers that carry ids alone. */
  declare names: ReadonlyMap<string, string>;
  /** Sales over the range by product, for the small lines. */
  declare trends: ReadonlyMap<string, readonly number[]>;

  constructor() {
    super();
    this.names = new Map();
    this.trends = new Map();
  }

  protected override render(): TemplateResult {
    const heading = this.text('prod.title');
    const note = this.context.range;
    return this.card({ id: 'h-products', heading, note, body: 'flush', skeleton: 'table', minHeight: 324 }, (rows) =>
      this.#table(rows),
    );
  }

  #table(rows: readonly Row[]): TemplateResult {
    const top = topProducts(rows);
    const before = new Map((this.previous ?? []).map((row) => [row.key, row]));
    const digits = (top[0]?.money ?? 0) < WITH_CENTS ? 2 : 0;
    return html`<div class="pl-scroll" tabindex="0" role="group" aria-label=${this.text('prod.title')}>
      <table class="pl-table">
        <thead>
          <tr>
            <th scope="col" class="n" style="width: 36px">#</th>
            <th scope="col">${this.text('prod.product')}</th>
            <th scope="col" class="n hide-s">${this.text('prod.units')}</th>
            <th scope="col" class="n" aria-sort="descending">${currencySymbol(locale.currency)}${glyph('down')}</th>
            <th scope="col" class="hide-s" style="width: 64px"><span class="pl-sr">${this.text('prod.trend')}</span></th>
            ${this.yesterday === undefined ? nothing : html`<th scope="col" class="n">${this.text('vs.yesterday')}</th>`}
          </tr>
        </thead>
        <tbody>
          ${top.map((row, index) => this.#row(row, index, digits, before.get(row.key)))}
        </tbody>
      </table>
    </div>`;
  }

  #row(row: Row, index: number, digits: 0 | 2, before: Row | undefined): TemplateResult {
    const name = row.name ?? this.names.get(row.key) ?? row.key;
    const delta = relativeDelta(row.money, this.expected(before?.money));
    return html`<tr>
      <td class="n sec">${index + 1}</td>
      <td class="grow" title=${name}>${name}</td>
      <td class="n hide-s">${formatNumber(row.items ?? 0)}</td>
      <td class="n">${formatNumber(row.money ?? 0, digits)}</td>
      <td class="hide-s">${miniSpark(this.trends.get(row.key) ?? [], 52, 18)}</td>
      ${this.yesterday === undefined ? nothing : html`<td class="n">${deltaView(delta)}</td>`}
    </tr>`;
  }
}

customElements.define('pl-products', PlProducts);

declare global {
  interface HTMLElementTagNameMap {
    'pl-products': PlProducts;
  }
}
