/** What every event log must do, whatever it stands on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Append, LogChunk, LogSource, LogWriter, Position } from '../../actors/ports/event-log.ts';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import { FrameWriter, readFrames } from '../../protocol/frames.ts';
import type { LogGap } from '../../protocol/message.ts';

/** A log of the topics `orders` and `clicks`, two partitions each, empty at first. */
export type LogFixture = {
  writer(): Promise<LogWriter>;
  source(): Promise<LogSource>;
  /** Where positions outside the log are told instead of refused: those that were. */
  gaps?(): readonly LogGap[];
  close(): Promise<void>;
};

export type LogBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<LogFixture>;
};

const text = new TextDecoder();

export function append(topic: string, partition: number, records: readonly string[], at = 0): Append {
  const writer = new FrameWriter(64);
  for (const record of records) writer.add(new TextEncoder().encode(record), at);
  return { topic, partition, count: records.length, frames: writer.take() };
}

export function numbered(from: number, to: number, width = 0): string[] {
  return Array.from({ length: to - from }, (_, index) => `record ${from + index}`.padEnd(width, '.'));
}

function recordsOf({ frames }: LogChunk): string[] {
  return [...readFrames(frames)].map(({ start, end }) => text.decode(frames.subarray(start, end)));
}

/** A log on a server hands out what was appended a moment later. */
const SOON_MS = 20_000;
const LOOK_MS = 5;

async function takeSoon(source: LogSource, maxBytes: number): Promise<LogChunk> {
  const deadline = performance.now() + SOON_MS;
  for (;;) {
    const chunk = await source.take(maxBytes);
    if (chunk !== undefined) return chunk;
    assert.ok(performance.now() < deadline, 'nothing to take');
    await sleep(LOOK_MS);
  }
}

/** Everything from these positions to the end, by topic-partition; checks that offsets go on where they left off. */
export async function readFrom(
  source: LogSource,
  positions: readonly Position[],
  maxBytes = 1 << 20,
): Promise<Map<string, string[]>> {
  const all = new Map<string, string[]>();
  await source.seek(positions);
  source.refresh();
  const next = new Map(positions.map((position) => [partitionKey(position), position.offset]));
  const ends = await source.extents();
  while (ends.some((extent) => (next.get(partitionKey(extent)) as number) < extent.end)) {
    const chunk = await takeSoon(source, maxBytes);
    const key = partitionKey(chunk);
    assert.equal(chunk.base, next.get(key));
    assert.ok(chunk.count > 0 && chunk.next >= chunk.base + chunk.count);
    next.set(key, chunk.next);
    const records = recordsOf(chunk);
    assert.equal(records.length, chunk.count);
    all.set(key, [...(all.get(key) ?? []), ...records]);
  }
  assert.equal(await source.take(maxBytes), undefined);
  return all;
}

