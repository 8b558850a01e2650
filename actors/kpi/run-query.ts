/** A query over windows: groups their cells, works out the metrics, then filters, orders and cuts the rows. */

import { type Group, Grouping } from './grouping.ts';
import { type ColumnType, CUSTOMERS, METRICS, type MetricName, metricOf, type Sums, sumPlace } from './metrics.ts';
import type { KpiQuery } from './query.ts';
import type { WindowState } from './window.ts';

type Value = string | number | null;
type Row = { readonly keys: readonly (string | number)[]; readonly metrics: readonly (number | null)[] };
type Wanted = { readonly name: MetricName; readonly of: (sums: Sums) => number | null };

export type KpiRows = {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly (readonly Value[])[];
  readonly truncated: boolean;
};

/** Rows worked out between two turns: a few milliseconds. */
const ROWS_A_TURN = 2_000;
/** Rows gathered beyond what is wanted before they are sorted and cut. */
const SPARE_ROWS = 20_000;

/** A query under way: windows are added as they are read, so that the whole range is never in memory. */
export class KpiRun {
  readonly #query: KpiQuery;
  readonly #grouping: Grouping;

  constructor(query: KpiQuery) {
    this.#query = query;
    this.#grouping = new Grouping(query);
  }

  /** Of windows outside the range nothing is counted, so they may be handed in. */
  add(window: WindowState): void {
    if (window.start >= this.#query.from && window.start < this.#query.to) this.#grouping.add(window);
  }

  /** Millions of groups take seconds: `turn` lets other work in meanwhile. */
  async rows(turn: () => Promise<void>): Promise<KpiRows> {
    const steps = this.#steps();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      await turn();
    }
  }

  rowsAtOnce(): KpiRows {
    const steps = this.#steps();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  *#steps(): Generator<undefined, KpiRows> {
    const query = this.#query;
    const wanted = wantedOf(query);
    const best = new BestRows(query.limit + 1, comparerOf(query, wanted));
    const accept = accepterOf(query, wanted);
    const first = timeOrder(query);
    const errors = errorsOf(query).map((name) => ({ name, place: placeOf(name, wanted) }));
    const erred = new Set<MetricName>();
    let left = ROWS_A_TURN;
    for (const bucket of this.#grouping.buckets(first === 'falling')) {
      for (const group of this.#grouping.groups(bucket)) {
        const row = rowOf(group, query, wanted);
        if (accept(row)) {
          best.add(row);
          for (const { name, place } of errors) if (row.metrics[place]) erred.add(name);
        }
        if (--left > 0) continue;
        left = ROWS_A_TURN;
        yield;
      }
      // Where rows are ordered by time first, later stretches of time come behind all that is here.
      if (first && best.full) break;
    }
    return answerOf([...query.metrics, ...erred], { query, wanted, best: best.take() });
  }
}

export function runKpiQuery(query: KpiQuery, windows: Iterable<WindowState>): KpiRows {
  const run = new KpiRun(query);
  for (const window of windows) run.add(window);
  return run.rowsAtOnce();
}

/** The first rows of an order, of many that come in any. */
class BestRows {
  readonly #most: number;
  readonly #compare: (a: Row, b: Row) => number;
  #rows: Row[] = [];

  constructor(most: number, compare: (a: Row, b: Row) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  get full(): boolean {
    return this.#rows.length >= this.#most;
  }

  add(row: Row): void {
    this.#rows.push(row);
    if (this.#rows.length >= this.#most + SPARE_ROWS) this.#rows = this.take();
  }

  take(): Row[] {
    return this.#rows.sort(this.#compare).slice(0, this.#most);
  }
}

type Found = { readonly query: KpiQuery; readonly wanted: readonly Wanted[]; readonly best: readonly Row[] };

function answerOf(shown: readonly MetricName[], { query, wanted, best }: Found): KpiRows {
  const rows = best.slice(0, query.limit);
  const places = shown.map((name) => placeOf(name, wanted));
  return {
    columns: [
      ...query.groupBy.map((name) => ({ name, type: name === 'minute' ? ('time' as const) : ('text' as const) })),
      ...shown.map((name) => ({ name, type: METRICS[name].type })),
    ],
    rows: rows.map(({ keys, metrics }) => [...keys, ...places.map((place) => metrics[place] ?? null)]),
    truncated: best.length > query.limit,
  };
}

function placeOf(metric: string, wanted: readonly Wanted[]): number {
  return wanted.findIndex(({ name }) => name === metric);
}

/** Whether time is what rows are ordered by before all else. */
function timeOrder({ orderBy, groupBy }: KpiQuery): 'rising' | 'falling' | undefined {
  const [order] = orderBy;
  if ((order?.column ?? groupBy[0]) !== 'minute') return undefined;
  return order?.descending ? 'falling' : 'rising';
}

/** What has to be worked out of each group, and how. */
function wantedOf(query: KpiQuery): Wanted[] {
  const names = new Set([...query.metrics, ...query.having.map(({ metric }) => metric), ...errorsOf(query)]);
  return [...names].map((name) => {
    const { type, value } = metricOf(name, query.cube);
    // Cents inside, decimals outside: rounded to the cent, then divided once.
    const inDecimals = (cents: number | null) => (cents === null ? null : Math.round(cents) / 100);
    return { name, of: type === 'money' ? (sums) => inDecimals(value(sums)) : value };
  });
}

function accepterOf({ having }: KpiQuery, wanted: readonly Wanted[]): (row: Row) => boolean {
  const conditions = having.map(({ metric, holds }) => ({
    holds,
    place: placeOf(metric, wanted),
  }));
  return ({ metrics }) => conditions.every(({ holds, place }) => holds(metrics[place] ?? null));
}

/** Errors that are shown beside a metric, asked for or not, where they are not zero. */
function errorsOf({ cube, metrics }: KpiQuery): MetricName[] {
  if (cube !== 'product') return [];
  const errors: MetricName[] = [];
  if (metrics.includes('total_items')) errors.push('total_items_error');
  if (metrics.includes('total_sales')) errors.push('total_sales_error');
  return errors.filter((metric) => !metrics.includes(metric));
}

function rowOf(group: Group, query: KpiQuery, wanted: readonly Wanted[]): Row {
  const sums = sumsOf(group, query);
  return { keys: group.keys, metrics: wanted.map(({ of }) => of(sums)) };
}

function sumsOf(group: Group, { cube }: KpiQuery): Sums {
  return (sum) => {
    if (sum === CUSTOMERS) return group.customers?.estimate() ?? 0;
    const found = group.values[sumPlace(cube, sum)] ?? 0;
    return sum === 'error_items' ? found + group.missedItems : found;
  };
}

/** By what was asked for, then by the group's values rising, so that the order is always the same. */
function comparerOf({ orderBy, groupBy }: KpiQuery, wanted: readonly Wanted[]): (a: Row, b: Row) => number {
  const keyAt = (place: number) => (row: Row) => row.keys[place] ?? null;
  const metricAt = (place: number) => (row: Row) => row.metrics[place] ?? null;
  const orders = [
    ...orderBy.map(({ column, descending }) => {
      const place = (groupBy as readonly string[]).indexOf(column);
      const read = place >= 0 ? keyAt(place) : metricAt(placeOf(column, wanted));
      return { read, sign: descending ? -1 : 1 };
    }),
    ...groupBy.map((_, place) => ({ read: keyAt(place), sign: 1 })),
  ];
  return (a, b) => {
    for (const { read, sign } of orders) {
      const order = compare(read(a), read(b), sign);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** What has no value comes last, rising or falling. */
function compare(a: Value, b: Value, sign: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -sign : sign;
}
