import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConsumerCore, lagOf } from '../../../actors/partition-consumer/core.ts';
import type { LogChunk } from '../../../actors/ports/event-log.ts';
import { FrameWriter, readFrames } from '../../../protocol/frames.ts';

const NOW = Date.UTC(2026, 0, 1);
const encode = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

function chunkOf(records: readonly unknown[], extra: Partial<LogChunk> = {}): LogChunk {
  const frames = new FrameWriter();
  for (const record of records) frames.add(encode(record), NOW);
  const { count } = frames;
  return { topic: 'orders', partition: 0, base: 10, next: 10 + count, count, frames: frames.take(), ...extra };
}

const click = (n: number) => ({ type: 'click', timestamp: NOW, event_type: 'view', product_id: `p${n}` });

function consumer(): { core: ConsumerCore; packed: number[] } {
  const packed: number[] = [];
  const compress = (frames: Uint8Array) => {
    packed.push(frames.length);
    return frames.subarray(0, 1);
  };
  return { core: new ConsumerCore({ futureMs: 300_000, compress }), packed };
}

test('consumer decodes within its credits, and only within its session', () => {
  const { core } = consumer();
  assert.equal(core.mayRead, false);
  core.begin({ type: 'positions', session: 7, positions: [], credits: 2 });
  assert.equal(core.decode(chunkOf([click(1)])).session, 7);
  core.decode(chunkOf([click(2)]));
  assert.equal(core.mayRead, false);
  core.applied({ type: 'applied', session: 6, batches: 1 });
  assert.equal(core.mayRead, false, 'a credit of an earlier session is worth nothing');
  core.applied({ type: 'applied', session: 7, batches: 1 });
  assert.equal(core.mayRead, true);
  core.halt();
  assert.equal(core.mayRead, false);
});

test('consumer tells what became of every record, and passes offsets that no record has', () => {
  const { core } = consumer();
  core.begin({ type: 'positions', session: 1, positions: [], credits: 9 });
  const batch = core.decode(chunkOf([click(1), 'not json', [click(2), click(3)]], { next: 21 }));
  assert.deepEqual([batch.base, batch.next, batch.records, batch.events, batch.rows], [10, 21, 3, 4, 3]);
  assert.deepEqual(
    batch.dead.map(({ offset, reason }) => ({ offset, reason })),
    [{ offset: 11, reason: 'not-json' }],
  );
  assert.equal(batch.appendedAt, NOW);
});

test('consumer compresses what is worth it, and hands over bytes that nobody else holds', () => {
  const { core, packed } = consumer();
  core.begin({ type: 'positions', session: 1, positions: [], credits: 9 });
  const small = chunkOf([click(1)]);
  const plain = core.decode(small);
  assert.equal(plain.zstd, false);
  assert.notEqual(plain.frames.buffer, small.frames.buffer);
  assert.equal([...readFrames(plain.frames)].length, 1);
  const large = core.decode(chunkOf(Array.from({ length: 100 }, (_, n) => click(n))));
  assert.equal(large.zstd, true);
  assert.equal(packed.length, 1);
  assert.equal(large.frames.buffer.byteLength, 1);
});

test('lag counts only partitions whose commits are known', () => {
  const ends = [
    { topic: 'orders', partition: 0, offset: 100 },
    { topic: 'orders', partition: 1, offset: 50 },
  ];
  const key = ({ topic, partition }: { topic: string; partition: number }) => `${topic}/${partition}`;
  assert.equal(lagOf(ends, new Map([['orders/0', 70]]), key), 30);
  assert.equal(
    lagOf(
      ends,
      new Map([
        ['orders/0', 100],
        ['orders/1', 60],
      ]),
      key,
    ),
    0,
  );
});
