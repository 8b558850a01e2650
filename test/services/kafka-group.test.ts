/** Sources on Kafka as members of one group: what they share, what they hand over, and the traps of kafkajs. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import type { LogChunk, LogSource, Position } from '../../actors/ports/event-log.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import { append, numbered } from '../contracts/event-log.ts';
import { overload } from '../helpers/overload.ts';
import { until } from '../system/exactness.ts';
import { committedOffset, expire, KafkaTestLog } from './kafka-log.ts';
import { needs } from './servers.ts';

const SOON_MS = 30_000;

/** Takes all the time, and remembers where it got to: what an aggregator would store. */
class Reader {
  readonly found: string[] = [];
  assigned: readonly TopicPartition[] | null = [];
  assignments = 0;
  seeking = true;
  readonly source: LogSource;
  #stored: Map<string, number>;
  #open = true;

  constructor(log: KafkaTestLog, group: string, stored: Map<string, number>) {
    this.#stored = stored;
    this.source = log.member(group, {
      assigned: (partitions) => {
        this.assigned = partitions;
        this.assignments++;
        if (this.seeking) void this.seek();
      },
      arrived: () => void this.#take(),
    });
  }

  seek(): Promise<void> {
    const positions = (this.assigned ?? []).map(
      (at): Position => ({ ...at, offset: this.#stored.get(partitionKey(at)) ?? 0 }),
    );
    return this.source.seek(positions);
  }

  async #take(): Promise<void> {
    for (let chunk = await this.source.take(1 << 16); chunk !== undefined; chunk = await this.source.take(1 << 16)) {
      if (!this.#open) return;
      const key = partitionKey(chunk);
      // As a store with epochs would: what another has counted meanwhile is refused.
      if (chunk.base < (this.#stored.get(key) ?? 0)) continue;
      this.#stored.set(key, chunk.next);
      for (const record of recordsOf(chunk)) this.found.push(`${key} ${record}`);
    }
  }

  get keys(): string[] {
    return (this.assigned ?? []).map(partitionKey).sort();
  }

  close(): Promise<void> {
    this.#open = false;
    return this.source.close();
  }
}

function recordsOf({ frames }: LogChunk): string[] {
  return [...readFrames(frames)].map(({ start, end }) => Buffer.from(frames.subarray(start, end)).toString());
}

async function logOf(t: TestContext, counts: Readonly<Record<string, number>>): Promise<KafkaTestLog> {
  const log = await KafkaTestLog.make(counts);
  t.after(() => log.close());
  return log;
}

const settled = (what: string, done: () => boolean, state: () => unknown) =>
  until(what, SOON_MS, async () => ({ done: done(), state: state() }));

test(
  'members share the partitions, keep what they have, and take over what one leaves',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const log = await logOf(t, { orders: 4, clicks: 3 });
    const stored = new Map<string, number>();
    const writer = log.writer();
    const sent: string[] = [];
    const write = async (from: number) => {
      for (let partition = 0; partition < 4; partition++) {
        const records = numbered(from, from + 50).map((text) => `${text} of ${partition}`);
        await writer.append([append('orders', partition, records)]);
        sent.push(...records.map((text) => `orders/${partition} ${text}`));
      }
    };
    const a = new Reader(log, 'g', stored);
    await settled(
      'a has all',
      () => a.keys.length === 7,
      () => a.keys,
    );
    await write(0);
    const b = new Reader(log, 'g', stored);
    await settled(
      'both have a part',
      () => a.keys.length > 0 && b.keys.length > 0 && a.keys.length + b.keys.length === 7,
      () => [a.keys, b.keys],
    );
    await write(50);
    const indices = (reader: Reader) => [...new Set(reader.assigned?.map(({ partition }) => partition))].sort();
    assert.equal(indices(a).length, 2);
    assert.deepEqual([...indices(a), ...indices(b)].sort(), [0, 1, 2, 3]);
    const [aHad, bHad] = [indices(a), indices(b)];
    const c = new Reader(log, 'g', stored);
    await settled(
      'three have a part',
      () => c.keys.length > 0 && a.keys.length + b.keys.length + c.keys.length === 7,
      () => [a.keys, b.keys, c.keys],
    );
    for (const [reader, had] of [
      [a, aHad],
      [b, bHad],
    ] as const) {
      for (const index of indices(reader)) assert.ok(had.includes(index), 'only what must move moves');
    }
    await write(100);
    const began = performance.now();
    await a.close();
    await settled(
      'a has left',
      () => b.keys.length + c.keys.length === 7,
      () => [b.keys, c.keys],
    );
    const took = performance.now() - began;
    await write(150);
    const all = () => [...a.found, ...b.found, ...c.found];
    await settled(
      'everything read',
      () => all().length >= sent.length,
      () => all().length,
    );
    assert.deepEqual(all().sort(), sent.sort());
    assert.ok(took < 5_000 * overload(), `took over after ${took} ms`);
  },
);

test('nothing is read before it is sought, nor after it was given away', needs('KAFKA_BROKERS'), async (t) => {
  const log = await logOf(t, { orders: 2 });
  const a = new Reader(log, 'g', new Map());
  a.seeking = false;
  await settled(
    'a has all',
    () => a.keys.length === 2,
    () => a.keys,
  );
  await log.writer().append([append('orders', 0, ['a']), append('orders', 1, ['b'])]);
  // Another member that reads proves that time has passed for both.
  const b = new Reader(log, 'g', new Map());
  await settled(
    'b has read its half',
    () => b.found.length === 1,
    () => b.found,
  );
  assert.deepEqual(a.found, []);
  await a.seek();
  await settled(
    'a has read its half',
    () => a.found.length === 1,
    () => a.found,
  );
  assert.notDeepEqual(a.found, b.found);
});

test(
  'a jump of kafkajs over records that have expired is seen, and the others are read on',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const log = await logOf(t, { orders: 2 });
    const source = await log.source();
    const writer = log.writer();
    await source.seek([0, 1].map((partition) => ({ topic: 'orders', partition, offset: 0 })));
    // More than the source buffers: the rest is fetched only when some of it was taken.
    const records = numbered(0, 24_000, 1000);
    for (let at = 0; at < records.length; at += 4000) {
      await writer.append([append('orders', 0, records.slice(at, at + 4000))]);
    }
    await until('the buffer is full', SOON_MS, async () => ({ done: (await source.take(1)) !== undefined }));
    await expire(log.long('orders'), 0, 23_990);
    await writer.append([append('orders', 1, ['the others'])]);
    const read: { partition: number; next: number }[] = [];
    await until('the gap', SOON_MS, async () => {
      for (let chunk = await source.take(1 << 18); chunk !== undefined; chunk = await source.take(1 << 18))
        read.push(chunk);
      return { done: log.gaps.length > 0 && read.some(({ partition }) => partition === 1), state: log.gaps };
    });
    const last = read.findLast(({ partition }) => partition === 0)?.next ?? 1;
    assert.ok(last < 23_990, `${last}`);
    assert.deepEqual(log.gaps, [{ topic: 'orders', partition: 0, offset: last, start: 23_990, end: 24_000 }]);
    // A person has accepted it: the aggregator names the log's start.
    await source.seek([{ topic: 'orders', partition: 0, offset: 23_990 }]);
    const [chunk] = await takenSoon(source, 1);
    assert.deepEqual([chunk?.base, chunk?.next, recordsOf(chunk as LogChunk)[0]], [23_990, 24_000, records[23_990]]);
  },
);

test(
  'a stored offset below the log stops its partition alone; a partition never read begins where the log does',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const log = await logOf(t, { orders: 3 });
    const writer = log.writer();
    for (const partition of [0, 1, 2]) await writer.append([append('orders', partition, numbered(0, 100))]);
    await expire(log.long('orders'), 0, 40);
    await expire(log.long('orders'), 1, 40);
    const source = await log.source();
    await source.seek([
      { topic: 'orders', partition: 0, offset: 20 },
      { topic: 'orders', partition: 1, offset: 0 },
      { topic: 'orders', partition: 2, offset: 90 },
    ]);
    assert.deepEqual(log.gaps, [{ topic: 'orders', partition: 0, offset: 20, start: 40, end: 100 }]);
    const read = new Map<number, string[]>();
    await until('the others', SOON_MS, async () => {
      const chunk = await source.take(1 << 18);
      if (chunk !== undefined) read.set(chunk.partition, [...(read.get(chunk.partition) ?? []), ...recordsOf(chunk)]);
      return { done: read.size === 2 && [...read.values()].flat().length === 70, state: read.size };
    });
    assert.deepEqual(read.get(1), numbered(40, 100));
    assert.deepEqual(read.get(2), numbered(90, 100));
  },
);

test(
  'records of transactions are read once they are committed, and markers are passed up to the end',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const log = await logOf(t, { orders: 1 });
    const client = new kafkajs.Kafka({
      brokers: log.kafka.brokers,
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { retries: 20 },
    });
    const producer = client.producer({ transactionalId: log.mark, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    t.after(() => producer.disconnect());
    const expected: string[] = [];
    for (let round = 0; round < 6; round++) {
      const transaction = await producer.transaction();
      const records = numbered(round * 10, round * 10 + 10);
      await transaction.send({
        topic: log.long('orders'),
        messages: records.map((value) => ({ value, partition: 0 })),
      });
      if (round % 3 === 1) await transaction.abort();
      else {
        await transaction.commit();
        expected.push(...records);
      }
    }
    const end = 6 * 11;
    const source = await log.source();
    await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
    const found: string[] = [];
    let next = 0;
    await until('the end', SOON_MS, async () => {
      for (let chunk = await source.take(1 << 18); chunk !== undefined; chunk = await source.take(1 << 18)) {
        assert.ok(chunk.base >= next);
        found.push(...recordsOf(chunk));
        next = chunk.next;
      }
      return { done: next === end, state: { next, found: found.length } };
    });
    assert.deepEqual(found, expected);
  },
);

/** The next chunks, as soon as there are so many. */
async function takenSoon(source: LogSource, chunks: number): Promise<LogChunk[]> {
  const taken: LogChunk[] = [];
  await until(`${chunks} chunks`, SOON_MS, async () => {
    const chunk = await source.take(1 << 18);
    if (chunk !== undefined) taken.push(chunk);
    return { done: taken.length >= chunks };
  });
  return taken;
}

test(
  'what is counted is committed to the group for tools that show lag, and changes nothing else',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const log = await logOf(t, { orders: 1 });
    await log.writer().append([append('orders', 0, numbered(0, 50))]);
    const a = new Reader(log, 'g', new Map());
    await settled(
      'all read',
      () => a.found.length === 50,
      () => a.found.length,
    );
    a.source.consumed?.([{ topic: 'orders', partition: 0, offset: 30 }]);
    await a.close();
    assert.equal(await committedOffset(log.long('orders'), log.long('g')), '30');
    // The store's word counts, not Kafka's.
    const b = new Reader(log, 'g', new Map([['orders/0', 10]]));
    await settled(
      'read from what is stored',
      () => b.found.length === 40,
      () => b.found.length,
    );
  },
);

test(
  'a member that is killed is replaced within ten seconds by one that is there already',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const log = await logOf(t, { orders: 4, clicks: 4 });
    const child = spawn(process.execPath, [fileURLToPath(new URL('./kafka-member-child.ts', import.meta.url))], {
      env: { ...process.env, MEMBER: JSON.stringify({ ...log, group: log.long('g') }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const a = new Reader(log, 'g', new Map());
    await settled(
      'a has half',
      () => a.keys.length === 4,
      () => a.keys,
    );
    const began = performance.now();
    child.kill('SIGKILL');
    await settled(
      'a has all',
      () => a.keys.length === 8,
      () => a.keys,
    );
    const took = performance.now() - began;
    t.diagnostic(`taken over after ${Math.round(took)} ms`);
    assert.ok(took < 10_000 * overload(), `taken over after ${took} ms`);
  },
);
