/**
 * Roll-ups against minutes alone: a random history with late revisions, roll-ups run at random moments (or cut off
 * inside), and questions in between. Every answer must be the very answer that minutes give.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RollUp } from '../../actors/history/roll-up.ts';
import { WindowState } from '../../actors/kpi/window.ts';
import type { ArchiveFiles } from '../../actors/ports/archive.ts';
import type {
  FactStore,
  PartitionState,
  PartitionStore,
  RollupReader,
  StoreReader,
} from '../../actors/ports/hot-store.ts';
import { ReaderCore } from '../../actors/reader/core.ts';
import { Random } from '../model/random.ts';
import { commitAfter } from './commits.ts';
import type { RollupFixture } from './rollups.ts';

export type HistoryFixture = RollupFixture & {
  reader(): Promise<StoreReader>;
  facts(): Promise<FactStore>;
};

export type HistoryBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<HistoryFixture>;
  /** Fewer where a store is far away. */
  readonly seeds?: readonly number[];
};

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** Two days before the clocks of New York change. */
const T0 = Date.UTC(2026, 2, 6, 17);
const PARTITIONS = [
  { topic: 'orders', partition: 0 },
  { topic: 'orders', partition: 1 },
  { topic: 'clicks', partition: 0 },
];
const ZONES = ['America/New_York', 'Asia/Kolkata', 'America/Sao_Paulo'];
const noTurn = async () => undefined;
const NO_ROLLUPS: RollupReader = {
  rollups: async () => ({ stamp: [], windows: [] }),
  changedSince: async () => [],
  close: async () => undefined,
};

const NO_MANIFEST = { inState: async () => [] };
const NO_RAW = { raw: async () => [], deadLettersIn: async () => [] };
const NO_FILES = {} as ArchiveFiles;

class CutOff extends Error {}

/** The shop's minutes: a store that fills as time moves on, and what each window holds. */
class History {
  readonly #random: Random;
  readonly #windows = new Map<string, WindowState>();
  readonly #states: PartitionState[];
  readonly #fixture: PartitionStore;
  time = T0;

  constructor(random: Random, store: PartitionStore, states: PartitionState[]) {
    this.#random = random;
    this.#fixture = store;
    this.#states = states;
  }

  /** Some commits: most of the moment, some of long ago. */
  async goOn(): Promise<void> {
    const random = this.#random;
    this.time += random.pick([MINUTE, 7 * MINUTE, HOUR, 9 * HOUR]);
    for (let index = 0; index < this.#states.length; index++) {
      if (random.chance(0.3)) continue;
      const minutes = Array.from({ length: random.between(1, 4) }, () =>
        random.chance(0.2)
          ? random.between(0, (this.time - T0) / MINUTE)
          : (this.time - T0) / MINUTE - random.between(0, 20),
      );
      await this.#commit(index, new Set(minutes.map((minute) => T0 + Math.floor(Math.max(0, minute)) * MINUTE)));
    }
  }

  async #commit(index: number, starts: ReadonlySet<number>): Promise<void> {
    const windows = [...starts].map((start) => {
      const key = `${index} ${start}`;
      const window = this.#windows.get(key) ?? new WindowState(start);
      this.#windows.set(key, window);
      this.#count(window);
      return { start, packed: window.pack() };
    });
    const before = this.#states[index] as PartitionState;
    const next = commitAfter(before, { windows, watermark: Math.max(before.watermark, this.time) });
    await this.#fixture.commit([next]);
    this.#states[index] = next;
  }

  #count(window: WindowState): void {
    const random = this.#random;
    for (let order = random.between(1, 5); order > 0; order--) {
      const state = random.pick(['SP', 'RJ', 'são', '(other)']);
      const segment = random.pick(['retail', 'vip']);
      const product = `p${random.skewed(30)}`;
      const [items, sales] = [random.between(1, 9), random.between(0, 1e6)];
      add(window, 'overall', [], [1, 1, 1, items, sales, sales, 1, 0, random.between(0, 1), 5]);
      add(window, 'state', [state], [1, 1, items, sales, sales]);
      add(window, 'state_category', [state, random.pick(['toys', 'books'])], [1, 1, items, sales]);
      add(window, 'segment', [segment], [1, 1, items, sales, sales]);
      add(window, 'payment', [random.pick(['pix', 'card']), 'approved'], [1, sales, 1, sales, 1, 0]);
      // Now and then a product that took over another's cell: its errors add up, and so does what others may have missed.
      add(window, 'product', [product], [1, 1, items, sales, random.chance(0.1) ? 2 : 0, random.chance(0.1) ? 3 : 0]);
      this.#see(window, state, segment);
    }
  }

  /** One shopper, or at times so many that the sketch becomes dense. */
  #see(window: WindowState, state: string, segment: string): void {
    const random = this.#random;
    for (let shopper = random.chance(0.05) ? 1_500 : 1; shopper > 0; shopper--) {
      const [low, high] = [random.between(0, 2 ** 32 - 1) | 0, random.between(0, 5_000)];
      window.customers.add(low, high);
      window.parts.sketch('state', window.parts.texts('state').intern(state)).add(low, high);
      window.parts.sketch('segment', window.parts.texts('segment').intern(segment)).add(low, high);
    }
  }
}

