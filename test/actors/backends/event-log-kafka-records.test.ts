import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planSends } from '../../../actors/backends/event-log-kafka-records.ts';
import { append, numbered } from '../../contracts/event-log.ts';

const COUNTS = { orders: 2, clicks: 1 };

test('records go out in parts that kafkajs and the broker can take, and each append knows its place', () => {
  const many = numbered(0, 1200);
  const { sends, places } = planSends(
    [append('orders', 0, many.slice(0, 700)), append('clicks', 0, ['c']), append('orders', 0, many.slice(700))],
    COUNTS,
    5,
  );
  const parts = sends.get('orders/0') ?? [];
  assert.deepEqual(
    parts.map(({ messages }) => messages.length),
    [500, 500, 200],
  );
  assert.deepEqual(
    parts.flatMap(({ messages }) => messages.map(({ value }) => String(value))),
    many,
  );
  assert.deepEqual(places, [
    { key: 'orders/0', send: 0, index: 0 },
    { key: 'clicks/0', send: 0, index: 0 },
    { key: 'orders/0', send: 1, index: 200 },
  ]);
});

test('large records go out one by one, and never more than a topic of the usual size takes at once', () => {
  const { sends } = planSends(
    [append('orders', 1, [...numbered(0, 5, 300_000), 'x'.repeat(1_000_000), 'y'])],
    COUNTS,
    5,
  );
  assert.deepEqual(
    sends.get('orders/1')?.map(({ messages }) => messages.length),
    [2, 2, 1, 1, 1],
  );
});

test('messages carry the key of their event, their own time or the time of the append, and their partition', () => {
  const restock = '{"type":"restock","timestamp":1,"warehouse_id":"w","product_id":"p77","quantity":1}';
  const { sends } = planSends([append('orders', 1, [restock], 1000), append('orders', 1, ['broken'])], COUNTS, 5);
  assert.deepEqual(
    sends
      .get('orders/1')?.[0]
      ?.messages.map(({ key, timestamp, partition }) => ({ key: key && String(key), timestamp, partition })),
    [
      { key: 'p77', timestamp: '1000', partition: 1 },
      { key: null, timestamp: '5', partition: 1 },
    ],
  );
});

test('an append to a topic-partition that is not there is refused before anything is sent', () => {
  for (const [topic, partition] of [
    ['clicks', 1],
    ['orders', -1],
    ['sales', 0],
  ] as const) {
    assert.throws(() => planSends([append(topic, partition, ['a'])], COUNTS, 5), { code: 'bad-message' });
  }
});
