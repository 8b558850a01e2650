/** One document of the whole business over a range: which questions it is made of, and how their rows are laid out. Pure. */
import type { KpiQuery, KpiRows } from '../kpi/query.ts';

const ORDERS = 'total_orders,paid_orders,total_items,total_sales,avg_order_value';
/** As many as the page of a shop shows; the others are asked for by `/kpi/query`. */
const TOP_PRODUCTS = 50;

/** Each part is a query, in the order in which the document has them. */
const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  totals: {
    metrics: `events,${ORDERS},revenue,unique_customers,payments_approved,payments_failed,payment_success_rate,refunds,refund_amount`,
  },
  by_state: { group_by: 'state', metrics: `${ORDERS},revenue,unique_customers` },
  by_category: { group_by: 'category', metrics: ORDERS },
  by_segment: { group_by: 'segment', metrics: `${ORDERS},revenue,unique_customers` },
  by_payment: { group_by: 'payment_type,payment_status', metrics: 'total_orders,revenue' },
  by_product: { group_by: 'product', metrics: ORDERS, order_by: '-total_sales', limit: String(TOP_PRODUCTS) },
  by_event_type: { group_by: 'event_type', metrics: 'events' },
};

/** `/kpi/latest` says it like this. */
const SHORT: Readonly<Record<string, string>> = { total_orders: 'orders', total_items: 'items', total_sales: 'sales' };

/** The searches of all parts; `search` is what was asked for, such as the range. */
export function summarySearches(search: string): string[] {
  return Object.values(PARTS).map((part) => {
    const asked = new URLSearchParams({ limit: '100000', ...part });
    for (const [name, value] of new URLSearchParams(search)) asked.set(name, value);
    return asked.toString();
  });
}

type Tree = { readonly [key: string]: Tree | string | number | null };

/** Rows in the order of the searches. */
export function summaryDocument(queries: readonly KpiQuery[], answers: readonly KpiRows[]): Tree {
  const parts = Object.keys(PARTS).map((name, place) => {
    const query = queries[place] as KpiQuery;
    return [name, nest(query.groupBy.length, answers[place] as KpiRows)] as const;
  });
  return Object.fromEntries(parts);
}

/** Rows under the values of their first columns. */
function nest(groups: number, { columns, rows, truncated: _ }: KpiRows, depth = 0): Tree {
  if (depth === groups) {
    const row = rows[0] ?? [];
    const metrics = columns
      .slice(groups)
      .map(({ name }, at) => [SHORT[name] ?? name, row[groups + at] ?? null] as const);
    return Object.fromEntries(metrics);
  }
  const byValue = Map.groupBy(rows, (row) => String(row[depth]));
  const entries = [...byValue].map(([value, own]) => [
    value,
    nest(groups, { columns, rows: own, truncated: false }, depth + 1),
  ]);
  return Object.fromEntries(entries) as Tree;
}