export function eventLogContract({ name, skip, make }: LogBackend): void {
  const check = (behaviour: string, body: (log: LogFixture, t: TestContext) => Promise<void>) =>
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async (t) => {
      const log = await make();
      try {
        await body(log, t);
      } finally {
        await log.close();
      }
    });

  check('gives every partition offsets of its own, from 0 on, in the order of the appends', async (log) => {
    const writer = await log.writer();
    assert.deepEqual(
      await writer.append([
        append('orders', 0, ['a', 'b']),
        append('orders', 1, ['c']),
        append('clicks', 0, ['d']),
        append('orders', 0, ['e']),
      ]),
      [0, 0, 0, 2],
    );
    assert.deepEqual(await writer.append([append('orders', 0, ['f'])]), [3]);
    const source = await log.source();
    const all = await readFrom(source, [
      { topic: 'orders', partition: 0, offset: 0 },
      { topic: 'clicks', partition: 0, offset: 0 },
    ]);
    assert.deepEqual(all.get('orders/0'), ['a', 'b', 'e', 'f']);
    assert.deepEqual(all.get('clicks/0'), ['d']);
    assert.equal(all.has('orders/1'), false);
  });

  check('keeps the bytes of records and the times they came with', async (log) => {
    const writer = await log.writer();
    const records = ['', 'ação 🛒', '\u0000\u0001', 'x'.repeat(70_000)];
    await writer.append([append('orders', 0, records, 1_763_600_000_123)]);
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    const chunk = await takeSoon(source, 1 << 20);
    assert.deepEqual(recordsOf(chunk), records);
    assert.deepEqual(
      [...readFrames(chunk.frames)].map(({ at }) => at),
      records.map(() => 1_763_600_000_123),
    );
  });

  check('stamps records that come without a time', async (log) => {
    const before = Date.now();
    await (await log.writer()).append([append('orders', 0, ['a'])]);
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    const chunk = await takeSoon(source, 1000);
    const [frame] = [...readFrames(chunk.frames)];
    assert.ok(frame !== undefined && frame.at >= before && frame.at <= Date.now());
  });

  check('reads on from any offset, at the edge of an append and in the middle of one', async (log) => {
    const writer = await log.writer();
    const records = numbered(0, 5000, 40);
    await writer.append([append('orders', 1, records.slice(0, 3))]);
    await writer.append([append('orders', 1, records.slice(3, 4000))]);
    await writer.append([append('orders', 1, records.slice(4000))]);
    const source = await log.source();
    for (const offset of [0, 1, 3, 4, 999, 1000, 1003, 2500, 3999, 4000, 4999, 5000]) {
      const all = await readFrom(source, [{ topic: 'orders', partition: 1, offset }], 16_384);
      assert.deepEqual(all.get('orders/1') ?? [], records.slice(offset), `from ${offset}`);
    }
  });

  check('answers at least one record however few bytes are asked for, and no more than fit', async (log) => {
    const writer = await log.writer();
    await writer.append([append('orders', 0, [...numbered(0, 100, 88), 'y'.repeat(9000)])]);
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    assert.equal((await takeSoon(source, 1)).count, 1);
    assert.equal((await source.take(1000))?.count, 10);
    await source.seek([{ topic: 'orders', partition: 0, offset: 100 }]);
    assert.equal((await takeSoon(source, 1)).count, 1);
    assert.equal(await source.take(1), undefined);
  });

  check('hands out chunks whose buffers can be given away', async (log) => {
    const writer = await log.writer();
    await writer.append([append('orders', 0, numbered(0, 50))]);
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    const seen: string[] = [];
    for (
      let chunk: LogChunk | undefined = await takeSoon(source, 100);
      chunk !== undefined;
      chunk = await source.take(100)
    ) {
      assert.equal(chunk.frames.byteLength, chunk.frames.buffer.byteLength);
      seen.push(...recordsOf(structuredClone(chunk, { transfer: [chunk.frames.buffer as ArrayBuffer] })));
    }
    assert.deepEqual(seen, numbered(0, 50));
  });

  check('takes turns between partitions', async (log) => {
    const writer = await log.writer();
    await writer.append([append('orders', 0, numbered(0, 100, 100)), append('orders', 1, numbered(0, 100, 100))]);
    const source = await log.source();
    await source.seek([0, 1].map((partition) => ({ topic: 'orders', partition, offset: 0 })));
    const turns: number[] = [];
    while (turns.length < 20) turns.push((await takeSoon(source, 500)).partition);
    for (const partition of [0, 1]) assert.ok(turns.filter((turn) => turn === partition).length >= 5, `${turns}`);
  });

  check('finds what was appended after it had read everything', async (log) => {
    const writer = await log.writer();
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    assert.equal(await source.take(1000), undefined);
    await writer.append([append('orders', 0, ['a'])]);
    source.notify([{ topic: 'orders', partition: 0, offset: 1 }]);
    assert.deepEqual(recordsOf(await takeSoon(source, 1000)), ['a']);
    await writer.append([append('orders', 0, ['b'])]);
    source.refresh();
    assert.deepEqual(recordsOf(await takeSoon(source, 1000)), ['b']);
  });

  check('refuses, or tells of, a position outside the log with both numbers', async (log) => {
    await (await log.writer()).append([append('orders', 0, ['a', 'b'])]);
    const source = await log.source();
    const beyond = { topic: 'orders', partition: 0, offset: 17 };
    if (log.gaps !== undefined) {
      await source.seek([beyond]);
      assert.deepEqual(log.gaps(), [{ ...beyond, start: 0, end: 2 }]);
      return;
    }
    await assert.rejects(source.seek([beyond]), (thrown) => {
      assert.ok(thrown instanceof AppError);
      assert.equal(thrown.code, 'data-mismatch');
      assert.match(thrown.message, /\b17\b.*\b2\b/);
      return true;
    });
  });

  check('tells how far each partition reaches', async (log) => {
    const writer = await log.writer();
    await writer.append([append('orders', 0, ['a', 'b'])]);
    const extents = await writer.extents();
    assert.equal(extents.length, 4);
    assert.deepEqual(
      extents.filter(({ end }) => end > 0),
      [{ topic: 'orders', partition: 0, start: 0, end: 2 }],
    );
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 1 }]);
    assert.deepEqual(await source.extents(), [{ topic: 'orders', partition: 0, start: 0, end: 2 }]);
  });

  check('has everything again after it was closed and opened', async (log) => {
    const first = await log.writer();
    await first.append([append('orders', 0, numbered(0, 1500))]);
    await first.close();
    const second = await log.writer();
    assert.deepEqual(await second.append([append('orders', 0, ['more'])]), [1500]);
    const source = await log.source();
    const all = await readFrom(source, [{ topic: 'orders', partition: 0, offset: 1499 }]);
    assert.deepEqual(all.get('orders/0'), ['record 1499', 'more']);
  });

  check('refuses an append whose frames are not the records it names, and writes nothing of that call', async (log) => {
    const writer = await log.writer();
    const good = append('orders', 0, ['a']);
    const torn = append('orders', 1, ['bcdef']);
    const wrong = [
      { ...torn, frames: torn.frames.subarray(0, 14) },
      { ...torn, count: 2 },
      { ...torn, partition: 7 },
    ];
    for (const bad of wrong) await assert.rejects(writer.append([good, bad]), { code: 'bad-message' });
    assert.ok((await writer.extents()).every(({ end }) => end === 0));
  });
}
