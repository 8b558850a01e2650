/**
 * Brazil as tiles, by orders, money or change; a press filters the page by that state, a second press ends it.
 * @fires pick {state} with the state's code; retry, widen (see panel)
 */
import { html, nothing, type TemplateResult } from 'lit';
import { STATE_TILES, type StateTile, stateName } from '../data/brazil.ts';
import { type Delta, relativeDelta } from '../data/compare.ts';
import { CHANGE_CUTS, colourCuts, colourStep } from '../data/cuts.ts';
import { type Row, totalOf } from '../data/figures.ts';
import { compactNumber, currencySymbol, formatChange, formatNumber, formatShare, NONE } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { deltaView } from './delta.ts';
import { PlPanel } from './panel.ts';

const MEASURES = ['orders', 'revenue', 'delta'] as const;
type Measure = (typeof MEASURES)[number];

/** A state must have this share of yesterday's orders for its change to be news. */
const NEWS_SHARE = 0.01;
/** .. and this many of them: below, every change is large. */
const NEWS_LEAST = 30;
/** States named under the map when they are not on it. */
const MOST_ELSEWHERE = 4;

export class PlTileMap extends PlPanel<readonly Row[]> {
  static override properties = { ...PlPanel.properties, selected: {}, _measure: { state: true } };
  declare selected: string | undefined;
  declare _measure: Measure;

  constructor() {
    super();
    this._measure = 'orders';
  }

  protected override render(): TemplateResult {
    const ready = this.panel.kind === 'ready' && !this.context.empty;
    return this.card(
      {
        id: 'h-map',
        heading: this.text('map.title'),
        body: 'fill',
        skeleton: skeleton(),
        minHeight: 372,
        ...(ready ? { tools: this.#tools() } : {}),
      },
      (rows) => this.#map(rows),
    );
  }

  #map(rows: readonly Row[]): TemplateResult {
    const now = new Map(rows.map((row) => [row.key, row]));
    const before = new Map((this.previous ?? []).map((row) => [row.key, row]));
    const most = Math.max(0, ...rows.map((row) => this.#amount(row)));
    const cuts = colourCuts(most);
    return html`<div class="pl-tile-map" role="group" aria-label=${this.text('map.label')} ?data-filtered=${this.selected !== undefined}>
        ${STATE_TILES.map((tile) => this.#tile(tile, now.get(tile.code), before.get(tile.code), cuts))}
        ${this.#change(rows, before)} ${this.#top(rows, before)}
      </div>
      ${this._measure === 'delta' ? changeScale() : valueScale(cuts)} ${this.#elsewhere(rows)}`;
  }

  #tile(tile: StateTile, row: Row | undefined, before: Row | undefined, cuts: readonly number[]): TemplateResult {
    const { code, name, column, row: line } = tile;
    const shown = this.#shown(row, before);
    const selected = this.selected === code;
    return html`<button
      type="button"
      class="pl-tile ${this.#step(row, before, cuts)}"
      style="grid-column: ${column}; grid-row: ${line}"
      aria-pressed=${selected}
      aria-label="${code} ${shown}, ${name}"
      title=${name}
      data-uf=${code}
      @click=${() => this.emit('pick', { state: code })}
    >
      <b>${code}</b> <span>${shown}</span>
    </button>`;
  }

  #amount(row: Row): number {
    return this._measure === 'revenue' ? (row.money ?? 0) : row.orders;
  }

  #deltaOf(row: Row | undefined, before: Row | undefined): Delta | undefined {
    return relativeDelta(row?.orders ?? 0, this.expected(before?.orders));
  }

  #shown(row: Row | undefined, before: Row | undefined): string {
    if (this._measure === 'delta') return this.#deltaOf(row, before)?.text ?? NONE;
    const { text, unit } = compactNumber(row === undefined ? 0 : this.#amount(row), locale.language, 100_000);
    return unit === '' ? text : `${text} ${unit}`;
  }

