/** The lane over a store in memory: takeovers, sessions, early commits and a schedule of random deaths. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unpackWindow } from '../../../actors/kpi/window.ts';
import type { PartitionCommit, PartitionState, PartitionStore } from '../../../actors/ports/hot-store.ts';
import { Lane } from '../../../actors/window-aggregator/lane.ts';
import { AppError } from '../../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../../protocol/event.ts';
import { batchOf, emptyState, PLACE, type TestRecord } from './batches.ts';
import { cellsOf, randomFrom, randomRecords } from './fixture.ts';

const SETTINGS = { latenessMs: 3_600_000, dedup: 0 };
const nextTurn = async () => {};

/** The port's promise, in memory: epochs fence, a commit is whole. */
class MemoryStore implements PartitionStore {
  readonly states = new Map<string, PartitionState>();
  readonly windows = new Map<string, Uint8Array>();
  commits = 0;

  async open(partition: TopicPartition): Promise<PartitionState> {
    const key = partitionKey(partition);
    const held = this.states.get(key) ?? emptyState({ ...partition, epoch: 0 });
    const opened = { ...held, epoch: held.epoch + 1 };
    this.states.set(key, opened);
    return opened;
  }

  async window(partition: TopicPartition, start: number): Promise<Uint8Array | undefined> {
    return this.windows.get(`${partitionKey(partition)}@${start}`);
  }

  async commit(commits: readonly PartitionCommit[]): Promise<void> {
    for (const { windows, raw: _raw, deadLetters: _dead, ...state } of commits) {
      const key = partitionKey(state);
      const held = this.states.get(key);
      if (held?.epoch !== state.epoch || state.seq !== held.seq + 1) throw new AppError('fenced', `fenced: ${key}`);
      this.states.set(key, state);
      for (const { start, packed } of windows) this.windows.set(`${key}@${start}`, packed);
    }
    this.commits++;
  }

  async close(): Promise<void> {}

  /** What the windows say, whatever the order in which they came to say it. */
  cells(): Record<string, unknown> {
    const windows = [...this.windows].map(([key, packed]) => [key, cellsOf(unpackWindow(0, packed))] as const);
    return Object.fromEntries(windows);
  }
}

function parts(records: readonly TestRecord[], size: number): { base: number; records: TestRecord[] }[] {
  const out: { base: number; records: TestRecord[] }[] = [];
  for (let base = 0; base < records.length; base += size) out.push({ base, records: records.slice(base, base + size) });
  return out;
}

test('lane drops batches of an earlier session, and those below its offset', async () => {
  const lane = new Lane(new MemoryStore(), SETTINGS, nextTurn);
  await lane.assign([PLACE]);
  const records = randomRecords(randomFrom(1), 10);
  const { session } = lane;
  assert.equal(await lane.apply(batchOf(records, 0, { session: session - 1 })), false);
  assert.equal(await lane.apply(batchOf(records, 0, { session })), true);
  assert.equal(await lane.apply(batchOf(records, 0, { session })), false, 'the same records again');
  assert.equal(await lane.apply(batchOf(records, 0, { session, partition: 3 })), false, 'a partition it does not own');
  assert.deepEqual(lane.positions(), [{ ...PLACE, offset: 10 }]);
});

test('lane commits what it gives up, and the next owner goes on from there', async () => {
  const store = new MemoryStore();
  const [first, second] = [new Lane(store, SETTINGS, nextTurn), new Lane(store, SETTINGS, nextTurn)];
  await first.assign([PLACE]);
  await first.apply(batchOf(randomRecords(randomFrom(2), 10), 0, { session: first.session }));
  await first.assign([]);
  await second.assign([PLACE]);
  assert.deepEqual(second.positions(), [{ ...PLACE, offset: 10 }]);
  assert.equal(second.states()[0]?.epoch, 2);
});

test('lane that was taken over is fenced: nothing of it gets into the store any more', async () => {
  const store = new MemoryStore();
  const [zombie, owner] = [new Lane(store, SETTINGS, nextTurn), new Lane(store, SETTINGS, nextTurn)];
  await zombie.assign([PLACE]);
  await zombie.apply(batchOf(randomRecords(randomFrom(3), 10), 0, { session: zombie.session }));
  await owner.assign([PLACE]);
  assert.deepEqual(await zombie.commit(), []);
  assert.equal(store.states.get('orders/0')?.nextOffset, 0);
});

