/** Decisions of the projector: the rows of a minute, when to work again, and whether it lags. Pure. */
import { measureAt } from '../kpi/cubes.ts';
import { unpackWindow, WindowState } from '../kpi/window.ts';
import type { Backlog, KpiMinuteRow } from '../ports/projection.ts';

const CENTS = 100;
const ORDERS = measureAt('state_category', 'orders');
const PAID = measureAt('state_category', 'paid_orders');
const ITEMS = measureAt('state_category', 'items');
const SALES = measureAt('state_category', 'sales');
/** After a step a projection rests so many times as long as it took, so that it leaves the store to the commits. */
const REST_FACTOR = 3;
/** But no longer than this: a step may have waited for a store that was away. */
const LONGEST_REST_MS = 5_000;
/** A lag that people should know of. */
const LAG_MS = 30_000;
const LAG_COMMITS = 20_000;

/** A minute by state and category, from its windows of all topic-partitions. */
export function foldMinute(start: number, packed: readonly Uint8Array[]): KpiMinuteRow[] {
  const merged = new WindowState(start);
  for (const bytes of packed) merged.merge(unpackWindow(start, bytes, { cubes: ['state_category'], sketches: [] }));
  const rows: KpiMinuteRow[] = [];
  merged.forEach('state_category', ([state = '', category = ''], values) => {
    const paid = values[PAID] as number;
    const sales = values[SALES] as number;
    rows.push({
      customer_state: state,
      product_category: category,
      total_orders: values[ORDERS] as number,
      paid_orders: paid,
      total_items: values[ITEMS] as number,
      total_sales: sales / CENTS,
      avg_order_value: paid === 0 ? null : Math.round(sales / paid) / CENTS,
    });
  });
  return rows;
}

/** When a projection steps again. One that lags goes on at once. */
export function pauseAfter({
  tookMs,
  more,
  restMs,
}: {
  readonly tookMs: number;
  readonly more: boolean;
  readonly restMs: number;
}): number {
  return more ? 0 : Math.max(restMs, Math.min(tookMs * REST_FACTOR, LONGEST_REST_MS));
}

export function lags({ commits, oldestMs }: Backlog): boolean {
  return oldestMs > LAG_MS || commits > LAG_COMMITS;
}
