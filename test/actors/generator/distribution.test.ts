/** 200,000 generated orders against the public figures: every bound here fails when a table is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from '../../../actors/generator/generator.ts';
import {
  CATEGORIES,
  HOUR_SHARES,
  ITEMS_PER_ORDER,
  PAYMENT_TYPES,
  STATES,
  WEEKDAY_SHARES,
} from '../../../actors/generator/profile.ts';
import { countBy, type DeliveryEvent, type OrderEvent, parse, RecordSink } from './streams.ts';

const DAYS = 28;
const DAY_MS = 86_400_000;
const ORDERS = 200_000;
const ZONE_MS = -3 * 3_600_000;
/** Deciles of the price of an item over all categories, as published; no table of the generator holds them. */
const PRICE_DECILES = [23.8, 34.9, 47.49, 59, 74.99, 95, 119.9, 150, 229.8];

const { orders, deliveries } = generate();

function generate() {
  const stream = createGenerator({ seed: 11, ordersPerSecond: ORDERS / (DAYS * 86_400), clicksPerSecond: 0 });
  const orders: OrderEvent[] = [];
  const deliveries: DeliveryEvent[] = [];
  const sink = new RecordSink((record) => {
    const letter = String.fromCharCode(record[9] as number);
    if (letter === 'o') orders.push(parse(record) as OrderEvent);
    else if (letter === 'd' && deliveries.length < ORDERS) deliveries.push(parse(record) as DeliveryEvent);
  });
  stream.next(stream.options.startAt + DAYS * DAY_MS - 1, Number.POSITIVE_INFINITY, sink);
  return { orders, deliveries };
}

type Expected = readonly (readonly [string | number, number])[];

function chiSquare(counts: ReadonlyMap<string | number, number>, expected: Expected): number {
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  const weight = expected.reduce((sum, [, share]) => sum + share, 0);
  return expected.reduce((sum, [key, share]) => {
    const wanted = (share / weight) * total;
    return sum + ((counts.get(key) ?? 0) - wanted) ** 2 / wanted;
  }, 0);
}

/** Exceeded by chance once in 10,000 (Wilson and Hilferty's approximation). */
function bound(expected: Expected): number {
  const freedom = expected.length - 1;
  return freedom * (1 - 2 / (9 * freedom) + 3.719 * Math.sqrt(2 / (9 * freedom))) ** 3;
}

/** Fits the public shares, and would not fit if two neighbours in the table were exchanged. */
function assertFits(counts: ReadonlyMap<string | number, number>, expected: Expected): void {
  assert.ok(chiSquare(counts, expected) < bound(expected), `chi-square is ${chiSquare(counts, expected)}`);
  const strangers = [...counts.keys()].filter((key) => !expected.some(([known]) => known === key));
  assert.deepEqual(strangers, []);
  const [first, second, ...rest] = expected as [Expected[number], Expected[number], ...Expected];
  const exchanged: Expected = [[first[0], second[1]], [second[0], first[1]], ...rest];
  assert.ok(chiSquare(counts, exchanged) > bound(expected), 'the bound does not tell a wrong table');
}

const local = (order: OrderEvent) => new Date(order.timestamp + ZONE_MS);

test('orders are as many as asked for, within a percent', () => {
  assert.ok(Math.abs(orders.length - ORDERS) < ORDERS / 100, `${orders.length} orders`);
});

test('orders by state follow the public shares', () => {
  const expected: Expected = STATES.map(([state, count]) => [state, count]);
  assertFits(
    countBy(orders, (order) => order.customer_state),
    expected,
  );
});

test('products sold by category follow the public shares', () => {
  const lines = orders.flatMap((order) => order.items);
  assertFits(
    countBy(lines, (item) => item.category),
    CATEGORIES.map(({ name, items }) => [name, items]),
  );
});

test('payment types follow the public shares', () => {
  assertFits(
    countBy(orders, (order) => order.payment_type),
    PAYMENT_TYPES,
  );
});

test('pieces per order follow the public counts', () => {
  const pieces = countBy(orders, (order) => order.items.reduce((sum, item) => sum + item.quantity, 0));
  const expected: Expected = ITEMS_PER_ORDER.map((count, at) => [at + 1, count]);
  const common = expected.filter(([, count]) => count >= 20);
  for (const [number] of expected.filter(([, count]) => count < 20)) pieces.delete(number);
  assertFits(pieces, common);
});

