/** What every store of roll-ups must do, whatever it stands on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionState, PartitionStore, RollupReader, RollupWriter } from '../../actors/ports/hot-store.ts';
import { commitAfter } from './commits.ts';

/** Of the topics `orders` and `clicks`, two partitions each, empty at first. */
export type RollupFixture = {
  store(): Promise<PartitionStore>;
  rollups(): Promise<RollupReader>;
  writer(): Promise<RollupWriter>;
  close(): Promise<void>;
};

export type RollupBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<RollupFixture>;
};

const ORDERS_0 = { topic: 'orders', partition: 0 };
const ORDERS_1 = { topic: 'orders', partition: 1 };
const CLICKS_0 = { topic: 'clicks', partition: 0 };
const MINUTE = 60_000;
const HOUR = 3_600_000;
const T0 = 1_763_600_400_000;
const FAR = Number.MAX_SAFE_INTEGER;
const bytes = (...values: number[]) => Uint8Array.from(values);
const plain = (windows: readonly { start: number; packed: Uint8Array }[]) =>
  windows.map(({ start, packed }) => [start, [...packed]]);

export function rollupContract({ name, skip, make }: RollupBackend): void {
  const check = (behaviour: string, body: (fixture: RollupFixture) => Promise<void>) =>
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });

  check('has no roll-ups and no stamp at first', async (fixture) => {
    const rollups = await fixture.rollups();
    assert.deepEqual(await rollups.rollups('hour', 0, FAR), { stamp: [], windows: [] });
    assert.deepEqual(await rollups.changedSince([]), []);
  });

  check('gives back roll-ups of a level in a range, the end excluded, in order, with their stamp', async (fixture) => {
    const writer = await fixture.writer();
    const stamp = [
      { ...CLICKS_0, seq: 3 },
      { ...ORDERS_0, seq: 9_007_199_254_740_991 },
    ];
    const hours = [2, 0, 1].map((hour) => ({ level: 'hour' as const, start: T0 + hour * HOUR, packed: bytes(hour) }));
    await writer.replace([...hours, { level: 'day', start: T0, packed: bytes(9, 9) }], stamp);
    const rollups = await fixture.rollups();
    const found = await rollups.rollups('hour', T0, T0 + 2 * HOUR);
    assert.deepEqual(plain(found.windows), [
      [T0, [0]],
      [T0 + HOUR, [1]],
    ]);
    assert.deepEqual(
      [...found.stamp].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
      stamp,
    );
    assert.deepEqual(plain((await rollups.rollups('day', 0, FAR)).windows), [[T0, [9, 9]]]);
    assert.deepEqual((await rollups.rollups('day', 0, 0)).windows, []);
    assert.equal((await rollups.rollups('day', 0, 0)).stamp.length, 2);
  });

  check('replaces roll-ups and the whole stamp, and takes away what has no bytes', async (fixture) => {
    const writer = await fixture.writer();
    const rollups = await fixture.rollups();
    const at = (start: number, ...values: number[]) => ({ level: 'hour' as const, start, packed: bytes(...values) });
    await writer.replace([at(T0, 1), at(T0 + HOUR, 2)], [{ ...ORDERS_0, seq: 1 }]);
    await writer.replace([at(T0, 3, 4), at(T0 + HOUR), at(T0 + 2 * HOUR)], [{ ...ORDERS_1, seq: 2 }]);
    const found = await rollups.rollups('hour', 0, FAR);
    assert.deepEqual(plain(found.windows), [[T0, [3, 4]]]);
    assert.deepEqual(found.stamp, [{ ...ORDERS_1, seq: 2 }]);
    await writer.replace([], []);
    assert.deepEqual(plain((await rollups.rollups('hour', 0, FAR)).windows), [[T0, [3, 4]]]);
    assert.deepEqual((await rollups.rollups('hour', 0, FAR)).stamp, []);
  });

  check('holds large roll-ups', async (fixture) => {
    const packed = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 31);
    await (await fixture.writer()).replace([{ level: 'day', start: T0, packed }], []);
    const [found] = (await (await fixture.rollups()).rollups('day', T0, T0 + 1)).windows;
    assert.ok(found !== undefined && Buffer.from(found.packed).equals(packed));
  });

  check('names the windows that a commit after the stamp has written, each once and sorted', async (fixture) => {
    const store = await fixture.store();
    const states = new Map<string, PartitionState>();
    const commit = async (of: typeof ORDERS_0, ...minutes: number[]) => {
      const key = `${of.topic}/${of.partition}`;
      const before = states.get(key) ?? (await store.open(of));
      const windows = minutes.map((minute) => ({ start: T0 + minute * MINUTE, packed: bytes(minute) }));
      const next = commitAfter(before, { windows });
      await store.commit([next]);
      states.set(key, next);
    };
    await commit(ORDERS_0, 5, 3);
    await commit(ORDERS_0, 3, 4);
    await commit(ORDERS_1, 4, 90);
    await commit(CLICKS_0, 1);
    const rollups = await fixture.rollups();
    const since = async (...stamp: { topic: string; partition: number; seq: number }[]) =>
      (await rollups.changedSince(stamp)).map((start) => (start - T0) / MINUTE);
    assert.deepEqual(await since(), [1, 3, 4, 5, 90]);
    const all = [
      { ...ORDERS_0, seq: 2 },
      { ...ORDERS_1, seq: 1 },
      { ...CLICKS_0, seq: 1 },
    ];
    assert.deepEqual(await since(...all), []);
    assert.deepEqual(await since({ ...ORDERS_0, seq: 1 }, ...all.slice(1)), [3, 4]);
    // A topic-partition that the stamp lacks counts from its beginning.
    assert.deepEqual(await since(...all.slice(0, 2)), [1]);
    await commit(ORDERS_1, 2);
    assert.deepEqual(await since(...all), [2]);
  });

  check('gives up nothing that was written when it is opened again', async (fixture) => {
    const first = await fixture.writer();
    await first.replace([{ level: 'day', start: T0, packed: bytes(1) }], [{ ...ORDERS_0, seq: 1 }]);
    await first.close();
    await (await fixture.writer()).replace([{ level: 'hour', start: T0, packed: bytes(2) }], [{ ...ORDERS_0, seq: 2 }]);
    const rollups = await fixture.rollups();
    assert.deepEqual(plain((await rollups.rollups('day', 0, FAR)).windows), [[T0, [1]]]);
  });
}
