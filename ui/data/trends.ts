/** How the top products sold over the range, bucket by bucket: asked for when the top changes, else once a minute. */
import type { Row } from './figures.ts';
import type { Http } from './http.ts';
import { GRANULARITY_MS, type Granularity } from './query-plan.ts';
import { RANGE_MS, type Range } from './url-state.ts';

/** Wide enough buckets that a product sells in most of them. */
const GRANULARITY: Readonly<Record<Range, Granularity>> = { '15m': '1m', '1h': '5m', '6h': '5m', '24h': '1h' };
const REFRESH_MS = 60_000;
/** A top that keeps changing is not followed step by step, ms. */
const PATIENCE_MS = 5_000;
const SHOWN = 10;

type Answer = { readonly rows: readonly (readonly [at: number, product: string, sales: number])[] };

/** The products that sold most, largest first; equals stand by their keys, so that rows do not swap places. */
export function topProducts(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (b.money ?? 0) - (a.money ?? 0) || (a.key < b.key ? -1 : 1)).slice(0, SHOWN);
}

export class Trends {
  readonly #http: Http;
  readonly #changed: () => void;
  #lines: ReadonlyMap<string, readonly number[]> = new Map();
  #keys = '';
  #askedAt = -Infinity;

  constructor(http: Http, changed: () => void) {
    this.#http = http;
    this.#changed = changed;
  }

  /** Sales by bucket of each product, the unfinished bucket left out. */
  get lines(): ReadonlyMap<string, readonly number[]> {
    return this.#lines;
  }

  /** Another view: what was asked for is of no use any more. */
  reset(): void {
    this.#lines = new Map();
    this.#keys = '';
    this.#askedAt = -Infinity;
  }

  tick(rows: readonly Row[], range: Range, watermark: number, now: number): void {
    const keys = topProducts(rows).map(({ key }) => key);
    const known = `${range} ${[...keys].sort().join()}`;
    const age = now - this.#askedAt;
    if (keys.length === 0 || age < PATIENCE_MS || (known === this.#keys && age < REFRESH_MS)) return;
    this.#keys = known;
    this.#askedAt = now;
    void this.#load(known, keys, range, watermark);
  }

  /** A trend is a courtesy: without an answer the table stands as it is. */
  async #load(known: string, keys: readonly string[], range: Range, watermark: number): Promise<void> {
    const granularity = GRANULARITY[range];
    const step = GRANULARITY_MS[granularity];
    const to = Math.floor(watermark / step) * step;
    const from = to - RANGE_MS[range];
    const query = { metrics: 'total_sales', group_by: 'minute,product', product: keys.join(), granularity, from, to };
    try {
      const { rows } = (await this.#http.get('/kpi/query', query)) as Answer;
      if (this.#keys !== known) return;
      const lines = new Map(keys.map((key) => [key, new Array<number>(Math.round((to - from) / step)).fill(0)]));
      for (const [at, key, sales] of rows) lines.get(key)?.splice((at - from) / step, 1, sales);
      this.#lines = lines;
      this.#changed();
    } catch {
      this.#keys = '';
    }
  }
}