  #step(row: Row | undefined, before: Row | undefined, cuts: readonly number[]): string {
    if (this._measure !== 'delta') return `q${row === undefined ? 1 : colourStep(this.#amount(row), cuts)}`;
    const expected = this.expected(before?.orders);
    if (!expected) return 'd4';
    return `d${colourStep((row?.orders ?? 0) / expected - 1, CHANGE_CUTS)}`;
  }

  #top(rows: readonly Row[], before: ReadonlyMap<string, Row>): TemplateResult | typeof nothing {
    const total = totalOf(rows, (row) => row.orders);
    const top = rows.reduce<Row | undefined>((best, row) => (row.orders > (best?.orders ?? 0) ? row : best), undefined);
    if (top === undefined || total === 0) return nothing;
    return html`<div class="pl-map-note" style="grid-column: 1 / 3; grid-row: 6 / 9">
      <span>${this.text('map.top')}</span><b>${stateName(top.key)}</b>${deltaView(this.#deltaOf(top, before.get(top.key)))}<br />
      <span class="pl-num">${this.text('map.share', { share: formatShare(top.orders / total) })}</span>
    </div>`;
  }

  #change(rows: readonly Row[], before: ReadonlyMap<string, Row>): TemplateResult | typeof nothing {
    const enough = Math.max(NEWS_LEAST, totalOf([...before.values()], (row) => row.orders) * NEWS_SHARE);
    let found: { row: Row; expected: number; size: number } | undefined;
    for (const row of rows) {
      const expected = this.expected(before.get(row.key)?.orders);
      if (!expected || expected < enough) continue;
      const size = Math.abs(row.orders / expected - 1);
      if (size > (found?.size ?? 0)) found = { row, expected, size };
    }
    if (found === undefined) return nothing;
    const figures = { now: formatNumber(found.row.orders), before: formatNumber(found.expected) };
    return html`<div class="pl-map-note" style="grid-column: 5 / 7; grid-row: 6 / 9; padding-left: 8px">
      <span>${this.text('map.change')}</span><b>${stateName(found.row.key)}</b>${deltaView(relativeDelta(found.row.orders, found.expected))}<br />
      <span>${this.text('map.expected', figures)}</span>
    </div>`;
  }

  /** A state can be any text: what is no tile is still said. */
  #elsewhere(rows: readonly Row[]): TemplateResult | typeof nothing {
    const known = new Set(STATE_TILES.map((tile) => tile.code));
    const others = rows.filter((row) => !known.has(row.key)).sort((a, b) => b.orders - a.orders);
    if (others.length === 0) return nothing;
    const list = others.slice(0, MOST_ELSEWHERE).map((row) => `${row.key} ${formatNumber(row.orders)}`);
    const text = this.text('map.elsewhere', { list: list.join(', ') });
    return html`<p class="pl-card-note pl-elsewhere" title=${text}>${text}</p>`;
  }

  #tools(): TemplateResult {
    const names: Record<Measure, string> = {
      orders: this.text('map.orders'),
      revenue: currencySymbol(locale.currency),
      delta: this.text('map.delta'),
    };
    const offered = this.yesterday === undefined ? MEASURES.slice(0, 2) : MEASURES;
    return html`<div class="pl-segmented" role="group" data-size="s" aria-label=${this.text('map.measure')}>
      ${offered.map(
        (measure) =>
          html`<button type="button" aria-pressed=${measure === this._measure} @click=${() => {
            this._measure = measure;
          }}>${names[measure]}</button>`,
      )}
    </div>`;
  }
}

function valueScale(cuts: readonly number[]): TemplateResult {
  return html`<div class="pl-scale" aria-hidden="true">
    <ol>
      ${[1, ...cuts].map((cut, index) => {
        const { text, unit } = compactNumber(cut, locale.language, 10_000);
        return html`<li class="q${index + 1}"><i></i>${text.replace(/,0+$/, '')}${unit === '' ? nothing : ` ${unit}`}${index === cuts.length ? '+' : nothing}</li>`;
      })}
    </ol>
  </div>`;
}

function changeScale(): TemplateResult {
  return html`<div class="pl-scale" aria-hidden="true">
    <ol>
      ${[undefined, ...CHANGE_CUTS].map(
        (cut, index) =>
          html`<li class="d${index + 1}"><i></i>${cut === undefined ? '<' : formatChange(cut).replace(',0', '')}</li>`,
      )}
    </ol>
  </div>`;
}

function skeleton(): TemplateResult {
  return html`<div class="pl-tile-map skel" aria-hidden="true">
    ${STATE_TILES.map(({ column, row }) => html`<span class="pl-tile" style="grid-column: ${column}; grid-row: ${row}"></span>`)}
  </div>`;
}

customElements.define('pl-tile-map', PlTileMap);

declare global {
  interface HTMLElementTagNameMap {
    'pl-tile-map': PlTileMap;
  }
}
