/** Records that killed their actor: parked by whoever died of them, as one dead letter each, with the same outcome. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { unpackWindow } from '../../../actors/kpi/window.ts';
import { ConsumerCore } from '../../../actors/partition-consumer/core.ts';
import { PartitionAggregate } from '../../../actors/window-aggregator/core.ts';
import { FrameWriter } from '../../../protocol/frames.ts';
import type { BatchMessage } from '../../../protocol/message.ts';
import { PoisonedRecords, parkRecords, type Suspect, slotOf, type WorkMeter } from '../../../protocol/poison.ts';
import { PoisonedOrders } from '../../../protocol/poison-fault.ts';
import { emptyState } from './batches.ts';
import { cellsOf } from './fixture.ts';

const NOW = Date.UTC(2026, 0, 1);
const TOPICS = ['orders', 'clicks'];
const BASE = 10;

const order = (id: string, value = 10) => ({
  type: 'order',
  order_id: id,
  timestamp: NOW,
  customer_state: 'SP',
  items: [{ product_id: 'p1', category: 'toys', quantity: 2, price: value }],
  payment_value: value,
});
const nested = (id: string) => ({
  order: { order_id: id, user_id: 'u', order_time: NOW, total_amount: 5, quantity: 1, payment_type: 'pix' },
  order_items: [{ order_item_id: 'i', order_id: id, product_id: 'p', quantity: 1, price: 5 }],
  delivery: { delivery_id: 'd', order_id: id, status: 'shipped' },
});

/** What the poisoned one holds is what differs between the cases. */
const AROUND = [order('o1'), 'not json', [order('o2', 7), { type: 'order' }], order('o3'), nested('o4')];
const CASES: readonly [string, unknown][] = [
  ['an order', order('bad')],
  ['an order with its delivery', nested('bad')],
  ['an array of readable and unreadable events', [order('bad'), { type: 'order' }, order('worse')]],
  ['a record that nobody could read anyway', '{"half'],
];

function framesOf(records: readonly unknown[]): Uint8Array {
  const frames = new FrameWriter();
  for (const record of records)
    frames.add(new TextEncoder().encode(typeof record === 'string' ? record : JSON.stringify(record)), NOW);
  return frames.take();
}

function decode(records: readonly unknown[], more: { poisoned?: PoisonedRecords; meter?: WorkMeter } = {}) {
  const core = new ConsumerCore({ futureMs: 300_000, compress: (bytes) => zstdCompressSync(bytes), ...more });
  core.begin({ type: 'positions', session: 1, positions: [], credits: 9 });
  const next = BASE + records.length;
  const chunk = { topic: 'orders', partition: 0, base: BASE, next, count: records.length, frames: framesOf(records) };
  return core.decode(chunk);
}

function suspect(offset: number, partition = 0): Suspect {
  const slot = slotOf({ topic: 'orders', partition }, TOPICS);
  return { work: { offset, slot }, deaths: 2, error: 'RangeError: too odd' };
}

/** Everything that a batch comes to. */
function outcome(batch: BatchMessage) {
  const aggregate = new PartitionAggregate(emptyState({ nextOffset: BASE }), { latenessMs: 3_600_000, dedup: 0 });
  aggregate.apply(batch);
  const { windows, raw, ...commit } = aggregate.prepareCommit();
  const cells = windows.map(({ start, packed }) => [start, cellsOf(unpackWindow(start, packed))]);
  return { ...commit, cells, raw: raw.map(({ orderHashes, frames, ...chunk }) => ({ ...chunk, orderHashes })) };
}

