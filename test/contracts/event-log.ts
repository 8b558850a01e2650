/** What every event log must do, whatever it stands on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Append, LogChunk, LogSource, LogWriter } from '../../actors/ports/event-log.ts';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import { FrameWriter, readFrames } from '../../protocol/frames.ts';

/** A log of the topics `orders` and `clicks`, two partitions each, empty at first. */
export type LogFixture = {
  writer(): Promise<LogWriter>;
  source(): Promise<LogSource>;
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

/** Everything there is now, by topic-partition; checks that offsets go on where they left off. */
async function readAll(source: LogSource, maxBytes = 1 << 20): Promise<Map<string, string[]>> {
  const all = new Map<string, string[]>();
  const next = new Map<string, number>();
  source.refresh();
  for (let chunk = await source.take(maxBytes); chunk !== undefined; chunk = await source.take(maxBytes)) {
    const key = partitionKey(chunk);
    if (next.has(key)) assert.equal(chunk.base, next.get(key));
    assert.ok(chunk.count > 0 && chunk.next >= chunk.base + chunk.count);
    next.set(key, chunk.next);
    const records = recordsOf(chunk);
    assert.equal(records.length, chunk.count);
    all.set(key, [...(all.get(key) ?? []), ...records]);
  }
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
    await source.seek([
      { topic: 'orders', partition: 0, offset: 0 },
      { topic: 'clicks', partition: 0, offset: 0 },
    ]);
    const all = await readAll(source);
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
    const chunk = (await source.take(1 << 20)) as LogChunk;
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
    const chunk = (await source.take(1000)) as LogChunk;
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
      await source.seek([{ topic: 'orders', partition: 1, offset }]);
      const all = await readAll(source, 16_384);
      assert.deepEqual(all.get('orders/1') ?? [], records.slice(offset), `from ${offset}`);
    }
  });

  check('answers at least one record however few bytes are asked for, and no more than fit', async (log) => {
    const writer = await log.writer();
    await writer.append([append('orders', 0, [...numbered(0, 100, 88), 'y'.repeat(9000)])]);
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    assert.equal((await source.take(1))?.count, 1);
    assert.equal((await source.take(1000))?.count, 10);
    await source.seek([{ topic: 'orders', partition: 0, offset: 100 }]);
    assert.equal((await source.take(1))?.count, 1);
    assert.equal(await source.take(1), undefined);
  });

  check('hands out chunks whose buffers can be given away', async (log) => {
    const writer = await log.writer();
    await writer.append([append('orders', 0, numbered(0, 50))]);
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    const seen: string[] = [];
    for (let chunk = await source.take(100); chunk !== undefined; chunk = await source.take(100)) {
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
    for (let turn = 0; turn < 6; turn++) turns.push((await source.take(500))?.partition ?? -1);
    assert.equal(turns.filter((partition) => partition === 0).length, 3);
  });

  check('finds what was appended after it had read everything', async (log) => {
    const writer = await log.writer();
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    assert.equal(await source.take(1000), undefined);
    await writer.append([append('orders', 0, ['a'])]);
    source.notify([{ topic: 'orders', partition: 0, offset: 1 }]);
    assert.deepEqual(recordsOf((await source.take(1000)) as LogChunk), ['a']);
    await writer.append([append('orders', 0, ['b'])]);
    source.refresh();
    assert.deepEqual(recordsOf((await source.take(1000)) as LogChunk), ['b']);
  });

  check('refuses a position outside the log with both numbers', async (log) => {
    await (await log.writer()).append([append('orders', 0, ['a', 'b'])]);
    const source = await log.source();
    await assert.rejects(source.seek([{ topic: 'orders', partition: 0, offset: 17 }]), (thrown) => {
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
    await source.seek([{ topic: 'orders', partition: 0, offset: 1499 }]);
    assert.deepEqual((await readAll(source)).get('orders/0'), ['record 1499', 'more']);
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
