/**
 * Owners that fight over topic-partitions, by seeded schedules: what was acknowledged is there, once, in an unbroken chain,
 * and nothing else is, whoever was fenced, cut off in the middle of a write, or asleep while the journal was trimmed.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MongoPartitionStore } from '../../actors/backends/store-mongodb.ts';
import { Mongo, type MongoConfig } from '../../actors/backends/store-mongodb-client.ts';
import { OwnedPartitions } from '../../actors/backends/store-mongodb-owned.ts';
import { MongoProjector } from '../../actors/backends/store-mongodb-projector.ts';
import { MongoStoreReader } from '../../actors/backends/store-mongodb-reader.ts';
import { collections } from '../../actors/backends/store-mongodb-schema.ts';
import { JournalTrim } from '../../actors/backends/store-mongodb-trim.ts';
import type { PartitionCommit, PartitionState } from '../../actors/ports/hot-store.ts';
import { AppError } from '../../protocol/errors.ts';
import { commitAfter, ordersChunk } from '../contracts/commits.ts';
import { CLICKS_0, ORDERS_0 } from '../contracts/hot-store.ts';
import { Random } from '../model/random.ts';
import { FlakyLine } from './flaky-line.ts';
import { freshMongo, mongoSkip } from './mongodb.ts';

const PLACES = [ORDERS_0, CLICKS_0];
const OWNERS = 3;
const STEPS = 60;
const T0 = 1_763_600_000_000;
const OPTIONS = { fold: () => [], latenessMs: 0, nextTurn: async () => undefined };
const noWatch = { waiting: () => undefined, waited: () => undefined };

/** An aggregator without the counting: it holds what it has opened, and goes on from what was acknowledged. */
class Owner {
  readonly #store: MongoPartitionStore;
  readonly #states: (PartitionState | undefined)[] = [];

  constructor(config: MongoConfig) {
    this.#store = new MongoPartitionStore(config, noWatch);
  }

  async open(place: number): Promise<void> {
    try {
      this.#states[place] = await this.#store.open(PLACES[place] as typeof ORDERS_0);
    } catch (thrown) {
      this.#fenced(place, thrown);
    }
  }

  has(place: number): boolean {
    return this.#states[place] !== undefined;
  }

  /** A batch of ten orders; answers what was acknowledged. */
  async commit(place: number): Promise<PartitionCommit | undefined> {
    const state = this.#states[place];
    if (state === undefined) return undefined;
    const { nextOffset } = state;
    const orders = Array.from({ length: 10 }, (_, index) => ({
      id: `${place}-${nextOffset + index}`,
      time: T0 + nextOffset,
      state: 'SP',
    }));
    const commit = commitAfter(state, {
      nextOffset: nextOffset + 10,
      watermark: T0 + nextOffset,
      totals: { ...state.totals, orders: state.totals.orders + 10 },
      windows: [{ start: T0 + (nextOffset % 70) * 60_000, packed: Uint8Array.of(nextOffset & 255, nextOffset >> 8) }],
      raw: [ordersChunk(nextOffset, orders)],
    });
    try {
      await this.#store.commit([commit]);
      this.#states[place] = commit;
      return commit;
    } catch (thrown) {
      this.#fenced(place, thrown);
      return undefined;
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #fenced(place: number, thrown: unknown): void {
    assert.ok(thrown instanceof AppError && thrown.code === 'fenced', String(thrown));
    this.#states[place] = undefined;
  }
}

async function assertChain(config: MongoConfig, acknowledged: readonly PartitionCommit[]): Promise<void> {
  const reader = new MongoStoreReader(config);
  try {
    for (const place of PLACES) {
      const own = acknowledged.filter(({ topic }) => topic === place.topic).sort((a, b) => a.seq - b.seq);
      own.forEach((commit, index) => {
        assert.equal(commit.seq, index + 1, 'no commit was acknowledged twice, and none is missing between two');
        assert.equal(commit.nextOffset, (index + 1) * 10);
      });
      const state = (await reader.partitions()).find(({ topic }) => topic === place.topic);
      assert.equal(state?.nextOffset ?? 0, own.length * 10);
      assert.equal(state?.totals.orders ?? 0, own.length * 10);
      const windows = new Map(own.flatMap((commit) => commit.windows.map(({ start, packed }) => [start, [...packed]])));
      const found = (await reader.windows(0, Number.MAX_SAFE_INTEGER)).filter(({ topic }) => topic === place.topic);
      assert.deepEqual(new Map(found.map(({ start, packed }) => [start, [...packed]])), windows);
    }
    const orders = await reader.orders({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: 10_000 });
    const ids = orders.items.map(({ event }) => event.order_id);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, acknowledged.length * 10);
  } finally {
    await reader.close();
  }
}

