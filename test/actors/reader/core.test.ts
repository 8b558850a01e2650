/** The reader's answers to KPI questions, over a store of windows held in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WindowState } from '../../../actors/kpi/window.ts';
import type { ArchiveFiles } from '../../../actors/ports/archive.ts';
import type { PartitionState, ReadWindow, StoreReader } from '../../../actors/ports/hot-store.ts';
import { ReaderCore } from '../../../actors/reader/core.ts';
import { emptyLedger } from '../../../protocol/event.ts';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 5, 12);
const NOW = T0 + 1_000_000;

type KpiAnswer = Readonly<
  Record<'columns' | 'rows' | 'as_of' | 'watermark' | 'complete' | 'truncated' | 'sources', unknown>
>;

function stateOf(topic: string, partition: number, watermark: number): PartitionState {
  const totals = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 };
  const dedup = new Uint8Array(3);
  return { topic, partition, epoch: 1, seq: 1, nextOffset: 1, watermark, ledger: emptyLedger(), totals, dedup };
}

/** Minutes, each with so many orders; in `partition`. */
function windowsOf(partition: number, orders: Readonly<Record<number, number>>): ReadWindow[] {
  return Object.entries(orders).map(([start, count]) => {
    const window = new WindowState(Number(start));
    window.set('overall', [], [count, count]);
    return { topic: 'orders', partition, start: Number(start), packed: window.pack(), seq: 1 };
  });
}

const NO_ROLLUPS = {
  rollups: async () => ({ stamp: [], windows: [] }),
  changedSince: async () => [],
  close: async () => undefined,
};

/** Nothing is archived. */
const NO_MANIFEST = { inState: async () => [] };
const NO_RAW = { raw: async () => [], deadLettersIn: async () => [] };
const NO_FILES = {} as ArchiveFiles;

function noFacts() {
  const nothing = async () => undefined;
  return {
    get: nothing,
    put: nothing,
    claim: async () => false,
    find: async () => new Map(),
    remove: nothing,
    close: nothing,
  };
}

function coreOver(states: PartitionState[], windows: ReadWindow[]) {
  const reads: [number, number][] = [];
  let turns = 0;
  const within = (from: number, to: number) => windows.filter(({ start }) => start >= from && start < to);
  const store: StoreReader = {
    partitions: async () => states,
    windows: async (from, to) => {
      reads.push([from, to]);
      return within(from, to);
    },
    nextWindow: async (from) => {
      const later = within(from, Number.POSITIVE_INFINITY).map(({ start }) => start);
      return later.length === 0 ? undefined : Math.min(...later);
    },
    snapshot: async (from, to) => ({ states, windows: within(from, to) }),
    orders: async () => ({ items: [], next: null }),
    order: async () => undefined,
    deadLetters: async () => ({ items: [], next: null }),
    hotBytes: async () => 77,
    close: async () => undefined,
  };
  const settings = { zone: 'America/Sao_Paulo', mainTopic: 'orders', now: () => NOW };
  const turn = async () => {
    turns++;
  };
  const core = new ReaderCore(
    { store, rollups: NO_ROLLUPS, facts: noFacts(), raw: NO_RAW, manifest: NO_MANIFEST, files: NO_FILES },
    { ...settings, turn },
  );
  const ask = (search: string, idle: readonly string[] = [], watermark = -1) =>
    core.answer({ kind: 'kpi', search, watermark, idle }) as Promise<KpiAnswer>;
  return { core, ask, reads, turns: () => turns };
}

test('reader adds the windows of all partitions in the last hour that ends at the watermark', async () => {
  const windows = [
    ...windowsOf(0, { [T0]: 1, [T0 - 59 * MINUTE]: 2, [T0 - 60 * MINUTE]: 4 }),
    ...windowsOf(1, { [T0]: 8, [T0 + MINUTE]: 16 }),
  ];
  const { ask } = coreOver([stateOf('orders', 0, T0 + 5), stateOf('clicks', 0, T0 + MINUTE)], windows);
  const answer = await ask('metrics=total_orders');
  assert.deepEqual(answer.rows, [[11]]);
  assert.deepEqual(answer.columns, [{ name: 'total_orders', type: 'integer' }]);
  assert.equal(answer.as_of, NOW);
  assert.equal(answer.watermark, T0 + 5);
  assert.deepEqual(answer.sources, ['hot']);
  assert.equal(answer.truncated, false);
});

test('reader follows the watermark of the asker when that is ahead', async () => {
  const { ask } = coreOver([stateOf('orders', 0, T0)], windowsOf(0, { [T0 + 3 * MINUTE]: 5 }));
  assert.deepEqual((await ask('metrics=total_orders', [], T0 + 3 * MINUTE)).rows, [[5]]);
});

