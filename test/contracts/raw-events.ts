/** What every hot store must do with raw events: measure them, hand them to the archiver, let go of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Owner, PartitionPruner, PartitionStore, RawReader, StoreReader } from '../../actors/ports/hot-store.ts';
import { commitAfter, deadLetter, ordersChunk, rawChunk } from './commits.ts';
import { CLICKS_0, ORDERS_0, ORDERS_1 } from './hot-store.ts';

/** A store of the topics `orders` and `clicks`, two partitions each, empty at first. */
export type RawFixture = {
  store(): Promise<PartitionStore & PartitionPruner>;
  raw(): Promise<RawReader>;
  reader(): Promise<StoreReader>;
  close(): Promise<void>;
};

export type RawBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<RawFixture>;
  /** How many times the bytes of chunks and hashes a store may need, with what else finds orders again. */
  readonly mostTimes?: number;
};

const T0 = 1_763_600_000_000;

function tenOrders(base: number, time = T0) {
  const orders = Array.from({ length: 10 }, (_, index) => ({
    id: `o${base + index}`,
    time: time + index,
    state: 'SP',
  }));
  return ordersChunk(base, orders, { zstd: base % 20 === 0 });
}

/** Ten chunks of ten orders from offset 0 on, and some dead letters. */
async function filled(store: PartitionStore, place = ORDERS_0) {
  const raw = Array.from({ length: 10 }, (_, index) => tenOrders(index * 10));
  const deadLetters = [3, 47, 48].map((offset) => deadLetter(place.partition, offset, { topic: place.topic }));
  const commit = commitAfter(await store.open(place), { nextOffset: 100, raw, deadLetters });
  await store.commit([commit]);
  return { commit, raw, deadLetters };
}

async function dropAll(store: PartitionPruner, owner: Owner, horizon: number): Promise<void> {
  for (let calls = 1; !(await store.dropRaw(owner, horizon)); calls++) assert.ok(calls < 10_000, 'it comes to an end');
}

