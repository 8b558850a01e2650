/**
 * What the Live page shows: the figures of the view, and the same span yesterday. The last hour of the whole shop
 * comes by the stream; every other range and filter, and yesterday, by queries that are repeated.
 */
import type { Channel } from '../../protocol/frames-ws.ts';
import { FigureQuery } from './figure-query.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { Http } from './http.ts';
import { liveSelector } from './live-select.ts';
import { Marks } from './marks.ts';
import { DAY_MS, elapsedShare, GRANULARITY, GRANULARITY_MS, type Granularity } from './query-plan.ts';
import type { Store } from './store.ts';
import { Trends } from './trends.ts';
import { DEFAULT_VIEW, type Range, type View } from './url-state.ts';

/** A view that is not streamed is asked for again after this long, ms: the longer the range, the less it moves. */
const REFRESH_MS: Readonly<Record<Range, number>> = { '15m': 2_000, '1h': 2_000, '6h': 5_000, '24h': 10_000 };
/** Yesterday is asked for again when the minute has changed; late events aside it stands still. */
const MINUTE_MS = 60_000;
/** After a failure yesterday is tried again after this long, ms. */
const RETRY_MS = 5_000;
/** The channels whose movement redraws the page while the stream feeds it. */
const CHANNELS: readonly Channel[] = [
  'overview',
  'minutes',
  'states',
  'categories',
  'products',
  'payments',
  'segments',
  'clicks',
];

export type LiveModelOptions = { readonly store: Store; readonly http: Http; readonly now: () => number };

export class LiveModel {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #stream: () => Figures;
  readonly #query: FigureQuery;
  readonly #yesterday: FigureQuery;
  readonly marks: Marks;
  readonly trends: Trends;
  readonly #listeners = new Set<() => void>();
  #view: View = DEFAULT_VIEW;
  #askedAt = -Infinity;
  #yesterdayMinute = -1;
  #yesterdayAt = -Infinity;

  constructor({ store, http, now }: LiveModelOptions) {
    this.#store = store;
    this.#now = now;
    this.#stream = liveSelector(store);
    const changed = () => this.#tell();
    this.#query = new FigureQuery(http, now, changed);
    this.#yesterday = new FigureQuery(http, now, changed);
    this.marks = new Marks(store, http, changed);
    this.trends = new Trends(http, changed);
    // The first snapshot says how far event time is: from then on there is something to ask for.
    store.subscribe(['overview'], () => this.tick());
  }

  get view(): View {
    return this.#view;
  }

  /** True when the stream itself carries what is looked at. */
  get streamed(): boolean {
    const { range, state, category } = this.#view;
    return range === DEFAULT_VIEW.range && state === undefined && category === undefined;
  }

  /** Event time of what is shown. */
  get watermark(): number | undefined {
    const { watermark, ready } = this.#store.channel('overview');
    return ready && watermark > 0 ? watermark : undefined;
  }

  get figures(): Figures {
    return this.streamed ? this.#stream() : this.#query.figures;
  }

  /** The same span a day earlier, or undefined while not compared. */
  get before(): Figures | undefined {
    return this.#view.compare ? this.#yesterday.figures : undefined;
  }

  /** Share of the span that has passed: yesterday's sums are cut to it before they are compared. */
  get elapsed(): number {
    return this.watermark === undefined ? 1 : elapsedShare(this.#view.range, this.watermark);
  }

  get granularity(): Granularity {
    return GRANULARITY[this.#view.range];
  }

  /** Share of the last bucket that has passed. */
  get partial(): number {
    const step = GRANULARITY_MS[this.granularity];
    return this.watermark === undefined ? 1 : (this.watermark % step) / step;
  }

  /** True when the server answered and nothing was ever counted in the view. */
  get empty(): boolean {
    const { ready, values } = this.#store.channel('overview');
    if (!ready) return false;
    const totals = figuresOf(this.figures.totals);
    return !values.get('total/events') || totals?.orders === 0;
  }

  setView(view: View): void {
    const same = JSON.stringify({ ...view, compare: true }) === JSON.stringify({ ...this.#view, compare: true });
    this.#view = view;
    if (!same) {
      this.#query.reset();
      this.#yesterday.reset();
      this.trends.reset();
      this.#askedAt = -Infinity;
      this.#yesterdayMinute = -1;
      this.#yesterdayAt = -Infinity;
    }
    this.tick();
    this.#tell();
  }

  /** Asks again for whatever failed. */
  retry(): void {
    this.#askedAt = -Infinity;
    this.#yesterdayMinute = -1;
    this.#yesterdayAt = -Infinity;
    this.tick();
  }

  /** Called every second and when the first snapshot is here: asks for what is due. */
  tick(): void {
    const { watermark } = this;
    if (watermark === undefined || this.#store.paused !== undefined) return;
    const now = this.#now();
    if (!this.streamed && now - this.#askedAt >= REFRESH_MS[this.#view.range] && !this.#query.running) {
      this.#askedAt = now;
      void this.#query.load(this.#view, watermark, 0);
    }
    if (this.#view.compare) this.#compare(watermark, now);
    this.trends.tick(figuresOf(this.figures.products) ?? [], this.#view.range, watermark, now);
  }

  subscribe(notify: () => void): () => void {
    this.#listeners.add(notify);
    const end = this.#store.subscribe(CHANNELS, () => {
      if (this.streamed) notify();
    });
    return () => {
      end();
      this.#listeners.delete(notify);
    };
  }

  #compare(watermark: number, now: number): void {
    const minute = Math.floor(watermark / MINUTE_MS);
    const failed = Object.values(this.#yesterday.figures).some((panel) => panel.kind === 'failed');
    const due = minute !== this.#yesterdayMinute || failed;
    if (!due || this.#yesterday.running || now - this.#yesterdayAt < RETRY_MS) return;
    this.#yesterdayMinute = minute;
    this.#yesterdayAt = now;
    void this.#yesterday.load(this.#view, watermark, DAY_MS);
  }

  #tell(): void {
    for (const notify of this.#listeners) notify();
  }
}