/** The projections, whatever cut them off on the way, hold what was committed and nothing else, and their sums say so. */
async function assertProjected(mongo: Mongo, acknowledged: readonly PartitionCommit[]): Promise<void> {
  const { partitions, journal, orders, chunks, partials } = collections(mongo);
  assert.equal(await orders.countDocuments(), acknowledged.length * 10);
  assert.equal(await chunks.countDocuments(), acknowledged.length);
  for (const partition of await partitions.find().toArray()) {
    const { topic } = partition;
    const own = acknowledged.filter((commit) => commit.topic === topic);
    const newest = await journal.find({ topic }).sort({ _id: -1 }).limit(1).next();
    assert.deepEqual([partition.kpiCursor, partition.rawCursor], [newest?.place, newest?.place]);
    assert.equal(partition.rawRecords, own.length * 10);
    const weights = await chunks.find({ topic }, { projection: { bytes: 1 } }).toArray();
    assert.equal(
      partition.rawBytes,
      weights.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    const starts = new Set(own.flatMap(({ windows }) => windows.map(({ start }) => start)));
    assert.equal(await partials.countDocuments({ topic }), starts.size);
  }
}

async function fight(t: TestContext, seed: number): Promise<void> {
  const random = new Random(seed);
  const { config, drop } = await freshMongo();
  t.after(drop);
  const line = await FlakyLine.to(config.mongodbUri);
  const flaky = { ...config, mongodbUri: line.through(config.mongodbUri) };
  const owners = Array.from({ length: OWNERS }, () => new Owner(flaky));
  // Two of them, as while a process is being replaced, on the same bad line.
  const projectors = [new MongoProjector(flaky, OPTIONS, noWatch), new MongoProjector(flaky, OPTIONS, noWatch)];
  const mongo = new Mongo(config);
  let now = 0;
  const trim = new JournalTrim(new OwnedPartitions(collections(mongo), config.processId), () => now);
  const acknowledged: PartitionCommit[] = [];

  async function act(owner: Owner): Promise<void> {
    const place = random.between(0, PLACES.length - 1);
    if (!owner.has(place) || random.chance(0.05)) return owner.open(place);
    const commit = await owner.commit(place);
    if (commit !== undefined) acknowledged.push(commit);
  }

  async function project(): Promise<void> {
    for (const projection of random.pick(projectors).projections) await projection.step();
    now += random.between(0, 20_000);
    await trim.step();
  }

  try {
    for (let step = 0; step < STEPS; step++) {
      // Each does one thing at a time, as an aggregator does; several at once.
      const under = owners.filter(() => random.chance(0.6)).map(act);
      if (random.chance(0.3)) under.push(project());
      if (random.chance(0.15)) line.blink();
      if (random.chance(0.1)) {
        line.set('lose-answers');
        setTimeout(() => line.set('whole'), 20);
      }
      await Promise.all(under);
    }
    await assertChain(config, acknowledged);
    for (const projection of projectors[0]?.projections ?? []) while ((await projection.step()).more);
    await assertChain(config, acknowledged);
    await assertProjected(mongo, acknowledged);
    assert.ok(acknowledged.length > STEPS / 3, `${acknowledged.length} commits`);
  } finally {
    for (const part of [...owners, ...projectors, mongo, line]) await part.close();
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`owners that fight over partitions leave one unbroken chain, seed ${seed}`, { skip: mongoSkip }, (t) =>
    fight(t, seed),
  );
}

test('a write whose answer was lost is found to be there, and counts once', { skip: mongoSkip }, async (t) => {
  const { config, drop } = await freshMongo();
  t.after(drop);
  const line = await FlakyLine.to(config.mongodbUri);
  const waits: string[] = [];
  const watch = { waiting: (what: string) => void waits.push(what), waited: () => void waits.push('over') };
  const store = new MongoPartitionStore({ ...config, mongodbUri: line.through(config.mongodbUri) }, watch);
  const state = await store.open(ORDERS_0);
  line.set('lose-answers');
  const commit = store.commit([commitAfter(state, { nextOffset: 7 })]);
  while (line.lost < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  line.set('whole');
  await commit;
  await store.commit([commitAfter({ ...state, seq: 1 }, { nextOffset: 9 })]);
  const reader = new MongoStoreReader(config);
  const [stored] = await reader.partitions();
  assert.deepEqual([stored?.seq, stored?.nextOffset], [2, 9]);
  assert.match(waits[0] ?? '', /^MongoDB at 127\.0\.0\.1:\d+$/);
  assert.equal(waits.at(-1), 'over');
  for (const part of [store, reader, line]) await part.close();
});

test('a connection that is first wanted during an outage comes about after it', { skip: mongoSkip }, async (t) => {
  const { config, drop } = await freshMongo();
  t.after(drop);
  const line = await FlakyLine.to(config.mongodbUri);
  line.set('cut');
  const store = new MongoPartitionStore({ ...config, mongodbUri: line.through(config.mongodbUri) }, noWatch);
  const opened = Promise.all(PLACES.map((place) => store.open(place)));
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  line.set('whole');
  assert.deepEqual(
    (await opened).map(({ epoch }) => epoch),
    [1, 1],
  );
  for (const part of [store, line]) await part.close();
});

test('an owner that slept while its place was taken and the journal trimmed is fenced all the same', {
  skip: mongoSkip,
}, async (t) => {
  const { config, drop } = await freshMongo();
  t.after(drop);
  const [sleeper, successor] = [new MongoPartitionStore(config), new MongoPartitionStore(config)];
  const projector = new MongoProjector(config, OPTIONS);
  const mongo = new Mongo(config);
  let now = Date.now();
  const trim = new JournalTrim(new OwnedPartitions(collections(mongo), config.processId), () => now);
  const asleep = await sleeper.open(ORDERS_0);
  await sleeper.commit([commitAfter(asleep, { nextOffset: 1 })]);
  let state: PartitionState = await successor.open(ORDERS_0);
  for (let count = 0; count < 20; count++) {
    const commit = commitAfter(state, { nextOffset: state.nextOffset + 1 });
    await successor.commit([commit]);
    state = commit;
  }
  for (let look = 0; look < 2; look++) {
    for (const projection of projector.projections) await projection.step();
    await trim.step();
    now += 60_000;
  }
  const left = await collections(mongo).journal.find().sort({ _id: 1 }).toArray();
  assert.deepEqual(
    left.map(({ place, barrier }) => [place, barrier]),
    [
      [1, true],
      [3, true],
      [23, false],
    ],
  );
  await assert.rejects(sleeper.commit([commitAfter({ ...asleep, seq: 1 }, { nextOffset: 2 })]), { code: 'fenced' });
  // A day later the barriers go; whoever has slept for so long asks first whether it is still the owner.
  const sleptADay = new MongoPartitionStore(config);
  const old = await sleptADay.open(ORDERS_0);
  await successor.open(ORDERS_0);
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 100_000 });
  await assert.rejects(sleptADay.commit([commitAfter(old)]), { code: 'fenced' });
  for (const part of [sleeper, successor, sleptADay, projector, mongo]) await part.close();
});