test('reader is complete when every partition that is not idle has passed the end', async () => {
  const states = [stateOf('orders', 0, T0 + 5 * MINUTE), stateOf('orders', 1, T0)];
  const { ask } = coreOver(states, []);
  const search = `metrics=total_orders&from=${T0}&to=${T0 + 2 * MINUTE}`;
  assert.equal((await ask(search)).complete, false);
  assert.equal((await ask(search, ['orders/1'])).complete, true);
  assert.equal((await ask(`metrics=total_orders&from=0&to=${T0}`)).complete, true);
});

test('reader skips stretches without windows and gives others a turn in long ranges', async () => {
  const far = T0 - 30 * 365 * 86_400_000;
  const windows = windowsOf(0, { [far]: 1, [T0]: 2, [T0 + 40 * MINUTE]: 4 });
  const { ask, reads, turns } = coreOver([stateOf('orders', 0, T0 + 60 * MINUTE)], windows);
  assert.deepEqual((await ask(`metrics=total_orders&from=0&to=${T0 + 60 * MINUTE}`)).rows, [[7]]);
  assert.equal(reads.length, 3);
  assert.equal(turns(), 3);
});

test('reader sums a range up in one document, each part as its own query says it, from one reading', async () => {
  const window = new WindowState(T0);
  window.set('overall', [], [30, 20, 19, 40, 100_00, 90_00, 15, 1, 2, 5_00]);
  window.set('state', ['SP'], [12, 11, 20, 60_00, 50_00]);
  window.set('state', ['__proto__'], [8, 8, 20, 40_00, 40_00]);
  window.set('category', ['toys'], [20, 19, 40, 100_00]);
  window.set('payment', ['pix', 'approved'], [15, 80_00, 15, 75_00, 15, 0]);
  window.set('payment', ['pix', 'failed'], [1, 5_00, 0, 0, 0, 1]);
  const packed = [{ topic: 'orders', partition: 0, start: T0, packed: window.pack(), seq: 1 }];
  const { core, ask, reads } = coreOver([stateOf('orders', 0, T0)], packed);
  const range = `from=${T0}&to=${T0 + MINUTE}`;
  const question = { kind: 'kpi-summary' as const, search: range, watermark: -1, idle: [] };
  const summary = (await core.answer(question)) as Record<string, Record<string, Record<string, unknown>>>;
  assert.equal(reads.length, 1);
  const { totals, by_state: states, by_payment: payments, by_category: categories } = summary;
  const same = await ask(`metrics=events,total_orders,total_sales,revenue,refund_amount&${range}`);
  const names = ['events', 'orders', 'sales', 'revenue', 'refund_amount'];
  assert.deepEqual(same.rows, [names.map((name) => totals?.[name])]);
  assert.deepEqual(Object.keys(states ?? {}), ['SP', '__proto__']);
  assert.deepEqual([states?.SP?.orders, states?.SP?.revenue], [12, 50]);
  assert.deepEqual(payments?.pix, { approved: { orders: 15, revenue: 75 }, failed: { orders: 1, revenue: 0 } });
  assert.deepEqual(categories?.toys, { orders: 20, paid_orders: 19, items: 40, sales: 100, avg_order_value: 5.26 });
  assert.deepEqual(
    [summary.from, summary.to, summary.watermark, summary.by_product, summary.by_event_type],
    [T0, T0 + MINUTE, T0, {}, {}],
  );
  await assert.rejects(core.answer({ ...question, search: 'from=soon' }), { code: 'bad-parameter', field: 'from' });
});

test('reader has no KPI windows in the archive', async () => {
  const { ask } = coreOver([stateOf('orders', 0, T0)], windowsOf(0, { [T0]: 5 }));
  const answer = await ask('metrics=total_orders&source=archive');
  assert.deepEqual([answer.rows, answer.sources], [[[0]], []]);
});

test('reader answers where nothing ever was', async () => {
  const { ask } = coreOver([], []);
  const answer = await ask('metrics=total_orders');
  assert.deepEqual([answer.rows, answer.watermark, answer.complete], [[[0]], null, true]);
});

test('reader refuses a question that makes no sense by its field', async () => {
  const { ask } = coreOver([], []);
  await assert.rejects(ask('metrics=nonsense'), { code: 'bad-parameter', field: 'metrics' });
});

test('reader hands a snapshot out as views of one buffer, without what only aggregators need', async () => {
  const windows = windowsOf(0, { [T0]: 1, [T0 + MINUTE]: 2 });
  const { core } = coreOver([stateOf('orders', 0, T0)], windows);
  const snapshot = (await core.answer({ kind: 'snapshot', from: 0, to: T0 * 2 })) as {
    states: PartitionState[];
    windows: ReadWindow[];
  };
  assert.equal(snapshot.states[0]?.dedup, null);
  assert.deepEqual(snapshot.windows, windows);
  assert.equal(new Set(snapshot.windows.map(({ packed }) => packed.buffer)).size, 1);
});
