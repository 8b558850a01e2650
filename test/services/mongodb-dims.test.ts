/**
 * Customers, products, warehouses, couriers and inventory on MongoDB against a brute-force count, with their projection cut
 * off at every single write, before it, in the middle of it or after it, while others project the same.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Mongo, type MongoConfig } from '../../actors/backends/store-mongodb-client.ts';
import { DimensionProjection } from '../../actors/backends/store-mongodb-dims-projection.ts';
import { OwnedPartitions } from '../../actors/backends/store-mongodb-owned.ts';
import { MongoProjector } from '../../actors/backends/store-mongodb-projector.ts';
import { collections } from '../../actors/backends/store-mongodb-schema.ts';
import { JournalTrim } from '../../actors/backends/store-mongodb-trim.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model } from '../model/model.ts';
import { Random } from '../model/random.ts';
import type { Order } from '../model/rules.ts';
import { freshMongo, mongoSkip } from './mongodb.ts';
import { countedEvents, expectedTables, type Tables } from './mongodb-dims-oracle.ts';
import { type Event, RECORD_TIME, randomEvent, recordOf, Shop, T0 } from './mongodb-dims-shop.ts';

type Collections = ReturnType<typeof collections>;
type BulkWrite = (operations: readonly unknown[], options?: object) => Promise<unknown>;

const nextTurn = async () => undefined;
const OPTIONS = { fold: () => [], latenessMs: 0, nextTurn };
const CUT = new Error('cut off by the test');
const encoder = new TextEncoder();

/** A process that dies at its write of this number: before it, after some of it, or after all of it. */
function dying(found: Collections, random: Random, at: number): Collections {
  let writes = 0;
  const wrapped = <T extends object>(collection: T): T =>
    new Proxy(collection, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== 'function') return value;
        if (name !== 'bulkWrite') return value.bind(target);
        return async (operations: readonly unknown[], options?: object) => {
          const write = value.bind(target) as BulkWrite;
          if (writes++ < at) return write(operations, options);
          const some = operations.filter(() => random.chance(0.5));
          const done = random.pick([[], some, operations]);
          // That a newer document is there is no news.
          if (done.length > 0) await write(done, options).catch(() => undefined);
          throw CUT;
        };
      },
    });
  const dimensions = Object.entries(found.dimensions).map(([name, collection]) => [name, wrapped(collection)]);
  return {
    ...found,
    partitions: wrapped(found.partitions),
    dimPartials: wrapped(found.dimPartials),
    dimensions: Object.fromEntries(dimensions) as Collections['dimensions'],
  };
}

async function stepUntilCut(projection: DimensionProjection): Promise<'cut' | 'done'> {
  try {
    while ((await projection.step()).more);
    return 'done';
  } catch (thrown) {
    if (thrown !== CUT) throw thrown;
    return 'cut';
  }
}

class Stage {
  readonly config: MongoConfig;
  readonly mongo: Mongo;
  readonly found: Collections;
  readonly shop: Shop;
  readonly #projector: MongoProjector;
  readonly #trim: JournalTrim;
  #now = 0;

  private constructor(config: MongoConfig) {
    this.config = config;
    this.mongo = new Mongo(config);
    this.found = collections(this.mongo);
    this.shop = new Shop(config);
    this.#projector = new MongoProjector(config, OPTIONS);
    this.#trim = new JournalTrim(new OwnedPartitions(this.found, config.processId), () => this.#now);
  }

