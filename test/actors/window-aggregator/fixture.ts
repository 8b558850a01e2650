/** Random records, a store and a gateway in memory, and a run of an aggregate that is killed now and then. */
import { CUBE_NAMES } from '../../../actors/kpi/cubes.ts';
import { unpackWindow, WindowState } from '../../../actors/kpi/window.ts';
import type { PartitionCommit, PartitionState, RawChunk } from '../../../actors/ports/hot-store.ts';
import { type AggregateSettings, PartitionAggregate } from '../../../actors/window-aggregator/core.ts';
import type { DeadLetter } from '../../../protocol/event.ts';
import type { PartialUpdate } from '../../../protocol/message.ts';
import { batchOf, emptyState, type Item, type TestEvent, type TestRecord } from './batches.ts';
import type { ModelCells } from './model.ts';

export type Random = () => number;

export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

const STATES = ['SP', 'RJ', 'MG', 'são', '\ufeffBA', '', '(other)'];
const CATEGORIES = ['toys', 'bed_bath_table', 'ação', null, 'a,b', 'unknown'];
const CLICKS = ['view', 'view', 'cart', 'purchase', 'hover'];
const START = 1_763_600_000_000;

function randomItem(random: Random): Item {
  const product = `p${Math.floor(random() * 40)}`;
  const item = { product, category: pick(random, CATEGORIES), quantity: 1 + Math.floor(random() * 4), price: 1995 };
  return random() < 0.5 ? { ...item, name: `Name ${product}` } : item;
}

function randomEvent(random: Random, number: number, count: number): TestEvent {
  // Time moves on by ten minutes; most events are up to 30 s out of order, some far too old.
  const behind = random() < 0.03 ? 400_000 : 30_000;
  const time = START + Math.floor((number / count) * 600_000 - random() * behind);
  const id = `o${Math.floor(random() < 0.1 ? number - 40 * random() : number)}`;
  const kind = pick(random, ['order', 'order', 'order', 'delivery', 'refund', 'restock', 'click', 'click'] as const);
  if (kind === 'delivery') return { kind, time, id };
  if (kind === 'refund') return { kind, time, id, amount: Math.floor(random() * 1e5) };
  if (kind === 'restock') return { kind, time, product: 'p1' };
  if (kind === 'click') return { kind, time, product: 'p1', eventType: pick(random, CLICKS) };
  return {
    kind,
    time,
    id,
    customer: `c${Math.floor(random() * 90)}`,
    state: pick(random, STATES),
    segment: pick(random, ['retail', 'vip']),
    paymentType: pick(random, ['pix', 'boleto']),
    paymentStatus: pick(random, ['approved', 'approved', 'failed', 'pending', 'unknown']),
    amount: Math.floor(random() * 1e5),
    items: Array.from({ length: Math.floor(random() * 4) }, () => randomItem(random)),
    delivery: random() < 0.2,
  };
}

export function randomRecords(random: Random, count: number): TestRecord[] {
  return Array.from({ length: count }, (_, number) => {
    const array = random() < 0.1;
    const length = array ? Math.floor(random() * 4) : 1;
    const dead = random() < 0.05 ? 1 : 0;
    const events = Array.from({ length: length - (array ? 0 : dead) }, () => randomEvent(random, number, count));
    return { events, dead, array };
  });
}

/** What the store and the gateway hold of one topic-partition. */
export class Holders {
  state: PartitionState = emptyState();
  readonly windows = new Map<number, Uint8Array>();
  readonly raw: RawChunk[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly seen = new Map<number, WindowState>();
  told: PartialUpdate | undefined;

  store(commit: PartitionCommit): void {
    const { windows, raw, deadLetters, ...state } = commit;
    this.state = state;
    for (const { start, packed } of windows) this.windows.set(start, packed);
    this.raw.push(...raw);
    this.deadLetters.push(...deadLetters);
  }

  tell(update: PartialUpdate): void {
    for (const { start, packed } of update.windows) {
      const window = this.seen.get(start) ?? new WindowState(start);
      this.seen.set(start, window);
      window.overwrite(unpackWindow(start, packed));
    }
    this.told = update;
  }

  /** A gateway that begins anew: all that is stored. */
  retell(): void {
    this.told = undefined;
    this.seen.clear();
    for (const [start, packed] of this.windows) this.seen.set(start, unpackWindow(start, packed));
  }
}

export type RunOptions = {
  readonly records: readonly TestRecord[];
  readonly settings: AggregateSettings;
  readonly random: Random;
  /** Chance that the aggregate dies after a batch. */
  readonly deaths?: number;
  readonly batchRecords?: number;
};

/** Works the records off in batches of random length, commits now and then, and dies now and then. */
export function run({ records, settings, random, deaths = 0, batchRecords = 20 }: RunOptions): Holders {
  const holders = new Holders();
  const open = () => {
    holders.state = { ...holders.state, epoch: holders.state.epoch + 1 };
    holders.retell();
    return new PartitionAggregate(holders.state, settings, ['gateway']);
  };
  const commit = () => {
    if (!aggregate.dirty) return;
    holders.store(aggregate.prepareCommit());
    aggregate.committed();
  };
  const tell = () => {
    const update = aggregate.takePartial('gateway');
    if (update) holders.tell(update);
  };
  let aggregate = open();
  while (aggregate.nextOffset < records.length) {
    const base = aggregate.nextOffset;
    const batch = batchOf(records.slice(base, base + 1 + Math.floor(random() * batchRecords)), base);
    for (const start of aggregate.needs(batch)) aggregate.adopt(start, holders.windows.get(start));
    aggregate.apply(batch);
    if (random() < 0.6) commit();
    if (random() < 0.4) tell();
    if (random() < deaths) aggregate = open();
  }
  commit();
  tell();
  return holders;
}

/** All cells of a window, without rows of zeros. */
export function cellsOf(window: WindowState): ModelCells {
  const cells: ModelCells = {};
  for (const cube of CUBE_NAMES)
    window.forEach(cube, (keys, values) => {
      if (values.every((value) => value === 0)) return;
      cells[cube] ??= {};
      cells[cube][JSON.stringify(keys)] = [...values];
    });
  return cells;
}
