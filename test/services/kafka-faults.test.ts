/** The broker goes and comes back: nobody dies of it, what was acknowledged is there, and every record counts once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { append, numbered } from '../contracts/event-log.ts';
import { overload } from '../helpers/overload.ts';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model } from '../model/model.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { actors, ledgerTotal, until, untilCounted, untilReady } from '../system/exactness.ts';
import { produce } from '../system/producer.ts';
import { harm, healAfter, needsToHarm } from './faults.ts';
import { KafkaTestLog } from './kafka-log.ts';
import { place } from './pulso.ts';

const EVENTS = 12_000;
const PACE = 800;
const BACK_MS = 60_000;
const LOST_AFTER_MS = 1_500;

test(
  'while the broker is away an append is refused in time, and afterwards the same writer goes on',
  needsToHarm('KAFKA_BROKERS'),
  async (t) => {
    const log = await KafkaTestLog.make({ orders: 1 });
    healAfter(t, 'kafka');
    const writer = log.writer({ appendMs: LOST_AFTER_MS });
    assert.deepEqual(await writer.append([append('orders', 0, ['before'])]), [0]);
    await harm('freeze', 'kafka');
    const began = performance.now();
    await assert.rejects(writer.append([append('orders', 0, ['meanwhile'])]), { code: 'unavailable' });
    const took = performance.now() - began;
    assert.ok(took < LOST_AFTER_MS + 5_000 * overload(), `refused after ${took} ms`);
    await harm('thaw', 'kafka');
    let first = 0;
    await until('appended again', BACK_MS, async () => {
      const done = await writer.append([append('orders', 0, numbered(0, 10))]).then(
        ([offset]) => {
          first = offset as number;
          return true;
        },
        () => false,
      );
      return { done };
    });
    // The refused one may stand in the log, before or after; what was acknowledged stands where it was said to.
    assert.ok(first === 1 || first === 2, `${first}`);
    await log.close();
  },
);

test(
  'a broker that is killed and restarted costs no actor its life, and every event counts once',
  needsToHarm('KAFKA_BROKERS'),
  async (t) => {
    // Before all else that happens afterwards: what cleans up needs the server.
    healAfter(t, 'kafka');
    const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'] });
    const pulso = await here.start('a', ['--no-generator', '--lanes', '2']);
    await untilReady(pulso.url);
    const lines = [...hostileLines({ events: EVENTS, seed: 5 })]
      .filter(({ record }) => record)
      .map(({ bytes }) => bytes);
    const stop = new AbortController();
    t.after(() => stop.abort());
    const producer = produce(
      () => pulso.url,
      lines.filter(({ length }) => length <= RECORD_BYTES),
      PACE,
      stop.signal,
    );
    await untilCounted(pulso.url, EVENTS / 10);
    await harm('restart', 'kafka');
    await untilMore(pulso.url);
    await harm('kill9', 'kafka');
    await until('not ready, and it says why', BACK_MS, async () => {
      const text = await fetch(new URL('/readyz', pulso.url)).then((answer) => answer.text());
      return { done: text.includes('no member of its consumer group'), state: text };
    });
    await harm('up', 'kafka');
    await producer.finished;
    const model = new Model(here);
    const found = new Map<string, number>();
    for (const { topic, partition, bytes, at } of await here.readLog()) {
      model.addTo(topic, partition, bytes, at);
      const line = Buffer.from(bytes).toString('latin1');
      found.set(line, (found.get(line) ?? 0) + 1);
    }
    for (const line of producer.sent.keys()) assert.ok(found.has(line), `acknowledged and not in the log: ${line}`);
    const all = [...model.result().partitions.values()].reduce((sum, { in: events }) => sum + events, 0);
    await untilCounted(pulso.url, all);
    assert.deepEqual((await compareAll(pulso.url, model.result())).slice(0, 20), []);
    await untilReady(pulso.url);
    const restarted = [...(await actors(pulso.url)).values()].filter(({ epoch }) => epoch > 1).map(({ id }) => id);
    assert.deepEqual(restarted, []);
  },
);

async function untilMore(url: string): Promise<void> {
  const { in: before } = await ledgerTotal(url);
  await until('more counted', BACK_MS, async () => {
    const { in: now } = await ledgerTotal(url);
    return { done: now > before + 500, state: { before, now } };
  });
}
