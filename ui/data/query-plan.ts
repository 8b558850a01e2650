/**
 * Which query answers which panel under which filter. The shop keeps a fixed set of breakdowns; a panel that none
 * of them can answer under a filter is told so instead of showing the figures of the whole shop.
 */
import type { PanelName } from './figures.ts';
import type { Query } from './http.ts';
import { RANGE_MS, type Range, type View } from './url-state.ts';

export type Granularity = '1m' | '5m' | '1h';

/** Width of a chart's bucket: some sixty of them a range, so that a column stays wide enough to be pressed. */
export const GRANULARITY: Readonly<Record<Range, Granularity>> = { '15m': '1m', '1h': '1m', '6h': '5m', '24h': '1h' };
export const GRANULARITY_MS: Readonly<Record<Granularity, number>> = { '1m': 60_000, '5m': 300_000, '1h': 3_600_000 };

const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

const SHOP = 'total_orders,paid_orders,revenue,unique_customers,payments_approved,payments_failed';
const BY_STATE = 'total_orders,paid_orders,revenue,unique_customers';
const BY_CATEGORY = 'total_orders,paid_orders,total_sales';
const TOP_PRODUCTS = 10;
const COMPARED_PRODUCTS = 1_000;

type Filter = Pick<View, 'state' | 'category'>;

/**
 * Parameters that answer a panel, or undefined when it is not counted under the filter. What is only compared with
 * needs every row that today's top may hold, not its own top.
 */
export function panelQuery(panel: PanelName, filter: Filter, compared = false): Query | undefined {
  const { state, category } = filter;
  const where = { state, category };
  const whole = state === undefined && category === undefined;
  switch (panel) {
    case 'totals':
      return { metrics: sumsOf(filter), group_by: groups({ state, category }), ...where };
    case 'points':
      return { metrics: sumsOf(filter), group_by: 'minute', ...where };
    case 'states':
      // The map keeps showing every state: the chosen one is read against the others.
      return {
        metrics: `total_orders,${category === undefined ? 'revenue' : 'total_sales'}`,
        group_by: 'state',
        category,
      };
    case 'categories':
      return { metrics: 'total_orders,total_items,total_sales', group_by: 'category', state };
    case 'products':
      if (!whole) return undefined;
      return {
        metrics: 'total_items,total_sales',
        group_by: 'product',
        order_by: '-total_sales',
        limit: compared ? COMPARED_PRODUCTS : TOP_PRODUCTS,
      };
    case 'payments':
      return whole ? { metrics: 'total_orders', group_by: 'payment_type,payment_status' } : undefined;
    case 'segments':
      return whole ? { metrics: BY_STATE, group_by: 'segment' } : undefined;
    case 'funnel':
      return whole ? { metrics: 'events', group_by: 'event_type' } : undefined;
  }
}

function sumsOf({ state, category }: Filter): string {
  if (category !== undefined) return BY_CATEGORY;
  return state === undefined ? SHOP : BY_STATE;
}

function groups(filter: Filter): string | undefined {
  const names = Object.entries(filter).filter(([, value]) => value !== undefined);
  return names.length === 0 ? undefined : names.map(([name]) => name).join(',');
}

/** A range of event time and the buckets it is shown in. */
export type Span = { readonly from: number; readonly to: number; readonly granularity: Granularity };

/** The range that ends with the watermark's bucket, inclusive; charts end with a whole bucket, sums with a minute. */
export function spanOf(range: Range, watermark: number, wholeBuckets: boolean): Span {
  const granularity = GRANULARITY[range];
  const step = wholeBuckets ? GRANULARITY_MS[granularity] : MINUTE_MS;
  const to = Math.floor(watermark / step) * step + step;
  return { from: to - RANGE_MS[range], to, granularity: wholeBuckets ? granularity : '1m' };
}

/** How much of the range has passed: its last minute is still being counted. */
export function elapsedShare(range: Range, watermark: number): number {
  const missing = MINUTE_MS - (watermark % MINUTE_MS);
  return 1 - missing / RANGE_MS[range];
}
