/** Orders over hot store and archive: one list, whatever stands where, and while it moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderHistory } from '../../../actors/history/orders.ts';
import type { OrderFilter, PartitionState, StoredOrder } from '../../../actors/ports/hot-store.ts';
import { AppError } from '../../../protocol/errors.ts';
import { commitAfter, ordersChunk } from '../../contracts/commits.ts';
import { Random } from '../../model/random.ts';
import { corpusOf, PLACE } from '../archive/corpus.ts';
import { type ArchiveStage, noTurn, openArchiveStage } from './archive-stage.ts';

const EVER = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
const OTHER = { topic: 'orders', partition: 1 };
const T0 = 1_763_640_000_000;

/** Without where it stands. */
const plain = ({ archived: _archived, ...order }: StoredOrder) => order;
const keyOf = ({ partition, offset, element }: StoredOrder) => `${partition}:${offset}:${element}`;

/** Hostile events in one partition, and in the other many orders of the same few milliseconds, some of one id. */
async function fill(stage: ArchiveStage) {
  const corpus = corpusOf({ events: 1_500, seed: 5 });
  let state: PartitionState = await stage.owner.open(PLACE);
  const first = commitAfter(state, { nextOffset: corpus.end, raw: corpus.chunks, deadLetters: corpus.dead });
  await stage.owner.commit([first]);
  state = await stage.owner.open(OTHER);
  const raw = Array.from({ length: 12 }, (_, chunk) =>
    ordersChunk(
      chunk * 25,
      Array.from({ length: 25 }, (_, order) => ({
        id: `t${(chunk * 25 + order) % 290}`,
        time: T0 + (order % 3) + (chunk % 2) * 3_600_000,
        state: order % 5 === 0 ? 'RJ' : 'SP',
      })),
      { zstd: chunk % 2 === 0 },
    ),
  );
  const second = commitAfter(state, { nextOffset: 300, raw });
  await stage.owner.commit([second]);
  return { states: [first, second] as const, chunks: [corpus.chunks, raw] as const };
}

async function pages(
  orders: OrderHistory,
  filter: Omit<OrderFilter, 'limit' | 'cursor'>,
  limit: number,
  between: () => Promise<void> = noTurn,
): Promise<StoredOrder[]> {
  const all: StoredOrder[] = [];
  let cursor: string | undefined;
  do {
    const page = await orders.page({ ...filter, limit, cursor });
    assert.ok(page.items.length <= limit && (page.next === null || page.items.length === limit));
    all.push(...page.items);
    cursor = page.next ?? undefined;
    await between();
  } while (cursor !== undefined);
  return all;
}

/** Moves the next stretch of a random partition: first it is archived, and some time later let go of. */
function mover(stage: ArchiveStage, { states, chunks }: Awaited<ReturnType<typeof fill>>, random: Random) {
  const archived = [0, 0];
  const gone = [0, 0];
  return async (): Promise<void> => {
    const at = random.between(0, 1);
    const state = states[at] as PartitionState;
    if ((gone[at] as number) < (archived[at] as number) && random.chance(0.5)) {
      gone[at] = archived[at] as number;
      await stage.letGo(state, gone[at] as number);
      return;
    }
    const from = archived[at] as number;
    const next = (chunks[at] as { base: number; next: number }[]).filter(({ base }) => base >= from);
    const to = next[random.between(0, Math.min(2, next.length - 1))]?.next;
    if (to === undefined) return;
    await stage.archive(state, from, to);
    archived[at] = to;
  };
}

