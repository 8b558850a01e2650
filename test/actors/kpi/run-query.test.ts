import assert from 'node:assert/strict';
import test from 'node:test';
import { parseKpiQuery, runKpiQuery } from '../../../actors/kpi/query.ts';
import { unpackWindow, type WindowState, windowStart } from '../../../actors/kpi/window.ts';
import { PartitionAggregate } from '../../../actors/window-aggregator/core.ts';
import { batchOf, emptyState, type OrderEvent, record } from '../window-aggregator/batches.ts';
import { pick, randomFrom } from '../window-aggregator/fixture.ts';

const MINUTE = 60_000;
const START = 1_763_600_400_000;
const MINUTES = 20;

function randomOrders(seed: number, count: number): OrderEvent[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, number) => ({
    kind: 'order' as const,
    time: START + Math.floor(random() * MINUTES * MINUTE),
    id: `o${number}`,
    customer: `c${Math.floor(random() * 150)}`,
    state: pick(random, ['SP', 'RJ', 'MG', 'a,"b"']),
    segment: pick(random, ['retail', 'vip']),
    paymentType: pick(random, ['pix', 'boleto']),
    paymentStatus: pick(random, ['approved', 'approved', 'failed', 'pending']),
    amount: Math.floor(random() * 1e5),
    items: Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
      product: `p${Math.floor(random() * 9)}`,
      category: pick(random, ['toys', 'garden', 'books']),
      quantity: 1 + Math.floor(random() * 3),
      price: Math.floor(random() * 1e4),
    })),
  }));
}

/** Packed windows of the orders, cut over two topic-partitions. */
function packedOf(orders: readonly OrderEvent[]): { start: number; packed: Uint8Array }[] {
  return [0, 1].flatMap((partition) => {
    const mine = orders.filter((_, index) => index % 2 === partition).map((order) => record(order));
    const aggregate = new PartitionAggregate(emptyState(), { latenessMs: 1e12, dedup: 0 });
    aggregate.apply(batchOf(mine, 0));
    return [...aggregate.prepareCommit().windows];
  });
}

const orders = randomOrders(9, 900);
const packed = packedOf(orders);

function ask(search: string, of: readonly { start: number; packed: Uint8Array }[] = packed) {
  const query = parseKpiQuery(new URLSearchParams(search), { watermark: START + MINUTES * MINUTE - 1 });
  const windows = of.map(({ start, packed: bytes }): WindowState => unpackWindow(start, bytes, query.read));
  return runKpiQuery(query, windows);
}

type Totals = { orders: Set<OrderEvent>; items: number; sales: number };

/** Groups by brute force, item by item. */
function totalsBy(keyOf: (order: OrderEvent, item: OrderEvent['items'][number]) => string | undefined) {
  const groups = new Map<string, Totals>();
  for (const order of orders)
    for (const item of order.items) {
      const key = keyOf(order, item);
      if (key === undefined) continue;
      const group = groups.get(key) ?? { orders: new Set(), items: 0, sales: 0 };
      groups.set(key, group);
      group.orders.add(order);
      group.items += item.quantity;
      if (order.paymentStatus !== 'failed') group.sales += item.quantity * item.price;
    }
  return groups;
}

function standardRow({ orders: of, items, sales }: Totals) {
  const paid = [...of].filter(({ paymentStatus }) => paymentStatus !== 'failed').length;
  return [of.size, items, sales / 100, paid === 0 ? null : Math.round(sales / paid) / 100];
}

function sortedRows(groups: Map<string, Totals>): unknown[][] {
  return [...groups]
    .map(([key, totals]) => [...(JSON.parse(key) as (string | number)[]), ...standardRow(totals)])
    .sort((a, b) => compareRows(a, b));
}