export function rawEventsContract({ name, skip, make, mostTimes = 4 }: RawBackend): void {
  const check = (behaviour: string, body: (fixture: RawFixture) => Promise<void>) =>
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });

  const extentOf = async (reader: RawReader, { topic, partition }: { topic: string; partition: number }) =>
    (await reader.rawExtents()).find((extent) => extent.topic === topic && extent.partition === partition);

  check('hands out raw chunks as they were committed', async (fixture) => {
    const store = await fixture.store();
    const odd = [
      tenOrders(0),
      rawChunk(10, [{ text: 'no order, açaí 🛒', orders: [] }]),
      rawChunk(
        11,
        [
          { text: '[{},{}]', orders: [{ id: 'x', time: T0 - 5, state: 'SP' }] },
          { text: '', orders: [] },
        ],
        { marks: [{ offset: 11, element: 1, mark: 'late' }] },
      ),
    ];
    await store.commit([commitAfter(await store.open(ORDERS_0), { nextOffset: 13, raw: odd })]);
    const reader = await fixture.raw();
    const plain = (chunks: Awaited<ReturnType<RawReader['raw']>>) =>
      chunks.map((chunk) => ({ ...chunk, frames: [...chunk.frames], orderHashes: [...chunk.orderHashes] }));
    assert.deepEqual(plain(await reader.raw(ORDERS_0, 0, 1e9)), plain(odd));
    assert.deepEqual(await reader.raw(ORDERS_1, 0, 1e9), []);
    assert.deepEqual(await reader.raw(ORDERS_0, 13, 1e9), []);
  });

  check('hands out chunks from the one that holds an offset on, at least one and as many as fit', async (fixture) => {
    const { raw } = await filled(await fixture.store());
    const reader = await fixture.raw();
    const bases = async (from: number, maxBytes: number) =>
      (await reader.raw(ORDERS_0, from, maxBytes)).map(({ base }) => base);
    assert.deepEqual(await bases(0, 1), [0]);
    assert.deepEqual(await bases(35, 1), [30]);
    assert.deepEqual(await bases(40, 1), [40]);
    assert.deepEqual(await bases(89, 1e9), [80, 90]);
    const three = (raw[4]?.frames.length ?? 0) + (raw[5]?.frames.length ?? 0) + (raw[6]?.frames.length ?? 0);
    assert.deepEqual(await bases(45, three), [40, 50, 60]);
    assert.deepEqual(await bases(45, three - 1), [40, 50]);
    assert.deepEqual(await bases(0, 1e9), [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  check('says what stands where, and what it weighs', async (fixture) => {
    const store = await fixture.store();
    const { raw } = await filled(store);
    await filled(store, CLICKS_0);
    const reader = await fixture.raw();
    const extents = await reader.rawExtents();
    const frames = raw.reduce((sum, chunk) => sum + chunk.frames.length, 0);
    const hashes = raw.reduce((sum, chunk) => sum + chunk.orderHashes.byteLength, 0);
    const orders = extents.find(({ topic, partition }) => topic === 'orders' && partition === 0);
    assert.ok(orders !== undefined);
    assert.deepEqual({ ...orders, bytes: 0 }, { ...ORDERS_0, records: 100, from: 0, next: 100, horizon: 0, bytes: 0 });
    assert.ok(orders.bytes >= frames && orders.bytes <= mostTimes * (frames + hashes), `${orders.bytes} bytes`);
    const all = (await (await fixture.reader()).hotBytes()) as number;
    assert.equal(
      all,
      extents.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    assert.equal(
      extents.filter(({ records }) => records === 0).every(({ from, next }) => from === next),
      true,
    );
  });

  check('hands out dead letters of a range of offsets, in order', async (fixture) => {
    const { deadLetters } = await filled(await fixture.store());
    const reader = await fixture.raw();
    assert.deepEqual(await reader.deadLettersIn(ORDERS_0, 0, 100), deadLetters);
    assert.deepEqual(await reader.deadLettersIn(ORDERS_0, 47, 48), [deadLetters[1]]);
    assert.deepEqual(await reader.deadLettersIn(ORDERS_0, 4, 47), []);
    assert.deepEqual(await reader.deadLettersIn(ORDERS_1, 0, 100), []);
  });

  check('lets go of what stands below the horizon and of nothing else', async (fixture) => {
    const store = await fixture.store();
    const { commit } = await filled(store);
    await filled(store, CLICKS_0);
    const reader = await fixture.raw();
    const before = await extentOf(reader, ORDERS_0);
    await dropAll(store, commit, 40);
    const after = await extentOf(reader, ORDERS_0);
    assert.deepEqual({ ...after, bytes: 0 }, { ...ORDERS_0, records: 60, from: 40, next: 100, horizon: 40, bytes: 0 });
    assert.ok((after?.bytes ?? 0) < (before?.bytes ?? 0) && (after?.bytes ?? 0) > 0);
    assert.deepEqual(
      (await reader.raw(ORDERS_0, 0, 1e9)).map(({ base }) => base),
      [40, 50, 60, 70, 80, 90],
    );
    assert.equal((await extentOf(reader, CLICKS_0))?.records, 100);
    const orders = await (await fixture.reader()).orders({ from: 0, to: T0 * 2, limit: 1000 });
    assert.equal(orders.items.filter(({ topic }) => topic === 'orders').length, 58, 'sixty but for two dead ones');
    assert.equal(await (await fixture.reader()).order('o39').then((found) => found?.topic), 'clicks');
  });

  check('keeps the dead letters of what it let go', async (fixture) => {
    const store = await fixture.store();
    const { commit, deadLetters } = await filled(store);
    await dropAll(store, commit, 100);
    assert.deepEqual(await (await fixture.raw()).deadLettersIn(ORDERS_0, 0, 100), deadLetters);
    assert.equal((await (await fixture.reader()).deadLetters({ limit: 10 })).items.length, 3);
  });

  check('remembers the horizon, which only rises, through everything', async (fixture) => {
    const store = await fixture.store();
    const { commit } = await filled(store);
    await dropAll(store, commit, 50);
    await dropAll(store, commit, 20);
    await dropAll(store, commit, 50);
    assert.equal((await extentOf(await fixture.raw(), ORDERS_0))?.horizon, 50);
    const later = await fixture.store();
    const owner = await later.open(ORDERS_0);
    await dropAll(later, owner, 100);
    const extent = await extentOf(await fixture.raw(), ORDERS_0);
    assert.deepEqual(extent, { ...ORDERS_0, bytes: 0, records: 0, from: 100, next: 100, horizon: 100 });
  });

  check('refuses a commit that would write raw events below the horizon, whole', async (fixture) => {
    const store = await fixture.store();
    const { commit } = await filled(store);
    await dropAll(store, commit, 50);
    const below = commitAfter(commit, { nextOffset: 110, raw: [tenOrders(40), tenOrders(100)] });
    await assert.rejects(store.commit([below]), { code: 'data-mismatch' });
    const reader = await fixture.raw();
    assert.equal((await extentOf(reader, ORDERS_0))?.next, 100);
    assert.equal((await store.open(ORDERS_0)).nextOffset, 100);
  });

  check('goes on committing between the slices, and after all', async (fixture) => {
    const store = await fixture.store();
    const { commit } = await filled(store);
    const second = commitAfter(commit, { nextOffset: 110, raw: [tenOrders(100)] });
    await store.dropRaw(commit, 60);
    await store.commit([second]);
    await dropAll(store, second, 60);
    await store.commit([commitAfter(second, { nextOffset: 120, raw: [tenOrders(110)] })]);
    const extent = await extentOf(await fixture.raw(), ORDERS_0);
    assert.deepEqual({ ...extent, bytes: 0 }, { ...ORDERS_0, bytes: 0, records: 60, from: 60, next: 120, horizon: 60 });
  });

  check('lets only the newest owner let go', async (fixture) => {
    const store = await fixture.store();
    const { commit } = await filled(store);
    await (await fixture.store()).open(ORDERS_0);
    await assert.rejects(store.dropRaw(commit, 50), { code: 'fenced' });
    await assert.rejects(store.dropWindows(commit, T0), { code: 'fenced' });
    assert.equal((await extentOf(await fixture.raw(), ORDERS_0))?.records, 100);
  });

  check('lets go of windows that start before a time', async (fixture) => {
    const store = await fixture.store();
    const windows = Array.from({ length: 300 }, (_, index) => ({
      start: index * 60_000,
      packed: Uint8Array.of(index & 255),
    }));
    const commit = commitAfter(await store.open(ORDERS_0), { windows });
    await store.commit([commit]);
    for (let calls = 1; !(await store.dropWindows(commit, 290 * 60_000)); calls++) assert.ok(calls < 1000);
    const reader = await fixture.reader();
    assert.deepEqual(
      (await reader.windows(0, 1e12)).map(({ start }) => start / 60_000),
      Array.from({ length: 10 }, (_, index) => 290 + index),
    );
  });

  check('measures the same whatever way chunks came and went', async (fixture) => {
    const store = await fixture.store();
    const { commit } = await filled(store);
    await dropAll(store, commit, 70);
    const reader = await fixture.raw();
    const left = await extentOf(reader, ORDERS_0);
    const fresh = commitAfter(await store.open(ORDERS_1), {
      nextOffset: 100,
      raw: [tenOrders(70), tenOrders(80), tenOrders(90)],
    });
    await store.commit([fresh]);
    assert.equal(left?.bytes, (await extentOf(reader, ORDERS_1))?.bytes);
  });
}
