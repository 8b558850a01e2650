/**
 * Revenue and orders over the range: two lanes that share one cursor, yesterday dashed, the unfinished bucket
 * hatched, and the same figures as a table. Arrow keys move the cursor; its readout is text.
 * @fires retry, widen (see panel)
 */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Point } from '../data/figures.ts';
import { formatDuration, formatMinute, formatNumber } from '../data/format.ts';
import { type Lane, moneyLane, orderLane } from '../data/lanes.ts';
import { locale } from '../data/locale.ts';
import type { Mark } from '../data/marks.ts';
import { GRANULARITY_MS, type Granularity } from '../data/query-plan.ts';
import { isTextKey } from '../data/text.ts';
import { ChartCursor } from './chart-cursor.ts';
import { icon } from './icons.ts';
import { type LaneMark, laneView } from './lane.ts';
import { PlPanel } from './panel.ts';
import { loadPlotLibrary, Plot } from './plot.ts';
import { seriesTable } from './series-table.ts';

/** Marks that are shown at most, the newest ones. */
const MOST_MARKS = 8;

export class PlTimeSeries extends PlPanel<readonly Point[]> {
  static override properties = {
    ...PlPanel.properties,
    granularity: {},
    marks: { attribute: false },
    moneyIs: {},
    _table: { state: true },
    _failed: { state: true },
  };
  declare granularity: Granularity;
  declare marks: readonly Mark[];
  /** What the money lane shows: revenue, or sales under a category. */
  declare moneyIs: 'revenue' | 'sales';
  declare _table: boolean;
  declare _failed: boolean;
  #plots: Plot[] = [];
  #loading = false;
  #drawn: readonly Lane[] = [];
  readonly #cursor = new ChartCursor(this, (index) => this.#speak(index));
  readonly #redraw = () => {
    for (const plot of this.#plots) plot.redraw();
  };

  constructor() {
    super();
    this.granularity = '1m';
    this.marks = [];
    this.moneyIs = 'revenue';
    this._table = false;
    this._failed = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pl-theme', this.#redraw);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('pl-theme', this.#redraw);
    this.#drop();
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    const per = { per: this.text(`per.${this.granularity}`) };
    const heading = this.text(this.moneyIs === 'sales' ? 'chart.titleSales' : 'chart.title', per);
    const ready = this.panel.kind === 'ready' && !this.context.empty;
    return this.card(
      {
        id: 'h-series',
        heading,
        skeleton: 'chart',
        lead: true,
        minHeight: 376,
        ...(ready ? { tools: this.#tools() } : {}),
      },
      (points) => this.#body(points),
    );
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const hosts = [...this.querySelectorAll<HTMLElement>('.pl-canvas')];
    if (hosts.length === 0) this.#drop();
    else if (this.#plots.length === 0) void this.#start();
    else for (const [index, plot] of this.#plots.entries()) this.#feed(plot, index);
  }

  #body(points: readonly Point[]): TemplateResult {
    const input = { points, before: this.previous ?? [], language: locale.language, currency: locale.currency };
    const lanes = [moneyLane(input), orderLane(input)] as const;
    this.#drawn = lanes;
    if (this._table || this._failed) return this.#asTable(points);
    const cursor = this.#cursor.indexOf(points.length);
    const [money, orders] = lanes;
    const per = this.text(`per.${this.granularity}`);
    const times = points.map((point) => point.at);
    const marks = this.#marks(times);
    return html`<figure
      tabindex="0"
      aria-label=${this.#summary(points, money)}
      @keydown=${(event: KeyboardEvent) => this.#cursor.key(event, points.length)}
      @pointermove=${(event: PointerEvent) => this.#cursor.point(event, this.#area(), points.length)}
      @pointerleave=${() => this.#cursor.clear()}
      @blur=${() => this.#cursor.clear()}
    >
      ${laneView({ lane: money, name: this.text(`chart.${this.moneyIs}`, { unit: money.unit, per }), times, cursor, height: 196, timeAxis: false, marks })}
      ${laneView({ lane: orders, name: this.text('chart.orders', { per }), times, cursor, height: 124, timeAxis: true })}
      <span class="pl-sr" aria-live="polite">${this.#cursor.said}</span>
      ${
        marks.length === 0
          ? nothing
          : html`<ul class="pl-sr" aria-label=${this.text('chart.marks')}>
            ${marks.map(({ text }) => html`<li>${text}</li>`)}
          </ul>`
      }
    </figure>`;
  }

  /** Incidents within the range, where they fall among the buckets. */
  #marks(times: readonly number[]): LaneMark[] {
    const start = times[0] ?? 0;
    const whole = times.length * GRANULARITY_MS[this.granularity];
    return this.marks
      .map((mark) => ({
        share: (mark.at - start) / whole,
        text: this.#markText(mark),
      }))
      .filter(({ share }) => share >= 0 && share <= 1)
      .slice(-MOST_MARKS);
  }

  #markText({ actor, at, what, recoveryMs }: Mark): string {
    const key = `mark.${what}`;
    const done = this.text(isTextKey(key) ? key : 'mark.other');
    const back =
      recoveryMs === null ? this.text('mark.down') : this.text('mark.back', { ms: formatDuration(recoveryMs) });
    return `${actor} ${done}, ${formatMinute(at, locale.zone)}, ${back}`;
  }

  #asTable(points: readonly Point[]): TemplateResult {
    return html`${this._failed ? html`<p class="pl-card-note">${this.text('chart.noLibrary')}</p>` : nothing}
    ${seriesTable(points, this.previous ?? [], this.moneyIs)}`;
  }