test('orders of hot store and archive are one list whose pages neither repeat nor skip, while they move', async () => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const stage = await openArchiveStage();
    try {
      const filled = await fill(stage);
      const orders = new OrderHistory(stage, noTurn);
      const before = await pages(orders, EVER, 1_000);
      assert.ok(before.length > 800 && before.every(({ archived }) => !archived));
      const move = mover(stage, filled, random);
      for (let round = 0; round < 6; round++) {
        const from = random.chance(0.5) ? EVER.from : T0 - 10 * 3_600_000 * random.next();
        const filter = { from, to: EVER.to, ...(random.chance(0.4) ? { state: random.pick(['SP', 'RJ']) } : {}) };
        const expected = before.filter(
          ({ time, event }) => time >= from && (filter.state === undefined || stateOf(event) === filter.state),
        );
        const found = await pages(orders, filter, random.pick([1, 7, 64, 1_000]) === 1 ? 40 : 64, move);
        assert.deepEqual(found.map(plain), expected.map(plain), `seed ${seed}, round ${round}`);
      }
      const horizons = new Map(
        (await stage.manifest.inState(['COMMITTED'])).map(({ partition, toOffset }) => [partition, toOffset]),
      );
      const after = await pages(orders, EVER, 1_000);
      assert.ok(after.some(({ archived }) => archived));
      for (const { partition, offset, archived } of after)
        assert.equal(archived, offset < (horizons.get(partition) ?? 0), `${partition}:${offset}`);
    } finally {
      await stage.close();
    }
  }
});

function stateOf(event: Readonly<Record<string, unknown>>): unknown {
  // Of events in another form the state is what the way in makes of it: those are left to the contract of the stores.
  return event.customer_state ?? 'unknown';
}

test('orders are found by id in hot store and archive, of several the one that counts and of those the newest', async () => {
  const stage = await openArchiveStage();
  try {
    const { states, chunks } = await fill(stage);
    const orders = new OrderHistory(stage, noTurn);
    const all = await pages(orders, EVER, 1_000);
    const ids = [...new Set(all.map(({ event }) => String(event.order_id)))].filter((_, at) => at % 7 === 0);
    const before = new Map<string, StoredOrder | undefined>();
    for (const id of ids) before.set(id, await stage.store.order(id));
    const half = chunks.map((each) => (each[Math.floor(each.length / 2)] as { next: number }).next);
    for (const [at, state] of states.entries()) await stage.archive(state, 0, half[at] as number);
    const check = async () => {
      let archived = 0;
      for (const id of ids) {
        const found = await orders.byId(id);
        const expected = before.get(id);
        assert.deepEqual(found && plain(found), expected && plain(expected), id);
        if (found?.archived) archived++;
      }
      return archived;
    };
    assert.ok((await check()) > 10);
    for (const [at, state] of states.entries()) await stage.letGo(state, half[at] as number);
    assert.ok((await check()) > 10);
    assert.equal(await orders.byId('nobody'), undefined);
  } finally {
    await stage.close();
  }
});

test('orders that are hot are answered while the archive is away, others say so', async () => {
  const stage = await openArchiveStage();
  try {
    const { states, chunks } = await fill(stage);
    const to = (chunks[1][0] as { next: number }).next;
    await stage.archive(states[1], 0, to);
    await stage.letGo(states[1], to);
    const away = async () => {
      throw new AppError('unavailable', 'Cannot read as the archive is away');
    };
    const orders = new OrderHistory({ ...stage, files: { ...stage.files, read: away } as never }, noTurn);
    const hot = (await stage.store.orders({ ...EVER, limit: 1 })).items[0] as StoredOrder;
    assert.equal(keyOf((await orders.byId(String(hot.event.order_id))) as StoredOrder), keyOf(hot));
    await assert.rejects(orders.byId('t15'), { code: 'unavailable' });
    // The newest page needs nothing of the archive.
    const newest = await orders.page({ ...EVER, limit: 5 });
    assert.equal(newest.items.length, 5);
  } finally {
    await stage.close();
  }
});

test('orders refuse a cursor that is none of theirs', async () => {
  const stage = await openArchiveStage();
  try {
    const orders = new OrderHistory(stage, noTurn);
    await assert.rejects(orders.page({ ...EVER, limit: 5, cursor: 'nonsense' }), {
      code: 'bad-parameter',
      field: 'cursor',
    });
  } finally {
    await stage.close();
  }
});
