/** What every hot store must do with commits, whatever it stands on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FactStore, PartitionState, PartitionStore, StoreReader } from '../../actors/ports/hot-store.ts';
import { type DeadLetter, emptyLedger } from '../../protocol/event.ts';
import { commitAfter, deadLetter, ordersChunk } from './commits.ts';

/** A store of the topics `orders` and `clicks`, two partitions each, empty at first. */
export type StoreFixture = {
  store(): Promise<PartitionStore>;
  reader(): Promise<StoreReader>;
  facts(): Promise<FactStore>;
  close(): Promise<void>;
};

export type StoreBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<StoreFixture>;
};

export type Check = (behaviour: string, body: (store: StoreFixture) => Promise<void>) => void;

/** Registers tests that each have a store of their own. */
export function storeChecks({ name, skip, make }: StoreBackend): Check {
  return (behaviour, body) => {
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });
  };
}

export const ORDERS_0 = { topic: 'orders', partition: 0 };
export const ORDERS_1 = { topic: 'orders', partition: 1 };
export const CLICKS_0 = { topic: 'clicks', partition: 0 };

const T0 = 1_763_600_000_000;
const MINUTE = 60_000;
const bytes = (...values: number[]) => Uint8Array.from(values);

async function stateOf(reader: StoreReader, topic: string, partition: number): Promise<PartitionState | undefined> {
  return (await reader.partitions()).find((state) => state.topic === topic && state.partition === partition);
}