  #tools(): TemplateResult {
    const label = this.text(this._table ? 'chart.asChart' : 'chart.asTable');
    return html`<div class="pl-readout hide-s">
        <span><i class="pl-key"></i>${this.text('chart.today')}</span>
        ${this.yesterday === undefined ? nothing : html`<span><i class="pl-key prev"></i>${this.text('chart.yesterday')}</span>`}
      </div>
      <button type="button" class="pl-button icon" data-kind="ghost" aria-label=${label} title=${label} aria-pressed=${this._table} @click=${() => {
        this._table = !this._table;
      }}>
        ${icon(this._table ? 'activity' : 'table-2')}
      </button>`;
  }

  #summary(points: readonly Point[], money: Lane): string {
    const complete = points.slice(0, -1).map((point) => point.revenue ?? 0);
    if (complete.length === 0) return '';
    const time = (point: Point | undefined) => formatMinute(point?.at ?? 0, locale.zone);
    return this.text('chart.summary', {
      name: this.text(this.moneyIs === 'sales' ? 'kpi.sales' : 'kpi.revenue'),
      per: this.text(`per.${this.granularity}`),
      from: time(points[0]),
      to: time(points.at(-1)),
      low: money.label(Math.min(...complete)),
      high: money.label(Math.max(...complete)),
      last: money.label(complete.at(-1) ?? 0),
    });
  }

  async #start(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const library = await loadPlotLibrary();
      const hosts = [...this.querySelectorAll<HTMLElement>('.pl-canvas')];
      if (!this.isConnected || this.#plots.length > 0) return;
      this.#plots = hosts.map((host, index) => new Plot(library, host, plotData(this.#drawn[index] as Lane)));
    } catch {
      // Without the library the figures are still there to be read.
      this._failed = true;
    } finally {
      this.#loading = false;
    }
  }

  #feed(plot: Plot, index: number): void {
    const lane = this.#drawn[index];
    if (lane !== undefined) plot.set(plotData(lane));
  }

  #drop(): void {
    for (const plot of this.#plots) plot.destroy();
    this.#plots = [];
  }

  #area(): DOMRect | undefined {
    return this.querySelector('.pl-plot-area')?.getBoundingClientRect();
  }

  #speak(index: number): string {
    const point = this.value?.[index];
    if (point === undefined) return '';
    const money = this.#drawn[0]?.label(point.revenue ?? 0) ?? '';
    return `${formatMinute(point.at, locale.zone)}: ${money}, ${formatNumber(point.orders)} ${this.text('cat.noteOrders')}`;
  }
}

function plotData({ kind, now, before, scale }: Lane) {
  return { kind, now, before, low: scale.low, high: scale.high };
}

customElements.define('pl-time-series', PlTimeSeries);

declare global {
  interface HTMLElementTagNameMap {
    'pl-time-series': PlTimeSeries;
  }
}
