/**
 * Orders that kill whoever handles them, on Kafka and MongoDB: passed after two deaths, kept as letters in MongoDB, and
 * counted once when they are replayed through Kafka after the fix, from the archive, as all has moved there meanwhile.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MongoClient } from 'mongodb';
import { databaseName } from '../../actors/backends/store-mongodb-client.ts';
import { compareAll } from '../model/compare.ts';
import { ask } from '../model/questions.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { eventsOf, postableLines } from '../system/against-model.ts';
import { type Pulso, post, until, untilCounted, untilReady } from '../system/exactness.ts';
import {
  assertCostNothing,
  assertReplayed,
  heal,
  LATENESS,
  type Letter,
  loneOrders,
  modelWithout,
  poison,
  untilParked,
  type Victim,
} from '../system/poisoned.ts';
import { type Place, place } from './pulso.ts';
import { needs, type ServerName } from './servers.ts';

const EVENTS = 1_500;
/** Short, as the comparison asks for every ten minutes. */
const SPAN_MS = 20 * 60_000;
const READY_MS = 90_000;
/** A consumer that dies leaves its group, and its partitions move: each time some seconds. */
const PARKED_MS = 120_000;
const ACTORS = ['consumer-0', 'consumer-1', 'aggregator-0', 'aggregator-1'];
const ON: readonly ServerName[] = ['KAFKA_BROKERS', 'MONGODB_URI'];
/** The archive is on HDFS where there is one. */
const WITH_ARCHIVE: readonly ServerName[] = process.env.WEBHDFS_URL ? [...ON, 'WEBHDFS_URL'] : ON;

const lines = postableLines({ events: EVENTS, seed: 5, spanMs: SPAN_MS }).filter(
  ({ length }) => length <= RECORD_BYTES / 2,
);

/** The group decides which lane has which partition: an order kills whichever of its kind gets it. */
function victims(here: Place): Victim[] {
  const alone = loneOrders(lines, here);
  const pick = (share: number) => alone[Math.floor(alone.length * share)]?.order as string;
  return ACTORS.map((actor) =>
    actor.startsWith('consumer') ? { actor, id: pick(0.6), death: 'hang' } : { actor, id: pick(0.3), death: 'crash' },
  );
}

async function assertExact(pulso: Pulso, here: Place, poisoned: ReadonlySet<string>): Promise<void> {
  const model = modelWithout(await here.readLog(), poisoned, here);
  await untilCounted(pulso.url, eventsOf(model));
  assert.deepEqual((await compareAll(pulso.url, model)).slice(0, 20), []);
}

/** What a person with a shell finds. */
async function assertInMongo({ env, name }: Place, parked: readonly Letter[]): Promise<void> {
  const mongodbUri = env.MONGODB_URI as string;
  const client = new MongoClient(mongodbUri);
  try {
    const letters = client.db(databaseName({ mongodbUri, group: name })).collection('dead_letters');
    const found = await letters.find({ reason: 'poison' }).toArray();
    const told = (all: readonly Pick<Letter, 'topic' | 'partition' | 'offset' | 'attempts' | 'error' | 'excerpt'>[]) =>
      all
        .map(({ topic, partition, offset, attempts, error, excerpt }) =>
          [topic, partition, offset, attempts, error, excerpt].join(' '),
        )
        .sort();
    assert.deepEqual(told(found as unknown as Letter[]), told(parked));
  } finally {
    await client.close();
  }
}

/** Nothing is left in the hot store: what is replayed comes from the archive. */
async function archiveAll(pulso: Pulso): Promise<void> {
  assert.equal((await post(pulso, '/archive/run', {})).status, 202);
  await until('all is archived', PARKED_MS, async () => {
    const state = (await ask(pulso.url, '/archive/status')) as { hot_bytes: number };
    return { done: state.hot_bytes === 0, state };
  });
}

test(
  'orders that kill consumer or aggregator on Kafka and MongoDB are passed after two deaths each, and count once when replayed',
  needs(...ON),
  async (t) => {
    const here = await place(t, { who: 'poison', on: WITH_ARCHIVE, env: { PULSO_LATENESS: LATENESS } });
    const pulso = await here.start('a', ['--no-generator', '--lanes', '2']);
    await untilReady(pulso.url, READY_MS);
    const all = victims(here);
    const orders = [...new Set(all.map(({ id }) => id))];
    for (const victim of all) await poison(pulso, victim);
    await here.produce(lines);

    const parked = await untilParked(pulso, orders.length, PARKED_MS);
    assert.deepEqual(parked.map(({ error }) => error.split(':')[0]).sort(), ['OrderedCrash', 'hung']);
    for (const id of orders)
      assert.ok(
        parked.some(({ excerpt }) => excerpt.includes(id)),
        id,
      );
    const poisoned = new Set(parked.map(({ id }) => id));
    await assertExact(pulso, here, poisoned);
    await assertCostNothing(pulso, ACTORS, orders.length);
    await archiveAll(pulso);
    await assertInMongo(here, parked);

    for (const victim of all) assert.deepEqual(await heal(pulso, victim), []);
    await assertReplayed(pulso, orders, () => assertExact(pulso, here, poisoned));
    assert.deepEqual(await pulso.stop(), { code: 0, signal: null });
  },
);
