/** A query over windows: groups their cells, works out the metrics, then filters, orders and cuts the rows. */

import { type Group, Grouping } from './grouping.ts';
import { type ColumnType, CUSTOMERS, METRICS, type MetricName, metricOf, type Sums, sumPlace } from './metrics.ts';
import type { KpiQuery } from './query.ts';
import type { WindowState } from './window.ts';

type Value = string | number | null;
type Row = { readonly keys: readonly (string | number)[]; readonly metrics: ReadonlyMap<MetricName, number | null> };

export type KpiRows = {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly rows: readonly (readonly Value[])[];
  readonly truncated: boolean;
};

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

  rows(): KpiRows {
    const query = this.#query;
    const wanted = new Set([...query.metrics, ...query.having.map(({ metric }) => metric), ...errorsOf(query)]);
    const rows = this.#grouping
      .groups()
      .map((group) => rowOf(group, query, wanted))
      .filter(({ metrics }) => query.having.every(({ metric, holds }) => holds(metrics.get(metric) ?? null)))
      .sort(comparerOf(query));
    const shown = [
      ...query.metrics,
      ...errorsOf(query).filter((metric) => rows.some((row) => row.metrics.get(metric))),
    ];
    return {
      columns: [
        ...query.groupBy.map((name) => ({ name, type: name === 'minute' ? ('time' as const) : ('text' as const) })),
        ...shown.map((name) => ({ name, type: METRICS[name].type })),
      ],
      rows: rows
        .slice(0, query.limit)
        .map(({ keys, metrics }) => [...keys, ...shown.map((metric) => metrics.get(metric) ?? null)]),
      truncated: rows.length > query.limit,
    };
  }
}

export function runKpiQuery(query: KpiQuery, windows: Iterable<WindowState>): KpiRows {
  const run = new KpiRun(query);
  for (const window of windows) run.add(window);
  return run.rows();
}

/** Errors that are shown beside a metric, asked for or not, where they are not zero. */
function errorsOf({ cube, metrics }: KpiQuery): MetricName[] {
  if (cube !== 'product') return [];
  const errors: MetricName[] = [];
  if (metrics.includes('total_items')) errors.push('total_items_error');
  if (metrics.includes('total_sales')) errors.push('total_sales_error');
  return errors.filter((metric) => !metrics.includes(metric));
}

function rowOf(group: Group, query: KpiQuery, wanted: Iterable<MetricName>): Row {
  const sums = sumsOf(group, query);
  const metrics = new Map<MetricName, number | null>();
  for (const name of wanted) {
    const { type, value } = metricOf(name, query.cube);
    const found = value(sums);
    // Cents inside, decimals outside: rounded to the cent, then divided once.
    metrics.set(name, found !== null && type === 'money' ? Math.round(found) / 100 : found);
  }
  return { keys: group.keys, metrics };
}

function sumsOf(group: Group, { cube }: KpiQuery): Sums {
  return (sum) => {
    if (sum === CUSTOMERS) return group.customers?.estimate() ?? 0;
    const found = group.values[sumPlace(cube, sum)] ?? 0;
    return sum === 'error_items' ? found + group.missedItems : found;
  };
}

/** By what was asked for, then by the group's values rising, so that the order is always the same. */
function comparerOf({ orderBy, groupBy }: KpiQuery): (a: Row, b: Row) => number {
  const keyAt = (place: number) => (row: Row) => row.keys[place] ?? null;
  const orders = [
    ...orderBy.map(({ column, descending }) => {
      const place = (groupBy as readonly string[]).indexOf(column);
      const read = place >= 0 ? keyAt(place) : (row: Row) => row.metrics.get(column as MetricName) ?? null;
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
