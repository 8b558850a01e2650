/** Two processes in one group, on a store that both can reach: what one leaves the other takes over, and all counts once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overload } from '../helpers/overload.ts';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model } from '../model/model.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { ledgerTotal, type Pulso, until, untilCounted, untilReady } from '../system/exactness.ts';
import { type Place, place } from './pulso.ts';
import { needs } from './servers.ts';

const EVENTS = Number(process.env.TEST_EVENTS ?? 12_000);
const SOON_MS = 90_000;
const TAKEOVER_MS = 10_000;
const ARGS = ['--no-generator', '--lanes', '2'];

test(
  'two processes share the partitions, and those of a killed one are taken over from where they stood',
  needs('KAFKA_BROKERS', 'MONGODB_URI'),
  async (t) => {
    const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS', 'MONGODB_URI'] });
    const records = hostileRecords(7);
    const part = Math.ceil(records.length / 4);
    const produce = (at: number) => here.produce(records.slice(at * part, (at + 1) * part));
    const a = await here.start('a', ARGS);
    await untilReady(a.url);
    let b = await here.start('b', ARGS);
    await untilReady(b.url);
    await produce(0);
    await untilCounted(a.url, part);
    const takeovers: number[] = [];
    for (let round = 1; round < 4; round++) {
      await Promise.all([produce(round), untilMore(a, round * part), b.kill9()]);
      const began = performance.now();
      await untilCounted(a.url, (round + 1) * part * 0.99, SOON_MS);
      const took = performance.now() - began;
      t.diagnostic(`all counted ${Math.round(took)} ms after a process was killed`);
      takeovers.push(took);
      b = await here.start('b', ARGS);
      await untilReady(b.url);
    }
    // The machine may have stood still during one of them.
    assert.ok(Math.min(...takeovers) < TAKEOVER_MS * overload(), `${takeovers.join(', ')} ms`);
    await assertExact(here, [a, b]);
  },
);

test(
  'a process that was frozen for longer than its session finds its partitions taken, and counts nothing twice',
  needs('KAFKA_BROKERS', 'MONGODB_URI'),
  async (t) => {
    const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS', 'MONGODB_URI'] });
    const records = hostileRecords(8).slice(0, 4_000);
    const [a, b] = [
      await here.start('a', ['--no-generator', '--lanes', '1']),
      await here.start('b', ['--no-generator', '--lanes', '1']),
    ];
    await Promise.all([untilReady(a.url), untilReady(b.url)]);
    await here.produce(records.slice(0, 1_000));
    await untilCounted(a.url, 1_000);
    // Frozen in the middle of its work, it wakes with batches in its hands that another has counted meanwhile.
    const producing = here.produce(records.slice(1_000));
    await untilMore(b, 1_200);
    b.signal('SIGSTOP');
    await producing;
    await untilCounted(a.url, records.length, SOON_MS);
    b.signal('SIGCONT');
    await untilReady(b.url);
    await here.produce(records.slice(0, 500));
    await assertExact(here, [a, b]);
  },
);

async function assertExact(here: Place, all: readonly Pulso[]): Promise<void> {
  const model = new Model(here);
  for (const { topic, partition, bytes, at } of await here.readLog()) model.addTo(topic, partition, bytes, at);
  const events = [...model.result().partitions.values()].reduce((sum, { in: one }) => sum + one, 0);
  for (const pulso of all) {
    await untilCounted(pulso.url, events);
    assert.deepEqual((await compareAll(pulso.url, model.result())).slice(0, 20), []);
  }
}

function hostileRecords(seed: number): Uint8Array[] {
  const lines = [...hostileLines({ events: EVENTS, seed })].filter(({ record }) => record).map(({ bytes }) => bytes);
  return lines.filter(({ length }) => length <= RECORD_BYTES / 2);
}

async function untilMore(pulso: Pulso, least: number): Promise<void> {
  await until(`more than ${least} events`, SOON_MS, async () => {
    const total = await ledgerTotal(pulso.url);
    return { done: total.in > least, state: total };
  });
}