function compareRows(a: readonly unknown[], b: readonly unknown[]): number {
  for (let place = 0; place < a.length; place++) {
    const [x, y] = [a[place] as string, b[place] as string];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

test('query by minute, state and category gives what adding up the orders gives', () => {
  const groups = totalsBy(({ time, state }, { category }) => JSON.stringify([windowStart(time), state, category]));
  const { columns, rows, truncated } = ask('group_by=minute,state,category&limit=5000');
  assert.deepEqual(rows, sortedRows(groups));
  assert.equal(truncated, false);
  assert.deepEqual(
    columns.map(({ type }) => type),
    ['time', 'text', 'text', 'integer', 'integer', 'money', 'money'],
  );
});

test('query with dimensions the other way round and filters gives what adding up gives', () => {
  const groups = totalsBy(({ time, state }, { category }) =>
    ['SP', 'RJ'].includes(state) && category !== 'books'
      ? JSON.stringify([category, time - (time % (5 * MINUTE)), state])
      : undefined,
  );
  const { rows } = ask('group_by=category,minute,state&granularity=5m&state=SP,RJ&category=toys,garden');
  assert.deepEqual(rows, sortedRows(groups));
});

test('query with a bare category gives its minutes by state', () => {
  const groups = totalsBy(({ time, state }, { category }) =>
    category === 'toys' ? JSON.stringify([windowStart(time), state, category]) : undefined,
  );
  assert.deepEqual(ask('category=toys').rows, sortedRows(groups));
});

test('query over a range takes only its windows', () => {
  const [from, to] = [START + 3 * MINUTE, START + 5 * MINUTE];
  const groups = totalsBy(({ time, state }) => (time >= from && time < to ? JSON.stringify([state]) : undefined));
  const { rows } = ask(`metrics=total_orders,total_items&group_by=state&from=${from}&to=${to}`);
  assert.deepEqual(
    rows,
    sortedRows(groups).map((row) => row.slice(0, 3)),
  );
});

test('query for everything in one row gives the totals', () => {
  const paid = orders.filter(({ paymentStatus }) => paymentStatus !== 'failed');
  const approved = orders.filter(({ paymentStatus }) => paymentStatus === 'approved').length;
  const failed = orders.length - paid.length;
  const revenue = paid.reduce((sum, { amount }) => sum + amount, 0);
  const names = 'total_orders,paid_orders,revenue,avg_order_value,payments_approved,payments_failed';
  assert.deepEqual(ask(`metrics=${names},payment_success_rate,unique_customers,refunds,events`).rows, [
    [
      ...[orders.length, paid.length, revenue / 100, Math.round(revenue / paid.length) / 100, approved, failed],
      ...[approved / (approved + failed), new Set(orders.map(({ customer }) => customer)).size, 0, orders.length],
    ],
  ]);
});

test('query for customers counts each once, however many states and minutes it buys from', () => {
  const of = (wanted: (order: OrderEvent) => boolean) =>
    new Set(orders.filter(wanted).map(({ customer }) => customer)).size;
  assert.deepEqual(ask('metrics=unique_customers&state=SP,RJ').rows, [
    [of(({ state }) => state === 'SP' || state === 'RJ')],
  ]);
  assert.deepEqual(ask('metrics=unique_customers&group_by=segment').rows, [
    ['retail', of(({ segment }) => segment === 'retail')],
    ['vip', of(({ segment }) => segment === 'vip')],
  ]);
});

test('query by payment tells what was earned from what failed', () => {
  const of = (status: string) => orders.filter(({ paymentStatus }) => paymentStatus === status);
  const amount = (list: readonly OrderEvent[]) => list.reduce((sum, order) => sum + order.amount, 0) / 100;
  const { rows } = ask(
    'metrics=total_orders,revenue,payment_value,payments_failed,avg_order_value&group_by=payment_status',
  );
  assert.deepEqual(rows[1], ['failed', of('failed').length, 0, amount(of('failed')), of('failed').length, null]);
  assert.deepEqual(rows[0]?.slice(0, 4), [
    'approved',
    of('approved').length,
    amount(of('approved')),
    amount(of('approved')),
  ]);
});

test('query orders by what it is told, then by the group, and cuts', () => {
  const all = ask('metrics=total_sales&group_by=product').rows;
  const byBest = [...all].sort((a, b) => (b[1] as number) - (a[1] as number));
  const { rows, truncated } = ask('metrics=total_sales&group_by=product&order_by=-total_sales&limit=3');
  assert.deepEqual(rows, byBest.slice(0, 3));
  assert.equal(truncated, true);
  assert.deepEqual(ask('metrics=total_sales&group_by=product&order_by=-product').rows, all.toReversed());
});

test('query keeps the rows that fulfil every condition, also on metrics it does not show', () => {
  const all = ask('metrics=total_orders,total_items&group_by=minute,state').rows;
  const kept = ask('metrics=total_orders&group_by=minute,state&having=total_items>=30 and total_orders!=12').rows;
  assert.deepEqual(
    kept,
    all.filter(([, , count, items]) => (items as number) >= 30 && count !== 12).map((row) => row.slice(0, 3)),
  );
  assert.ok(kept.length > 0 && kept.length < all.length);
});

test('query for a state that never ordered gives zeros, and nulls where nothing divides', () => {
  assert.deepEqual(ask('state=XX&metrics=total_orders,avg_order_value,unique_customers').rows, [[0, null, 0]]);
  assert.deepEqual(ask('state=XX').rows, []);
});

test('query for products shows an error only where there is one', () => {
  const names = (search: string, of = packed) => ask(search, of).columns.map(({ name }) => name);
  assert.deepEqual(names('metrics=total_items&group_by=product'), ['product', 'total_items']);
  const many = Array.from({ length: 2_500 }, (_, number): OrderEvent => {
    const item = { product: `p${number}`, category: 'toys', quantity: 1, price: 100 };
    return { ...(orders[0] as OrderEvent), id: `m${number}`, time: START, items: [item] };
  });
  const above = packedOf([...many, ...many].sort((a, b) => (a.id < b.id ? -1 : 1)));
  assert.deepEqual(names('metrics=total_items,total_sales&group_by=product', above), [
    ...['product', 'total_items', 'total_sales', 'total_items_error', 'total_sales_error'],
  ]);
  const { rows } = ask('metrics=total_items&group_by=product&limit=9999', above);
  for (const [, items, error] of rows) assert.ok(Math.abs((items as number) - 2) <= (error as number));
});
