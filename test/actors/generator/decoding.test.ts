/** What the generator writes, read by the decoder that everything is read by: good events live, broken ones die for their reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeBroken } from '../../../actors/generator/broken.ts';
import { ByteWriter } from '../../../actors/generator/byte-writer.ts';
import { createGenerator } from '../../../actors/generator/generator.ts';
import { Random } from '../../../actors/generator/random.ts';
import { FrameSink } from '../../../actors/generator/sinks.ts';
import { BatchDecoder } from '../../../protocol/decode.ts';
import { DEAD_REASONS, type DeadReason } from '../../../protocol/event.ts';
import { readFrames } from '../../../protocol/frames.ts';
import { partitionOf } from '../../../protocol/hash.ts';
import { route, topicOf } from '../../../protocol/route.ts';
import { parse, RecordSink } from './streams.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const AT = { topic: 'orders', partition: 0, base: 0 };

test('every event is readable, and nearly all take the decoder’s fast path', () => {
  const decoder = new BatchDecoder({ futureMs: 300_000 });
  let records = 0;
  const sink = new RecordSink((record) => decoder.add(record, 0, record.length, records++, START + HOUR_MS));
  createGenerator({ seed: 3, eventsPerSecond: 20 }).next(START + HOUR_MS, 40_000, sink);
  const { dead, events } = decoder.take(AT);
  assert.deepEqual(dead, []);
  assert.equal(events, records);
  assert.ok(decoder.slowRecords < records / 1000, `${decoder.slowRecords} of ${records} were slow`);
});

test('broken share gives that share of dead letters', () => {
  for (const brokenShare of [0.05, 0.6]) {
    const decoder = new BatchDecoder({ futureMs: 300_000 });
    let records = 0;
    const sink = new RecordSink((record) => decoder.add(record, 0, record.length, records++, START + HOUR_MS));
    createGenerator({ seed: 3, brokenShare, eventsPerSecond: 20 }).next(START + HOUR_MS, 30_000, sink);
    const { dead } = decoder.take(AT);
    assert.ok(Math.abs(dead.length / records - brokenShare) < 0.01, `${dead.length} of ${records}`);
  }
});

test('broken event is dead for the reason it was broken in, and stays on one line', () => {
  const out = new ByteWriter();
  const random = new Random(1);
  const decoder = new BatchDecoder({ futureMs: 300_000 });
  const reasons = new Set<DeadReason>();
  for (let number = 0; number < 8000; number++) {
    const reason = writeBroken(out, random, START);
    reasons.add(reason);
    const record = out.bytes.slice(0, out.length);
    out.length = 0;
    decoder.add(record, 0, record.length, 0, START);
    const { dead, batch } = decoder.take(AT);
    const shown = new TextDecoder().decode(record.subarray(0, 300));
    assert.equal(batch.rows, 0, shown);
    assert.deepEqual(
      dead.map((letter) => letter.reason),
      [reason],
      shown,
    );
    assert.ok(!record.includes(10) && record.some((byte) => byte > 32));
  }
  const byConsumer: DeadReason[] = ['poison'];
  assert.deepEqual([...reasons].sort(), DEAD_REASONS.filter((reason) => !byConsumer.includes(reason)).sort());
});

test('stock and stories are the same with broken events in between', () => {
  const good = (brokenShare: number) => {
    const texts: string[] = [];
    const sink = new RecordSink((record) => {
      const text = new TextDecoder().decode(record);
      if (/"order_id":"o|"type":"restock".*w\d-/.test(text)) texts.push(text);
    });
    createGenerator({ seed: 3, brokenShare, eventsPerSecond: 20 }).next(
      START + 600_000,
      Number.POSITIVE_INFINITY,
      sink,
    );
    return texts;
  };
  assert.deepEqual(good(0.3), good(0));
});

test('frames go to the topic-partition that the router chooses', () => {
  const sink = new FrameSink(4);
  const written = createGenerator({ seed: 5, eventsPerSecond: 20 }).next(Number.POSITIVE_INFINITY, 6000, sink);
  let records = 0;
  for (const { topic, partition, frames, count } of sink.take()) {
    records += count;
    for (const { start, end, at } of readFrames(frames)) {
      assert.equal(at, 0);
      assert.deepEqual(route(frames.subarray(start, end), 4), { topic, partition });
    }
  }
  assert.equal(records, written);
  assert.deepEqual(sink.take(), []);
});

test('record stands in the topic of its type, under the key of the contracts', () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const sink = new RecordSink((record, topic, key) => {
    const event = parse(record);
    assert.equal(topic, topicOf(event.type));
    const expected =
      event.type === 'click' ? event.user_id : event.type === 'restock' ? event.product_id : event.order_id;
    assert.equal(text(key), expected);
    assert.ok(partitionOf(key, 4) >= 0);
  });
  createGenerator({ seed: 5, eventsPerSecond: 20 }).next(Number.POSITIVE_INFINITY, 3000, sink);
});
