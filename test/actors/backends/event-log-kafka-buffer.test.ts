import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { PartitionBuffer } from '../../../actors/backends/event-log-kafka-buffer.ts';
import type { LogChunk } from '../../../actors/ports/event-log.ts';
import { readFrames } from '../../../protocol/frames.ts';

const PLACE = { topic: 'orders', partition: 0 };

function message(offset: number, value: Buffer | null = Buffer.from(`record ${offset}`)): KafkaMessage {
  return { key: null, value, timestamp: String(1000 + offset), attributes: 0, headers: {}, offset: String(offset) };
}

function takeAll(buffer: PartitionBuffer, maxBytes: number): LogChunk[] {
  const chunks: LogChunk[] = [];
  for (let chunk = buffer.take(maxBytes); chunk !== undefined; chunk = buffer.take(maxBytes)) chunks.push(chunk);
  return chunks;
}

test('chunks hold every record once, at its offset, and go on where they left off, however it was fetched and is taken', () => {
  const fetches = fc.array(
    fc.record({
      skips: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 8 }),
      behind: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(fetches, fc.integer({ min: 1, max: 120 }), (parts, maxBytes) => {
      const buffer = new PartitionBuffer(PLACE, 5);
      const offsets: number[] = [];
      let next = 5;
      for (const { skips, behind } of parts) {
        const messages = skips.map((skip) => {
          const offset = next + skip;
          next = offset + 1;
          offsets.push(offset);
          return message(offset);
        });
        next += behind;
        buffer.add(messages, next);
      }
      assert.equal(buffer.next, next);
      const chunks = takeAll(buffer, maxBytes);
      const found = chunks.flatMap(({ base, frames }) =>
        [...readFrames(frames)].map(({ start, end, at }, index) => {
          assert.equal(Buffer.from(frames.subarray(start, end)).toString(), `record ${base + index}`);
          assert.equal(at, 1000 + base + index);
          return base + index;
        }),
      );
      assert.deepEqual(found, offsets);
      let reached = 5;
      for (const chunk of chunks) {
        assert.ok(chunk.base >= reached && chunk.next >= chunk.base + chunk.count);
        assert.ok(chunk.count <= 1 || chunk.frames.length <= maxBytes);
        reached = chunk.next;
      }
      if (chunks.length > 0) assert.equal(reached, next);
      assert.equal(buffer.bytes, 0);
    }),
  );
});

test('offsets that hold no record are passed by a chunk without records', () => {
  const buffer = new PartitionBuffer(PLACE, 7);
  buffer.add([], 9);
  const { frames, ...chunk } = buffer.take(100) as LogChunk;
  assert.deepEqual(chunk, { ...PLACE, base: 7, next: 9, count: 0 });
  assert.equal(frames.length, 0);
  assert.equal(buffer.take(100), undefined);
});

test('a message without a value is a record without bytes', () => {
  const buffer = new PartitionBuffer(PLACE, 0);
  buffer.add([message(0, null), message(1)], 2);
  const chunk = buffer.take(1000) as LogChunk;
  assert.deepEqual(
    [...readFrames(chunk.frames)].map(({ start, end }) => end - start),
    [0, 8],
  );
});
