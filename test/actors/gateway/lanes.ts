/** Lanes for tests: partitions whose windows change at random by a seed, told as packed updates, and kept as they are. */

import type { Snapshot } from '../../../actors/gateway/links/feed.ts';
import { CUBES, type CubeName } from '../../../actors/kpi/cubes.ts';
import { WindowState } from '../../../actors/kpi/window.ts';
import { partitionKey, type TopicPartition } from '../../../protocol/event.ts';
import type { PartialUpdate } from '../../../protocol/message.ts';

export const MINUTE = 60_000;
export const START = Date.UTC(2026, 0, 1);

/** mulberry32 */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const STATES = ['SP', 'RJ', 'MG', 'São Paulo/ú', 'a b'];
export const CATEGORIES = ['toys', 'bed_bath_table', 'café & co'];
const SEGMENTS = ['retail', 'corporate', 'unknown'];
const TYPES = ['credit_card', 'boleto'];
const STATUSES = ['approved', 'failed', 'pending'];
const CLICKS = ['view', 'cart', 'purchase'];

export type TestOrder = {
  readonly time: number;
  readonly state: string;
  readonly category: string;
  readonly segment: string;
  readonly paymentType: string;
  readonly status: string;
  readonly product: string;
  readonly items: number;
  readonly cents: number;
  readonly customer: number;
};

export class TestPartition {
  readonly topic: string;
  readonly partition: number;
  epoch = 1;
  seq = 0;
  nextOffset = 0;
  watermark = -1;
  readonly windows = new Map<number, WindowState>();
  readonly windowSeqs = new Map<number, number>();
  readonly ledger = { in: 0, counted: 0, late: 0, dead: 0, duplicates: 0 };
  readonly totals = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 };
  readonly orders: TestOrder[] = [];
  readonly clicks: { time: number; type: string }[] = [];
  #toldUpTo = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  order(order: TestOrder): void {
    const window = this.#count(order.time);
    const failed = order.status === 'failed';
    const paid = failed ? 0 : 1;
    const approved = order.status === 'approved' ? 1 : 0;
    const revenue = failed ? 0 : order.cents;
    const { items } = order;
    const money = { sales: revenue, revenue };
    const common = { orders: 1, paid_orders: paid, items, ...money };
    add(window, 'overall', [], { events: 1, ...common, approved, failed: failed ? 1 : 0 });
    add(window, 'second', [String(Math.floor(order.time / 1000) % 60)], { orders: 1, revenue });
    add(window, 'state', [order.state], common);
    add(window, 'category', [order.category], common);
    add(window, 'payment', [order.paymentType, order.status], { orders: 1, revenue: order.cents });
    add(window, 'segment', [order.segment], common);
    add(window, 'product', [order.product], common);
    const { parts } = window;
    parts.nameProduct(parts.texts('product').intern(order.product), `Name of ${order.product}`);
    add(window, 'event_type', ['order'], { events: 1 });
    const [low, high] = hashOf(order.customer);
    window.customers.add(low, high);
    parts.sketch('segment', parts.texts('segment').intern(order.segment)).add(low, high);
    this.totals.orders++;
    this.totals.paidOrders += paid;
    this.totals.items += items;
    this.totals.revenue += revenue;
    this.orders.push(order);
  }

  click(time: number, type: string): void {
    const window = this.#count(time);
    add(window, 'overall', [], { events: 1 });
    add(window, 'event_type', [type], { events: 1 });
    const measure = { view: 'views', cart: 'carts', purchase: 'purchases' }[type];
    if (measure !== undefined) add(window, 'second', [String(Math.floor(time / 1000) % 60)], { [measure]: 1 });
    this.clicks.push({ time, type });
  }

  dead(): void {
    this.ledger.in++;
    this.ledger.dead++;
    this.nextOffset++;
  }

  late(): void {
    this.ledger.in++;
    this.ledger.late++;
    this.nextOffset++;
  }

  /** Commits; what changed waits to be told. */
  commit(): void {
    this.seq++;
    for (const [start, window] of this.windows) if (window.dirty) this.windowSeqs.set(start, this.seq);
  }

  /** Everything since the last time, as one update; undefined when nothing was committed. */
  take(): PartialUpdate | undefined {
    if (this.#toldUpTo === this.seq) return undefined;
    const windows = [...this.windows].filter(([, window]) => window.dirty);
    const update: PartialUpdate = {
      topic: this.topic,
      partition: this.partition,
      epoch: this.epoch,
      from: this.#toldUpTo,
      to: this.seq,
      nextOffset: this.nextOffset,
      watermark: this.watermark,
      ledger: { ...this.ledger },
      totals: { ...this.totals },
      windows: windows.map(([start, window]) => ({ start, packed: window.packChanges() })),
    };
    for (const [, window] of windows) window.clearChanges();
    this.#toldUpTo = this.seq;
    return update;
  }

  /** As after a restart of its owner: a new epoch, and nothing to tell of what is in the store. */
  reopen(): void {
    this.epoch++;
    this.take();
  }

  #count(time: number): WindowState {
    const start = Math.floor(time / MINUTE) * MINUTE;
    const window = this.windows.get(start) ?? new WindowState(start);
    this.windows.set(start, window);
    this.watermark = Math.max(this.watermark, time);
    this.nextOffset++;
    this.ledger.in++;
    this.ledger.counted++;
    this.totals.events++;
    return window;
  }
}