export function hotStoreContract(backend: StoreBackend): void {
  const check = storeChecks(backend);

  check('opens a partition that never was, empty and with a first epoch', async (fixture) => {
    const store = await fixture.store();
    const state = await store.open(ORDERS_0);
    assert.deepEqual(state, {
      ...ORDERS_0,
      epoch: 1,
      seq: 0,
      nextOffset: 0,
      gap: 0,
      watermark: -1,
      ledger: emptyLedger(),
      totals: { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 },
      dedup: null,
    });
    assert.equal(await store.window(ORDERS_0, T0), undefined);
  });

  check('gives back everything of a commit, to the owner after the next open and to readers', async (fixture) => {
    const store = await fixture.store();
    const commit = commitAfter(await store.open(ORDERS_0), {
      nextOffset: 7,
      watermark: T0,
      ledger: { in: 7, counted: 3, late: 2, dead: 1, duplicates: 1 },
      totals: { events: 3, orders: 2, paidOrders: 1, items: 5, revenue: 9_007_199_254_740_991 },
      gap: 4,
      dedup: bytes(1, 2, 3),
      windows: [{ start: T0, packed: bytes(4, 5) }],
      deadLetters: [
        deadLetter(0, 4, { reason: 'poison', attempts: 2, error: 'RangeError: çok' }),
        deadLetter(0, 3, { element: 2, field: 'price', reason: 'bad-value', excerpt: 'açúcar' }),
      ],
    });
    await store.commit([commit]);
    const { windows, raw, deadLetters, ...state } = commit;
    const reader = await fixture.reader();
    assert.deepEqual(await stateOf(reader, 'orders', 0), state);
    assert.deepEqual(await reader.windows(T0, T0 + 1), [{ ...ORDERS_0, seq: 1, start: T0, packed: bytes(4, 5) }]);
    assert.deepEqual((await reader.deadLetters({ limit: 10 })).items, deadLetters);
    await store.close();
    const again = await fixture.store();
    assert.deepEqual(await again.open(ORDERS_0), { ...state, epoch: 2 });
    assert.deepEqual(await again.window(ORDERS_0, T0), bytes(4, 5));
    assert.deepEqual(raw, []);
    assert.equal(windows.length, 1);
  });

  check('overwrites a window that is committed again', async (fixture) => {
    const store = await fixture.store();
    let state: PartitionState = await store.open(ORDERS_0);
    for (const value of [1, 2, 3]) {
      const commit = commitAfter(state, { windows: [{ start: T0, packed: bytes(value) }] });
      await store.commit([commit]);
      state = commit;
    }
    assert.deepEqual(await store.window(ORDERS_0, T0), bytes(3));
    assert.deepEqual(
      (await (await fixture.reader()).windows(0, Number.MAX_SAFE_INTEGER)).map(({ seq }) => seq),
      [3],
    );
  });

  check('reads windows of a range, the end excluded, of all topic-partitions', async (fixture) => {
    const store = await fixture.store();
    for (const partition of [ORDERS_0, ORDERS_1, CLICKS_0]) {
      const windows = [0, 1, 2].map((minute) => ({ start: T0 + minute * MINUTE, packed: bytes(minute) }));
      await store.commit([commitAfter(await store.open(partition), { windows })]);
    }
    const read = await (await fixture.reader()).windows(T0, T0 + 2 * MINUTE);
    assert.equal(read.length, 6);
    const reader = await fixture.reader();
    assert.equal(await reader.nextWindow(0), T0);
    assert.equal(await reader.nextWindow(T0 + 1), T0 + MINUTE);
    assert.equal(await reader.nextWindow(T0 + 2 * MINUTE + 1), undefined);
    assert.ok(read.every(({ start, packed }) => start === T0 + (packed[0] as number) * MINUTE));
  });

  check('takes a snapshot in which the windows are those of the states', async (fixture) => {
    const store = await fixture.store();
    const commit = commitAfter(await store.open(ORDERS_0), { windows: [{ start: T0, packed: bytes(1) }] });
    await store.commit([commit]);
    const snapshot = await (await fixture.reader()).snapshot(T0, T0 + MINUTE);
    assert.deepEqual(
      snapshot.states.map(({ topic, seq }) => [topic, seq]),
      [['orders', 1]],
    );
    assert.deepEqual(snapshot.windows, [{ ...ORDERS_0, seq: 1, start: T0, packed: bytes(1) }]);
  });

  check('shows readers a commit at once', async (fixture) => {
    const reader = await fixture.reader();
    assert.deepEqual(await reader.partitions(), []);
    const store = await fixture.store();
    const commit = commitAfter(await store.open(ORDERS_0), { nextOffset: 5 });
    await store.commit([commit]);
    assert.equal((await stateOf(reader, 'orders', 0))?.nextOffset, 5);
  });

  check('refuses the commit of an earlier owner', async (fixture) => {
    const old = await fixture.store();
    const before = await old.open(ORDERS_0);
    const now = await fixture.store();
    const after = await now.open(ORDERS_0);
    assert.equal(after.epoch, before.epoch + 1);
    const windows = [{ start: T0, packed: bytes(1) }];
    await assert.rejects(old.commit([commitAfter(before, { windows, nextOffset: 9 })]), { code: 'fenced' });
    assert.equal(await now.window(ORDERS_0, T0), undefined);
    await now.commit([commitAfter(after, { nextOffset: 3 })]);
    assert.equal((await stateOf(await fixture.reader(), 'orders', 0))?.nextOffset, 3);
  });

  check('refuses a commit that does not follow the last one', async (fixture) => {
    const store = await fixture.store();
    const state = await store.open(ORDERS_0);
    const first = commitAfter(state);
    await store.commit([first]);
    for (const seq of [0, 1, 3]) await assert.rejects(store.commit([{ ...first, seq }]), { code: 'fenced' });
    await store.commit([{ ...first, seq: 2 }]);
  });

  check('refuses the commit of a partition that nobody opened', async (fixture) => {
    const store = await fixture.store();
    const state = await store.open(ORDERS_0);
    await assert.rejects(store.commit([commitAfter({ ...state, ...CLICKS_0 })]), { code: 'fenced' });
  });

  check('shows nothing of a refused commit, of the other topics of its partition neither', async (fixture) => {
    const store = await fixture.store();
    const orders = await store.open(ORDERS_0);
    const clicks = await store.open(CLICKS_0);
    const order = { id: 'o1', time: T0, state: 'SP' };
    const good = commitAfter(orders, {
      nextOffset: 1,
      windows: [{ start: T0, packed: bytes(1) }],
      raw: [ordersChunk(0, [order])],
      deadLetters: [deadLetter(0, 7)],
    });
    await assert.rejects(store.commit([good, commitAfter({ ...clicks, epoch: 9 })]), { code: 'fenced' });
    const reader = await fixture.reader();
    assert.ok((await reader.partitions()).every(({ seq, nextOffset }) => seq === 0 && nextOffset === 0));
    assert.deepEqual(await reader.windows(0, Number.MAX_SAFE_INTEGER), []);
    assert.equal(await reader.order('o1'), undefined);
    assert.deepEqual((await reader.deadLetters({ limit: 5 })).items, []);
    await store.commit([good]);
    assert.equal((await reader.order('o1'))?.time, T0);
  });

  check('commits topics of one partition and of several together', async (fixture) => {
    const store = await fixture.store();
    const states = await Promise.all([ORDERS_0, CLICKS_0, ORDERS_1].map((partition) => store.open(partition)));
    await store.commit(states.map((state, index) => commitAfter(state, { nextOffset: index + 1 })));
    const read = await (await fixture.reader()).partitions();
    assert.deepEqual(read.map(({ nextOffset }) => nextOffset).sort(), [1, 2, 3]);
  });

  check('pages dead letters newest first, each once, and filters them by reason', async (fixture) => {
    const store = await fixture.store();
    const all = [ORDERS_0, ORDERS_1, CLICKS_0].flatMap(({ topic, partition }) =>
      Array.from({ length: 20 }, (_, offset) =>
        // Few different times, so that pages end in the middle of equal ones.
        deadLetter(partition, offset, {
          topic,
          at: T0 + (offset % 3),
          reason: offset % 4 === 0 ? 'too-large' : 'not-json',
        }),
      ),
    );
    for (const partition of [ORDERS_0, ORDERS_1, CLICKS_0]) {
      const deadLetters = all.filter(
        (letter) => letter.topic === partition.topic && letter.partition === partition.partition,
      );
      await store.commit([commitAfter(await store.open(partition), { deadLetters })]);
    }
    const reader = await fixture.reader();
    for (const reason of [undefined, 'too-large']) {
      const expected = all.filter((letter) => reason === undefined || letter.reason === reason);
      const seen: DeadLetter[] = [];
      let cursor: string | undefined;
      do {
        const page = await reader.deadLetters({ reason, limit: 7, cursor });
        seen.push(...page.items);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      assert.ok(seen.every(({ at }, index) => index === 0 || at <= (seen[index - 1]?.at as number)));
      const key = (letter: object) => JSON.stringify(letter, Object.keys(letter).sort());
      assert.deepEqual(seen.map(key).sort(), expected.map(key).sort());
    }
    await assert.rejects(reader.deadLetters({ limit: 5, cursor: 'nonsense' }), {
      code: 'bad-parameter',
      field: 'cursor',
    });
  });

  check('measures more bytes the more it holds', async (fixture) => {
    const store = await fixture.store();
    const reader = await fixture.reader();
    const before = await reader.hotBytes();
    const orders = Array.from({ length: 1000 }, (_, index) => ({ id: `o${index}`, time: T0 + index, state: 'SP' }));
    await store.commit([commitAfter(await store.open(ORDERS_0), { raw: [ordersChunk(0, orders)] })]);
    assert.ok((await reader.hotBytes()) - before > 100_000);
  });

  check('keeps facts, the last value of each', async (fixture) => {
    const facts = await fixture.facts();
    assert.equal(await facts.get('lanes'), undefined);
    await facts.put('lanes', 2);
    await facts.put('lanes', 4);
    await facts.put('generator', { seq: 12, names: ['a', null] });
    const other = await fixture.facts();
    assert.equal(await other.get('lanes'), 4);
    assert.deepEqual(await other.get('generator'), { seq: 12, names: ['a', null] });
  });

  check('gives a fact to whoever claims it first, until it is removed', async (fixture) => {
    const [one, other] = [await fixture.facts(), await fixture.facts()];
    const claims = await Promise.all([one, other, one].map((facts, place) => facts.claim('letter', place)));
    assert.deepEqual(claims.toSorted(), [false, false, true]);
    assert.equal(await other.get('letter'), claims.indexOf(true));
    await other.put('b', [1]);
    assert.deepEqual([...(await one.find(['b', 'nowhere', 'letter']))].sort(), [
      ['b', [1]],
      ['letter', claims.indexOf(true)],
    ]);
    await one.remove('letter');
    assert.equal(await other.claim('letter', 7), true);
  });
}