test('lane drops the partition that was taken over, says so once, and goes on with the others', async () => {
  const store = new MemoryStore();
  const [lane, owner] = [new Lane(store, SETTINGS, nextTurn), new Lane(store, SETTINGS, nextTurn)];
  // Of one partition index, so that they are committed together; and one that stands apart.
  const places = [PLACE, { topic: 'clicks', partition: 0 }, { topic: 'orders', partition: 1 }];
  lane.follow('gateway');
  await lane.assign(places);
  for (const place of places) {
    const batch = batchOf(randomRecords(randomFrom(3), 10), 0, { session: lane.session, ...place });
    assert.equal(await lane.apply(batch), true);
  }
  await owner.assign([PLACE]);
  const kept = [
    { topic: 'clicks', partition: 0, offset: 10 },
    { topic: 'orders', partition: 1, offset: 10 },
  ];
  assert.deepEqual(await lane.commit(), kept);
  assert.deepEqual(lane.takeFenced(), [PLACE]);
  assert.deepEqual(lane.takeFenced(), []);
  assert.deepEqual(lane.positions(), kept);
  assert.equal(lane.takePartials('gateway').updates.length, 2);
  assert.equal(store.states.get('orders/0')?.nextOffset, 0);
  await lane.assign(places);
  assert.deepEqual(lane.positions().at(-1), { ...PLACE, offset: 0 });
  assert.deepEqual(await owner.commit(), []);
});

test('lane that fails to commit for any other reason fails', async () => {
  const store = new MemoryStore();
  const lane = new Lane(store, SETTINGS, nextTurn);
  await lane.assign([PLACE]);
  await lane.apply(batchOf(randomRecords(randomFrom(3), 10), 0, { session: lane.session }));
  store.commit = async () => {
    throw new AppError('unavailable', 'the store is away');
  };
  await assert.rejects(lane.commit(), { code: 'unavailable' });
});

test('lane skips what the log no longer has, commits how much that was, and goes on from there', async () => {
  const store = new MemoryStore();
  const lane = new Lane(store, SETTINGS, nextTurn);
  lane.follow('gateway');
  await lane.assign([PLACE]);
  await lane.apply(batchOf(randomRecords(randomFrom(5), 10), 0, { session: lane.session }));
  assert.equal(await lane.skipTo({ ...PLACE, offset: 25 }), true);
  assert.equal(await lane.skipTo({ ...PLACE, offset: 20 }), true, 'it is further already');
  assert.equal(await lane.skipTo({ ...PLACE, partition: 7, offset: 20 }), false);
  const { nextOffset, gap, seq } = store.states.get('orders/0') as PartitionState;
  assert.deepEqual({ nextOffset, gap, seq }, { nextOffset: 25, gap: 15, seq: 1 });
  assert.deepEqual(
    lane.takePartials('gateway').updates.map((update) => ({ next: update.nextOffset, gap: update.gap })),
    [{ next: 25, gap: 15 }],
  );
  const successor = new Lane(store, SETTINGS, nextTurn);
  await successor.assign([PLACE]);
  await successor.apply(batchOf(randomRecords(randomFrom(6), 5), 25, { session: successor.session }));
  await successor.skipTo({ ...PLACE, offset: 31 });
  assert.equal(store.states.get('orders/0')?.gap, 16);
});

test('lane tells only what is committed, and merges what was not asked for', async () => {
  const lane = new Lane(new MemoryStore(), SETTINGS, nextTurn);
  lane.follow('gateway');
  await lane.assign([PLACE]);
  const batches = parts(randomRecords(randomFrom(4), 30), 10);
  for (const { base, records } of batches.slice(0, 2)) {
    await lane.apply(batchOf(records, base, { session: lane.session, appendedAt: base + 1 }));
    await lane.commit();
  }
  const last = batches[2] as (typeof batches)[number];
  await lane.apply(batchOf(last.records, last.base, { session: lane.session, appendedAt: 99 }));
  const { updates, appendedAt } = lane.takePartials('gateway');
  assert.deepEqual(
    updates.map(({ from, to, nextOffset }) => ({ from, to, nextOffset })),
    [{ from: 0, to: 2, nextOffset: 20 }],
  );
  assert.deepEqual(appendedAt, [1, 11]);
  assert.deepEqual(lane.takePartials('gateway').updates, []);
});