export class TestShop {
  readonly partitions: TestPartition[];
  readonly random: () => number;
  time = START;

  constructor(seed: number, partitions = 2, topics: readonly string[] = ['orders', 'clicks']) {
    this.random = seeded(seed);
    this.partitions = topics.flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) => new TestPartition({ topic, partition })),
    );
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }

  /** Some events on random partitions, up to `spreadMs` out of order, then a commit of those that changed. */
  step(events: number, aheadMs: number, spreadMs = 5_000): void {
    for (let made = 0; made < events; made++) {
      this.time += this.random() * (aheadMs / events);
      const time = Math.floor(Math.max(START, this.time - this.random() * spreadMs));
      const partition = this.pick(this.partitions);
      const kind = this.random();
      if (kind < 0.02) partition.dead();
      else if (kind < 0.04) partition.late();
      else if (partition.topic === 'clicks') partition.click(time, this.pick(CLICKS));
      else partition.order(this.#order(time));
    }
    for (const partition of this.partitions) partition.commit();
  }

  snapshot(from = 0, to = Number.MAX_SAFE_INTEGER): Snapshot {
    const states = this.partitions.map(({ topic, partition, epoch, seq, nextOffset, watermark, ledger, totals }) => ({
      topic,
      partition,
      epoch,
      seq,
      nextOffset,
      watermark,
      ledger: { ...ledger },
      totals: { ...totals },
      dedup: null,
    }));
    const windows = this.partitions.flatMap(({ topic, partition, windows: all, windowSeqs }) =>
      [...all]
        .filter(([start]) => start >= from && start < to)
        .map(([start, window]) => ({
          topic,
          partition,
          start,
          packed: window.pack(),
          seq: windowSeqs.get(start) ?? 0,
        })),
    );
    return { states, windows };
  }

  of(key: string): TestPartition {
    return this.partitions.find((partition) => partitionKey(partition) === key) as TestPartition;
  }

  #order(time: number): TestOrder {
    return {
      time,
      state: this.pick(STATES),
      category: this.pick(CATEGORIES),
      segment: this.pick(SEGMENTS),
      paymentType: this.pick(TYPES),
      status: this.pick(STATUSES),
      product: `p${Math.floor(this.random() ** 2 * 80)}`,
      items: 1 + Math.floor(this.random() * 4),
      cents: Math.floor(this.random() * 100_000),
      customer: Math.floor(this.random() * 500),
    };
  }
}

export function hashOf(customer: number): [number, number] {
  return [Math.imul(customer + 1, 0x9e3779b1) >>> 0, Math.imul(customer + 7, 0x85ebca6b) >>> 0];
}

function add(window: WindowState, cube: CubeName, keys: string[], measures: Readonly<Record<string, number>>): void {
  const names = CUBES[cube].measures as readonly string[];
  const row = Array.from(window.get(cube, ...keys) ?? names.map(() => 0));
  for (const [name, value] of Object.entries(measures)) {
    const place = names.indexOf(name);
    if (place >= 0) row[place] = (row[place] as number) + value;
  }
  window.set(cube, keys, row);
}
