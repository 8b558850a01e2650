import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionOf } from '../../protocol/hash.ts';
import { recordKey, route, routeCounts, TOPICS, targetTopics, topicOf } from '../../protocol/route.ts';
import { CLICK, DELIVERY, FLAT, INNER_ORDER, NESTED, ORDER, REFUND, RESTOCK, recordOf } from './samples.ts';

const PARTITIONS = 7;
const byKey = (key: string) => partitionOf(new TextEncoder().encode(key), PARTITIONS);
const routeOf = (content: unknown) => route(recordOf(content), PARTITIONS);
/** The same record written so that the fast path leaves it alone. */
const spaced = (sample: object) => JSON.stringify(sample, null, 1);

test('route sends each type to its topic, by its key', () => {
  for (const form of [(sample: object) => JSON.stringify(sample), spaced]) {
    assert.deepEqual(routeOf(form(ORDER)), { topic: 'orders', partition: byKey('o123') });
    assert.deepEqual(routeOf(form(REFUND)), { topic: 'orders', partition: byKey('o123') });
    assert.deepEqual(routeOf(form(DELIVERY)), { topic: 'deliveries', partition: byKey('o123') });
    assert.deepEqual(routeOf(form(RESTOCK)), { topic: 'orders', partition: byKey('p77') });
    assert.deepEqual(routeOf(form(CLICK)), { topic: 'clicks', partition: byKey('u9') });
  }
});

test('route knows the dialects of orders', () => {
  for (const sample of [FLAT, INNER_ORDER, NESTED])
    assert.deepEqual(routeOf(sample), { topic: 'orders', partition: byKey('o123') });
});

test('route takes an integer id by its decimal text, and a text by its UTF-8 bytes', () => {
  assert.equal(routeOf({ ...ORDER, order_id: 1234567 }).partition, byKey('1234567'));
  assert.equal(
    routeOf('{"type":"restock","timestamp":1,"warehouse_id":1,"product_id":1e3,"quantity":1}').partition,
    byKey('1000'),
  );
  for (const id of ['ação', '東京', '😀']) {
    assert.equal(routeOf({ ...ORDER, order_id: id }).partition, byKey(id));
    assert.equal(routeOf({ ...RESTOCK, product_id: id }).partition, byKey(id));
  }
});

test('route sends what has no key by its bytes', () => {
  const { user_id: _, ...anonymous } = CLICK;
  for (const sample of [anonymous, { ...CLICK, user_id: null }]) {
    const text = JSON.stringify(sample);
    assert.deepEqual(routeOf(text), { topic: 'clicks', partition: byKey(text) });
  }
});

test('route sends what cannot be read, and arrays, to orders by their bytes', () => {
  const bad = [
    '',
    'x',
    '5',
    '{}',
    JSON.stringify(DELIVERY).slice(0, -1),
    JSON.stringify({ ...DELIVERY, status: 'lost' }),
    JSON.stringify({ ...CLICK, type: 'basket' }),
    JSON.stringify([CLICK]),
  ];
  for (const text of bad) assert.deepEqual(routeOf(text), { topic: 'orders', partition: byKey(text) });
  const long = recordOf({ ...CLICK, brand: 'x'.repeat(1 << 20) });
  assert.deepEqual(route(long, PARTITIONS), { topic: 'orders', partition: partitionOf(long, PARTITIONS) });
});

test('topicOf names one of the topics for every type', () => {
  for (const type of ['order', 'refund', 'restock', 'delivery', 'click'] as const)
    assert.ok(TOPICS.includes(topicOf(type)));
});

test('route takes the number of partitions of the topic that it finds', () => {
  const counts = { orders: 3, deliveries: 5, clicks: 2 };
  const at = (key: string, count: number) => partitionOf(new TextEncoder().encode(key), count);
  assert.deepEqual(route(recordOf(ORDER), counts), { topic: 'orders', partition: at('o123', 3) });
  assert.deepEqual(route(recordOf(spaced(DELIVERY)), counts), { topic: 'deliveries', partition: at('o123', 5) });
  assert.deepEqual(route(recordOf(CLICK), counts), { topic: 'clicks', partition: at('u9', 2) });
});

test('what has no topic of its own, nor one with its name in it, goes to the first one, spread over its partitions', () => {
  assert.deepEqual(routeCounts(['sales', 'clicks'], { sales: 6, clicks: 2 }), { orders: 6, deliveries: 6, clicks: 2 });
  assert.deepEqual(targetTopics(['sales', 'clicks']), { orders: 'sales', deliveries: 'sales', clicks: 'clicks' });
  const named = { orders: 'shop.orders', deliveries: 'shop_deliveries', clicks: 'clicks-v2' };
  assert.deepEqual(targetTopics(['preorders', ...Object.values(named)]), named);
  assert.deepEqual(targetTopics(['old-orders', 'orders']).orders, 'orders');
});

test('recordKey is the key that decides the partition, by both ways of reading', () => {
  const keyOf = (content: unknown) => {
    const key = recordKey(recordOf(content));
    return key === undefined ? undefined : new TextDecoder().decode(key);
  };
  for (const form of [(sample: object) => JSON.stringify(sample), spaced]) {
    assert.equal(keyOf(form(ORDER)), 'o123');
    assert.equal(keyOf(form(RESTOCK)), 'p77');
    assert.equal(keyOf(form(CLICK)), 'u9');
  }
  assert.equal(keyOf('{"broken'), undefined);
});