for (const [what, bad] of CASES) {
  test(`poison: ${what} comes to one dead letter, whoever parks it, and all else counts`, () => {
    const records = [...AROUND.slice(0, 3), bad, ...AROUND.slice(3)];
    const poisoned = new PoisonedRecords([suspect(BASE + 3)], TOPICS);
    const here = { topic: 'orders', partition: 0 };
    const byConsumer = outcome(decode(records, { poisoned }));
    const byAggregator = outcome(parkRecords(decode(records), poisoned.of(here), (zstd) => zstdDecompressSync(zstd)));
    assert.deepEqual(byAggregator, byConsumer);
    const letter = byConsumer.deadLetters.find(({ offset }) => offset === BASE + 3);
    const text = typeof bad === 'string' ? bad : JSON.stringify(bad);
    assert.deepEqual(letter, {
      ...here,
      offset: BASE + 3,
      element: -1,
      reason: 'poison',
      field: null,
      excerpt: text.slice(0, 200),
      at: NOW,
      attempts: 2,
      error: 'RangeError: too odd',
    });
    const without = outcome(decode([...AROUND.slice(0, 3), 'x', ...AROUND.slice(3)]));
    assert.deepEqual([byConsumer.cells, byConsumer.ledger], [without.cells, without.ledger]);
  });
}

test('poison: records are parked out of compressed batches too, and only where they stand', () => {
  const many = Array.from({ length: 40 }, (_, n) => order(`o${n}`));
  const batch = decode(many);
  assert.equal(batch.zstd, true);
  const park = (suspects: readonly Suspect[]) =>
    parkRecords(batch, new PoisonedRecords(suspects, TOPICS).of(batch), (zstd) => zstdDecompressSync(zstd));
  assert.deepEqual(
    park([suspect(BASE + 1), suspect(BASE + 39)]).dead.map(({ offset }) => offset),
    [BASE + 1, BASE + 39],
  );
  const elsewhere = [suspect(BASE - 1), suspect(BASE + 40), suspect(BASE + 1, 1)];
  assert.equal(park(elsewhere), batch, 'other offsets and other partitions leave the batch as it is');
});

/** The offsets that an actor says it works on, and its slot. */
class Told implements WorkMeter {
  readonly offsets: number[] = [];
  slot = -1;
  working(offset: number, slot = 0): void {
    this.offsets.push(offset);
    this.slot = slot;
  }
  workingOn(offset: number): void {
    this.offsets.push(offset);
  }
}

test('consumer and aggregator say which record is in work, and that none is afterwards', () => {
  const records = [order('o1'), [order('o2'), order('o3')], 'not json', order('o4')];
  const consumer = new Told();
  const batch = decode(records, { meter: consumer, poisoned: new PoisonedRecords([], TOPICS) });
  assert.deepEqual([...new Set(consumer.offsets)], [10, 11, 12, 13, -1]);
  assert.equal(consumer.slot, slotOf({ topic: 'orders', partition: 0 }, TOPICS));
  const aggregator = new Told();
  const aggregate = new PartitionAggregate(emptyState({ nextOffset: BASE }), { latenessMs: 3_600_000, dedup: 0 });
  aggregate.apply(batch, aggregator);
  assert.deepEqual(aggregator.offsets, [10, 11, 11, 13, -1, 10, 11, 11, 13, -1], 'judged, then counted');
});

test('slots tell all topic-partitions apart', () => {
  const slots = TOPICS.flatMap((topic) => [0, 1, 999].map((partition) => slotOf({ topic, partition }, TOPICS)));
  assert.equal(new Set(slots).size, 6);
  assert.ok(slots.every((slot) => slot >= 0));
});

test('poisoned orders are found in a batch by their ids, and nothing but orders is', () => {
  const batch = decode([order('a'), { type: 'refund', order_id: 'bad', timestamp: NOW, amount: 1 }, [order('bad')]]);
  assert.deepEqual(new PoisonedOrders({ poisoned: { x: 'hang', bad: 'oom' } }).first(batch), {
    offset: BASE + 2,
    death: 'oom',
  });
  assert.equal(new PoisonedOrders({ poisoned: { b: 'crash' } }).first(batch), undefined);
  assert.equal(new PoisonedOrders(undefined).first(batch), undefined);
});