test('lane tells each follower every commit once, at its own pace, and nothing to those who do not follow', async () => {
  const lane = new Lane(new MemoryStore(), SETTINGS, nextTurn);
  lane.follow('gateway');
  await lane.assign([PLACE]);
  const records = randomRecords(randomFrom(5), 50);
  const spans = { gateway: [] as number[][], bus: [] as number[][] };
  const tell = (name: keyof typeof spans) => {
    for (const { from, to } of lane.takePartials(name).updates) spans[name].push([from, to]);
  };
  for (const [at, part] of parts(records, 10).entries()) {
    if (at === 1) lane.follow('bus');
    if (at === 4) lane.unfollow('bus');
    await lane.apply(batchOf(part.records, part.base, { session: lane.session }));
    await lane.commit();
    tell('gateway');
    if (at === 2 || at === 4) tell('bus');
  }
  assert.deepEqual(spans.gateway, [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
  ]);
  assert.deepEqual(spans.bus, [[1, 3]]);
});

test('lane is full when history spreads over many windows', async () => {
  const lane = new Lane(new MemoryStore(), { ...SETTINGS, latenessMs: 1e12 }, nextTurn);
  await lane.assign([PLACE]);
  const minutes = (from: number, count: number): TestRecord[] =>
    Array.from({ length: count }, (_, index) => ({
      events: [{ kind: 'delivery' as const, time: (from + index) * 60_000, id: `o${index}` }],
      dead: 0,
      array: false,
    }));
  await lane.apply(batchOf(minutes(1_000, 499), 0, { session: lane.session }));
  assert.equal(lane.full, false);
  await lane.apply(batchOf(minutes(2_000, 1), 499, { session: lane.session }));
  assert.equal(lane.full, true);
  await lane.commit();
  assert.equal(lane.full, false);
});

for (const seed of [1, 2, 3, 4, 5]) {
  test(`lane that dies at random points ends with the same windows as one that never did, seed ${seed}`, async () => {
    const random = randomFrom(seed);
    const records = randomRecords(random, 400);
    const run = async (deaths: number): Promise<MemoryStore> => {
      const store = new MemoryStore();
      let lane = new Lane(store, SETTINGS, nextTurn);
      await lane.assign([PLACE]);
      for (let base = 0; base < records.length; ) {
        if (random() < deaths) {
          lane = new Lane(store, SETTINGS, nextTurn);
          await lane.assign([PLACE]);
          base = lane.positions()[0]?.offset ?? 0;
          continue;
        }
        const size = 1 + Math.floor(random() * 30);
        const batch = batchOf(records.slice(base, base + size), base, { session: lane.session });
        assert.equal(await lane.apply(batch), true);
        base = batch.next;
        if (random() < 0.4) await lane.commit();
      }
      await lane.commit();
      return store;
    };
    const [calm, deadly] = [await run(0), await run(0.3)];
    assert.deepEqual(deadly.cells(), calm.cells());
    const { epoch: _e, seq: _s, ...wanted } = calm.states.get('orders/0') as PartitionState;
    const { epoch, seq: _q, ...got } = deadly.states.get('orders/0') as PartitionState;
    assert.deepEqual(got, wanted);
    assert.ok(epoch > 1, 'it died at least once');
  });
}

test('lane makes no window anew that was let go of: what belongs there is late, after a restart too', async () => {
  const time = 1_763_600_000_000;
  const order = (at: number): TestRecord => ({
    events: [{ kind: 'restock', time: at, product: 'p1' }],
    dead: 0,
    array: false,
  });
  for (const restarts of [false, true]) {
    const store = new MemoryStore();
    const lane = new Lane(store, SETTINGS, nextTurn);
    if (restarts) lane.keepFrom(time);
    await lane.assign([PLACE]);
    lane.keepFrom(time);
    lane.keepFrom(time - 1_000_000);
    // The first event of a topic-partition is late for no other reason.
    await lane.apply({ ...batchOf([order(time - 60_000), order(time)], 0), session: lane.session });
    await lane.commit();
    const { ledger } = store.states.get(partitionKey(PLACE)) as PartitionState;
    assert.deepEqual([ledger.in, ledger.counted, ledger.late], [2, 1, 1]);
    assert.equal(store.windows.size, 1);
  }
});