  static async make(t: TestContext): Promise<Stage> {
    const { config, drop } = await freshMongo();
    t.after(drop);
    const stage = new Stage(config);
    t.after(async () => {
      for (const part of [stage.shop, stage.#projector, stage.mongo]) await part.close();
    });
    return stage;
  }

  dimensions(found = this.found): DimensionProjection {
    return new DimensionProjection(new OwnedPartitions(found, this.config.processId), nextTurn);
  }

  /** All projections but the dimensions' come to the end, and what all have passed goes. */
  async others(): Promise<void> {
    for (const projection of this.#projector.projections)
      if (projection.name !== this.dimensions().name) while ((await projection.step()).more);
    this.#now += 3_600_000;
    await this.#trim.step();
  }

  async tables(): Promise<Tables> {
    const rows = Object.entries(this.found.dimensions).map(async ([name, collection]) => {
      const all = await collection.find().toArray();
      return [name, all.map(({ rev: _rev, ...row }) => row)] as const;
    });
    return Object.fromEntries(await Promise.all(rows)) as unknown as Tables;
  }
}

function sorted(tables: Tables): Tables {
  const byId = (a: { _id: string }, b: { _id: string }) => (a._id < b._id ? -1 : 1);
  const all = Object.entries(tables).map(([name, rows]) => [name, [...rows].sort(byId)]);
  return Object.fromEntries(all) as Tables;
}

/** Some commits of both partitions; what they hold is told. */
async function moreCommits(shop: Shop, random: Random, events: readonly Event[][]): Promise<void> {
  for (const [partition, own] of events.entries()) {
    const records = Array.from({ length: random.between(0, 12) }, () => {
      const few = Array.from({ length: random.chance(0.1) ? random.between(0, 3) : 1 }, () =>
        randomEvent(random, T0 + own.length * 2_000),
      );
      own.push(...few);
      return random.chance(0.05) ? [recordOf(random, few), '{"broken'] : [recordOf(random, few)];
    });
    if (records.length > 0)
      await shop.take(
        partition,
        records.flat().map((text) => encoder.encode(text)),
      );
  }
}

async function cutEverywhere(t: TestContext, seed: number): Promise<void> {
  const random = new Random(seed);
  const stage = await Stage.make(t);
  const events: Event[][] = [[], []];
  let cuts = 0;
  for (let round = 0; round < 4; round++) {
    for (let at = 0; ; at++) {
      await moreCommits(stage.shop, random, events);
      await stage.others();
      const once = stage.dimensions(dying(stage.found, random, at));
      // Another process on the same partitions, as while one is being replaced.
      const other = random.chance(0.3)
        ? stage.dimensions(dying(stage.found, random, random.between(0, 12)))
        : undefined;
      const [end] = await Promise.all([stepUntilCut(once), other && stepUntilCut(other)]);
      if (end === 'done') break;
      cuts++;
    }
    await stage.others();
    assert.equal(await stepUntilCut(stage.dimensions()), 'done');
    assert.deepEqual(sorted(await stage.tables()), sorted(expectedTables(countedEvents(events))));
  }
  assert.ok(cuts > 20, `${cuts} cuts`);
  assert.ok((await stage.found.journal.countDocuments({ barrier: false })) < 60, 'the journal was trimmed behind it');
  const shared = await stage.found.dimPartials
    .aggregate([
      { $match: { dimension: 'customers' } },
      { $group: { _id: '$key', of: { $sum: 1 } } },
      { $match: { of: 2 } },
    ])
    .toArray();
  assert.ok(shared.length > 10, 'partitions share customers');
}

for (const seed of [1, 2, 3]) {
  test(`dimensions are counted exactly once, cut off at every write, seed ${seed}`, { skip: mongoSkip }, (t) =>
    cutEverywhere(t, seed),
  );
}

test('the journal stays until the dimensions have passed it', { skip: mongoSkip }, async (t) => {
  const stage = await Stage.make(t);
  const random = new Random(9);
  const events: Event[][] = [[]];
  for (let round = 0; round < 5; round++) {
    await moreCommits(stage.shop, random, events);
    await stage.others();
  }
  const kept = await stage.found.journal.countDocuments({ barrier: false });
  assert.ok(kept >= 3, `${kept} documents`);
  assert.equal(await stepUntilCut(stage.dimensions()), 'done');
  for (let look = 0; look < 2; look++) await stage.others();
  assert.equal(await stage.found.journal.countDocuments({ barrier: false }), 1);
  assert.deepEqual(sorted(await stage.tables()), sorted(expectedTables(countedEvents(events))));
});

test('customers and products of a hostile shop are those of the model', { skip: mongoSkip }, async (t) => {
  const stage = await Stage.make(t);
  const model = new Model({ recordTime: RECORD_TIME });
  const start = RECORD_TIME - 4 * 3_600_000;
  const records = [...hostileLines({ events: 4_000, seed: 5, start })].filter(({ record }) => record);
  for (let at = 0; at < records.length; at += 400) {
    const some = records.slice(at, at + 400).map(({ bytes }) => bytes);
    for (const [partition, own] of [some.slice(0, 150), some.slice(150)].entries()) {
      for (const bytes of own) model.addTo('orders', partition, bytes);
      await stage.shop.take(partition, own, { latenessMs: 3_600_000, dedup: 0 });
    }
  }
  await stage.others();
  assert.equal(await stepUntilCut(stage.dimensions()), 'done');
  const orders = model.result().counted.filter((event): event is Order => event.kind === 'order');
  const { customers, products } = await stage.tables();
  assert.deepEqual(
    new Map(customers.map(({ _id, orders, first_seen, last_seen }) => [_id, [orders, first_seen, last_seen]])),
    new Map(
      [...Map.groupBy(orders, ({ customer }) => customer)].map(([id, own]) => {
        const times = own.map(({ time }) => time);
        return [id, [own.length, Math.min(...times), Math.max(...times)]];
      }),
    ),
  );
  const sold = orders.flatMap(({ paymentStatus, items }) => items.map((item) => ({ ...item, paymentStatus })));
  assert.deepEqual(
    new Map(products.map(({ _id, items_sold }) => [_id, items_sold])),
    new Map(
      [...Map.groupBy(sold, ({ product }) => product)].map(([id, own]) => [
        id,
        own.reduce((sum, { quantity, paymentStatus }) => sum + (paymentStatus === 'failed' ? 0 : quantity), 0),
      ]),
    ),
  );
  assert.ok(customers.length > 100 && products.length > 100);
});