function add(window: WindowState, cube: Parameters<WindowState['get']>[0], keys: string[], values: number[]): void {
  const before = window.get(cube, ...keys);
  window.set(
    cube,
    keys,
    values.map((value, place) => value + (before?.[place] ?? 0)),
  );
}

const METRICS_OF: readonly (readonly [string, string])[] = [
  [
    '',
    'total_orders,total_items,total_sales,revenue,avg_order_value,unique_customers,refunds,payment_success_rate,events',
  ],
  ['state', 'total_orders,unique_customers,revenue'],
  ['segment', 'total_orders,unique_customers'],
  ['state,category', 'total_orders,total_items,total_sales,avg_order_value'],
  ['payment_type,payment_status', 'total_orders,payment_value,revenue'],
  ['product', 'total_items,total_sales,total_items_error,total_sales_error'],
];

/** A question over some range, whose ends lie anywhere. */
function question(random: Random, time: number): string {
  const [group, metrics] = random.pick(METRICS_OF);
  const groups = [random.chance(0.6) ? 'minute' : '', group as string].filter((each) => each !== '').join(',');
  const from = T0 - DAY + Math.floor(random.next() * (time - T0 + DAY));
  const to = from + 1 + Math.floor(random.next() * (time + DAY - from));
  const params = new URLSearchParams({
    metrics: metrics as string,
    granularity: random.pick(['1m', '5m', '1h', '1d']),
  });
  if (groups !== '') params.set('group_by', groups);
  params.set('from', String(from));
  params.set('to', String(Math.max(to, from + 2 * DAY)));
  params.set('limit', '100000');
  return params.toString();
}

export function rollupHistoryContract({ name, skip, make, seeds = [1, 2, 3, 4] }: HistoryBackend): void {
  for (const seed of seeds) {
    test(`${name} answer as minutes alone do, seed ${seed}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      try {
        await live(fixture, seed);
      } finally {
        await fixture.close();
      }
    });
  }
}

async function live(fixture: HistoryFixture, seed: number): Promise<void> {
  const random = new Random(seed);
  const store = await fixture.store();
  const states = await Promise.all(PARTITIONS.map((partition) => store.open(partition)));
  const history = new History(random, store, states);
  const [reader, rollups, writer, facts] = [
    await fixture.reader(),
    await fixture.rollups(),
    await fixture.writer(),
    await fixture.facts(),
  ];
  let zone = ZONES[0] as string;
  let clock = T0;
  const settings = (turn: () => Promise<void>) => ({ zone, now: () => clock, turn });
  let rollUp = new RollUp({ store: reader, rollups, writer, facts }, settings(noTurn));
  let used = 0;
  const counted: RollupReader = {
    changedSince: (stamp) => rollups.changedSince(stamp),
    close: async () => undefined,
    rollups: async (...range) => {
      const found = await rollups.rollups(...range);
      used += found.windows.length;
      return found;
    },
  };
  for (let step = 0; step < 60; step++) {
    await history.goOn();
    clock += random.pick([MINUTE, 20 * MINUTE]);
    if (random.chance(0.1)) {
      zone = random.pick(ZONES);
      rollUp = new RollUp({ store: reader, rollups, writer, facts }, settings(noTurn));
    }
    if (random.chance(0.5)) await rollUp.run();
    if (random.chance(0.2))
      await cutOff(new RollUp({ store: reader, rollups, writer, facts }, settings(cutter(random))));
    for (let asked = 0; asked < 3; asked++) await compare(random, history.time);
  }
  // Else the test would compare minutes with minutes.
  assert.ok(used > 50, `roll-ups were read ${used} times`);

  async function compare(from: Random, time: number): Promise<void> {
    const search = question(from, time);
    const core = (source: RollupReader) =>
      new ReaderCore(
        { store: reader, rollups: source, facts, raw: NO_RAW, manifest: NO_MANIFEST, files: NO_FILES },
        { ...settings(noTurn), mainTopic: 'orders' },
      );
    const ask = (source: RollupReader) => core(source).answer({ kind: 'kpi', search, watermark: -1, idle: [] });
    assert.deepEqual(await ask(counted), await ask(NO_ROLLUPS), `${zone} ${search}`);
  }
}

/** A turn at which the job dies, sooner or later. */
function cutter(random: Random): () => Promise<void> {
  let left = random.between(0, 60);
  return async () => {
    if (left-- <= 0) throw new CutOff();
  };
}

async function cutOff(rollUp: RollUp): Promise<void> {
  await rollUp.run().catch((thrown) => {
    if (!(thrown instanceof CutOff)) throw thrown;
  });
}
