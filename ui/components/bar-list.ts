/**
 * The largest categories as bars, the rest in one line; a press filters the page by that category.
 * @fires pick {category}; retry, widen (see panel)
 */
import { html, nothing, type TemplateResult } from 'lit';
import { type Delta, relativeDelta } from '../data/compare.ts';
import { type Row, totalOf } from '../data/figures.ts';
import { currencySymbol, formatNumber, unitWord } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { categoryName } from '../data/names.ts';
import { deltaView } from './delta.ts';
import { PlPanel } from './panel.ts';

const SHOWN = 10;
/** From here the figures of the list count in thousands or millions, all of them alike. */
const THOUSANDS = 100_000;
const MILLIONS = 100_000_000;

type Measure = 'sales' | 'orders';

export class PlBarList extends PlPanel<readonly Row[]> {
  static override properties = { ...PlPanel.properties, selected: {}, _measure: { state: true } };
  declare selected: string | undefined;
  declare _measure: Measure;

  constructor() {
    super();
    this._measure = 'sales';
  }

  protected override render(): TemplateResult {
    const ready = this.panel.kind === 'ready' && !this.context.empty;
    const note =
      this._measure === 'sales' ? this.text('cat.note', { unit: this.#scale().unit }) : this.text('cat.noteOrders');
    return this.card(
      {
        id: 'h-categories',
        heading: this.text('cat.title'),
        skeleton: 'list',
        minHeight: 324,
        ...(ready ? { tools: this.#tools(), note } : {}),
      },
      (rows) => this.#list(rows),
    );
  }

  #amount(row: Row): number {
    return this._measure === 'sales' ? (row.money ?? 0) : row.orders;
  }

  #scale(): { divisor: number; unit: string } {
    const symbol = currencySymbol(locale.currency);
    const most = Math.max(0, ...(this.value ?? []).map((row) => this.#amount(row)));
    if (this._measure === 'orders' || most < THOUSANDS) return { divisor: 1, unit: symbol };
    if (most < MILLIONS) return { divisor: 1e3, unit: `${symbol} ${unitWord(locale.language, 'thousand')}` };
    return { divisor: 1e6, unit: `${symbol} ${unitWord(locale.language, 'million')}` };
  }

  #list(all: readonly Row[]): TemplateResult {
    const rows = [...all].sort((a, b) => this.#amount(b) - this.#amount(a) || (a.key < b.key ? -1 : 1));
    const top = rows.slice(0, SHOWN);
    const rest = rows.slice(SHOWN);
    const before = new Map((this.previous ?? []).map((row) => [row.key, row]));
    const most = this.#amount(top[0] ?? { key: '', orders: 1 });
    const shown = new Set(top.map((row) => row.key));
    const restBefore = totalOf(
      [...before.values()].filter((row) => !shown.has(row.key)),
      (row) => this.#amount(row),
    );
    const restNow = totalOf(rest, (row) => this.#amount(row));
    const figure = (value: number) => formatNumber(value / this.#scale().divisor);
    return html`<ul class="pl-bar-list" style="--bl: minmax(0, 1fr) 24% 58px 68px; --bls: minmax(0, 1fr) 16% 54px 66px">
      ${top.map((row) => this.#bar(row, most, figure, this.#delta(this.#amount(row), before.get(row.key))))}
      ${
        rest.length === 0
          ? nothing
          : html`<li>
            <span class="nm pl-soft">${this.text('cat.others', { n: rest.length })}</span><span></span><span class="vl pl-num">${figure(restNow)}</span
            ><span class="dl">${deltaView(relativeDelta(restNow, this.expected(restBefore)))}</span>
          </li>`
      }
    </ul>`;
  }

  #delta(now: number, before: Row | undefined): Delta | undefined {
    return before === undefined ? undefined : relativeDelta(now, this.expected(this.#amount(before)));
  }

  #bar(row: Row, most: number, figure: (value: number) => string, change: Delta | undefined): TemplateResult {
    const name = categoryName(row.key, locale.language);
    const pressed = this.selected === row.key;
    return html`<li>
      <button
        type="button"
        class="nm"
        title=${name}
        aria-pressed=${pressed}
        aria-label=${this.text('cat.filter', { name })}
        data-category=${row.key}
        @click=${() => this.emit('pick', { category: row.key })}
      >
        ${name}</button
      ><span class="tr"><i style="width: ${most === 0 ? 0 : Math.round((this.#amount(row) / most) * 1000) / 10}%"></i></span
      ><span class="vl pl-num">${figure(this.#amount(row))}</span><span class="dl">${deltaView(change)}</span>
    </li>`;
  }

  #tools(): TemplateResult {
    const names: Record<Measure, string> = { sales: this.text('cat.bySales'), orders: this.text('cat.byOrders') };
    return html`<div class="pl-segmented" role="group" data-size="s" aria-label=${this.text('cat.by')}>
      ${(['sales', 'orders'] as const).map(
        (measure) =>
          html`<button type="button" aria-pressed=${measure === this._measure} @click=${() => {
            this._measure = measure;
          }}>${names[measure]}</button>`,
      )}
    </div>`;
  }
}

customElements.define('pl-bar-list', PlBarList);

declare global {
  interface HTMLElementTagNameMap {
    'pl-bar-list': PlBarList;
  }
}
