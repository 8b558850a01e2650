/** Adds up counted events for one question: the brute-force answer to a KPI query. Money is BigInt cents throughout. */
import type { Order, Reading } from './rules.ts';

export type Sums = {
  total_orders: bigint;
  paid_orders: bigint;
  total_items: bigint;
  total_sales: bigint;
  revenue: bigint;
  payments_approved: bigint;
  payments_failed: bigint;
  refunds: bigint;
  refund_amount: bigint;
  events: bigint;
  customers: Set<string>;
};
export type Dimension =
  | 'minute'
  | 'state'
  | 'category'
  | 'payment_type'
  | 'payment_status'
  | 'segment'
  | 'product'
  | 'event_type';
export type Question = {
  groupBy: readonly Dimension[];
  granularityMs?: number;
  from?: number;
  to?: number;
  state?: readonly string[];
  category?: readonly string[];
};
/** Group key (JSON of the dimensions' values, in the order asked) -> sums. */
export type Table = Map<string, Sums>;

const ITEM_DIMENSIONS: readonly Dimension[] = ['category', 'product'];

export function tabulate(events: readonly Reading[], question: Question): Table {
  const table: Table = new Map();
  const byItem =
    question.category !== undefined || question.groupBy.some((dimension) => ITEM_DIMENSIONS.includes(dimension));
  for (const event of events) {
    if (event.time < (question.from ?? -Infinity) || event.time >= (question.to ?? Infinity)) continue;
    if (question.state && !(event.kind === 'order' && question.state.includes(event.state))) continue;
    for (const part of byItem ? itemParts(event, question) : [event]) addEvent(table, part, question);
  }
  return table;
}

/**
 * An order as one order for each of its distinct categories or products. A filter on several categories adds up what
 * each of them says: an order with items of two counts in both.
 */
function itemParts(event: Reading, { groupBy, category }: Question): Reading[] {
  if (event.kind !== 'order') return [];
  const parts = new Map<string, Order>();
  for (const item of event.items) {
    if (category && !category.includes(item.category)) continue;
    const place = groupBy.includes('product') ? item.product : item.category;
    const part = parts.get(place) ?? { ...event, items: [] };
    part.items.push(item);
    parts.set(place, part);
  }
  return [...parts.values()];
}

function addEvent(table: Table, event: Reading, question: Question): void {
  const values = question.groupBy.map((dimension) => dimensionOf(event, dimension, question.granularityMs ?? 60_000));
  if (values.includes(undefined)) return;
  const key = JSON.stringify(values);
  const sums = table.get(key) ?? emptySums();
  table.set(key, sums);
  sums.events++;
  if (event.kind === 'refund') {
    sums.refunds++;
    sums.refund_amount += event.amount;
  }
  if (event.kind === 'order') addOrder(sums, event);
}

/** Every order counts in orders, items and customers; one whose payment failed earns nothing. */
function addOrder(sums: Sums, order: Order): void {
  const failed = order.paymentStatus === 'failed';
  sums.total_orders++;
  sums.customers.add(order.customer);
  if (failed) sums.payments_failed++;
  if (order.paymentStatus === 'approved') sums.payments_approved++;
  if (!failed) {
    sums.paid_orders++;
    sums.revenue += order.value;
  }
  for (const item of order.items) {
    sums.total_items += BigInt(item.quantity);
    if (!failed) sums.total_sales += BigInt(item.quantity) * item.price;
  }
}

function dimensionOf(event: Reading, dimension: Dimension, granularityMs: number): string | number | undefined {
  if (dimension === 'minute') return Math.floor(event.time / granularityMs) * granularityMs;
  if (dimension === 'event_type') return event.kind === 'click' ? event.eventType : event.kind;
  if (event.kind !== 'order') return undefined;
  switch (dimension) {
    case 'state':
      return event.state;
    case 'segment':
      return event.segment;
    case 'payment_type':
      return event.paymentType;
    case 'payment_status':
      return event.paymentStatus;
    case 'category':
    case 'product':
      return event.items[0]?.[dimension];
  }
}

function emptySums(): Sums {
  return {
    total_orders: 0n,
    paid_orders: 0n,
    total_items: 0n,
    total_sales: 0n,
    revenue: 0n,
    payments_approved: 0n,
    payments_failed: 0n,
    refunds: 0n,
    refund_amount: 0n,
    events: 0n,
    customers: new Set(),
  };
}