test('orders by hour of the day follow the public curve in the shop’s own time', () => {
  const hours = countBy(orders, (order) => local(order).getUTCHours());
  assertFits(
    hours,
    HOUR_SHARES.map((share, hour) => [hour, share]),
  );
  const inUtc = countBy(orders, (order) => new Date(order.timestamp).getUTCHours());
  assert.ok(
    chiSquare(
      inUtc,
      HOUR_SHARES.map((share, hour) => [hour, share]),
    ) > 10_000,
  );
});

test('orders by weekday follow the public curve', () => {
  assertFits(
    countBy(orders, (order) => local(order).getUTCDay()),
    WEEKDAY_SHARES.map((share, day) => [day, share]),
  );
});

test('prices of the pieces sold show the public deciles, overall and in the large categories', () => {
  const pieces = orders.flatMap((order) => order.items.flatMap((item) => Array(item.quantity).fill(item)));
  assertDeciles(
    pieces.map((item) => item.price),
    PRICE_DECILES,
    0.015,
  );
  for (const { name, priceDeciles } of CATEGORIES.slice(0, 12)) {
    const prices = pieces.filter((item) => item.category === name).map((item) => item.price);
    assertDeciles(prices, priceDeciles, 0.05);
  }
});

/** A decile stands where its share of the prices is reached; prices cluster, so it may be passed by a price's own weight. */
function assertDeciles(prices: readonly number[], deciles: readonly number[], tolerance: number): void {
  for (const [at, decile] of deciles.entries()) {
    const share = (at + 1) / 10;
    // An ending moves a price by half a unit at most.
    const below = prices.filter((price) => price < decile - 0.5).length / prices.length;
    const upTo = prices.filter((price) => price <= decile + 0.5).length / prices.length;
    assert.ok(below < share + tolerance && upTo > share - tolerance, `decile ${at + 1}: ${below} to ${upTo}`);
  }
}

test('means of price, freight and order value are the public ones', () => {
  const pieces = orders.flatMap((order) => order.items.flatMap((item) => Array(item.quantity).fill(item.price)));
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const near = (actual: number, wanted: number, share: number) =>
    assert.ok(Math.abs(actual / wanted - 1) < share, `${actual} is not near ${wanted}`);
  near(pieces.length / orders.length, 1.14173, 0.01);
  near(mean(pieces), 120.65, 0.06);
  near(orders.reduce((sum, order) => sum + order.shipping_cost, 0) / pieces.length, 19.99, 0.03);
  near(mean(orders.map((order) => order.payment_value)), 160.58, 0.06);
});

test('customers come back as often as in 100,000 public orders', () => {
  const counts = countBy(orders.slice(0, 99_441), (order) => order.customer_id);
  const repeats = [...counts.values()].filter((count) => count > 1);
  assert.ok(Math.abs(repeats.length / counts.size - 0.03119) < 0.002, `${repeats.length / counts.size} of customers`);
  const share = repeats.reduce((a, b) => a + b, 0) / 99_441;
  assert.ok(Math.abs(share - 0.06378) < 0.004, `${share} of orders`);
});

test('a customer lives in one state and belongs to one segment', () => {
  const homes = new Map<string, string>();
  for (const { customer_id, customer_state, segment } of orders) {
    const home = homes.get(customer_id) ?? `${customer_state} ${segment}`;
    assert.equal(`${customer_state} ${segment}`, home);
    homes.set(customer_id, home);
  }
});

test('parcels come late as often as in their state, and take as long', () => {
  const arrived = deliveries.filter((delivery) => delivery.status === 'delivered');
  const late = (list: readonly DeliveryEvent[]) =>
    list.filter((delivery) => (delivery.actual_time as number) > delivery.expected_time).length / list.length;
  assert.ok(Math.abs(late(arrived) - 0.0811) < 0.006, `${late(arrived)} late`);
  for (const [state, , share] of STATES.slice(0, 8)) {
    const own = arrived.filter((delivery) => delivery.customer_state === state);
    assert.ok(Math.abs(late(own) - share) < 0.25 * share, `${state}: ${late(own)} late, public ${share}`);
  }
});
