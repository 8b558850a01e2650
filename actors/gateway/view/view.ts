/**
 * The live view: where every topic-partition stands, and the newest two hours of their windows. It begins with a
 * snapshot of the store and goes on with what the aggregators tell, each update absolute and numbered by commits, so
 * that none is missed and none counts twice. It knows no clock: time comes in with each call.
 */
import {
  allPartitions,
  emptyLedger,
  type Ledger,
  type PartitionCounts,
  partitionKey,
  type TopicPartition,
} from '../../../protocol/event.ts';
import type { PartialUpdate } from '../../../protocol/message.ts';
import { targetTopics } from '../../../protocol/route.ts';
import type { PartitionState, StoredWindow, Totals } from '../../ports/hot-store.ts';
import { AHEAD_MINUTES, MINUTE_MS, minuteOf, TOTAL_MINUTES } from './span.ts';
import { Windows } from './windows.ts';

export type SnapshotWindow = TopicPartition & StoredWindow & { readonly seq: number };

export type PartitionView = TopicPartition & {
  epoch: number;
  /** Last commit held; -1 before the first snapshot. */
  seq: number;
  nextOffset: number;
  watermark: number;
  ledger: Ledger;
  totals: Totals;
  /** Offsets skipped, as the log no longer had them. */
  gap: number;
  /** When its offset last moved, by the clock of the caller. */
  movedAt: number;
  /** Windows that a snapshot held in a newer state than the partition itself. */
  newer: Map<number, number>;
};

/** `gap`: something between what is held and what was told is missing, so a new snapshot is needed. */
export type Applied = 'applied' | 'skipped' | 'gap';

export type ViewOptions = { readonly topics: readonly string[]; readonly partitions: PartitionCounts };

export class LiveView {
  readonly windows = new Windows();
  #partitions = new Map<string, PartitionView>();
  #ordersTopic: string;
  #watermark = -1;
  #newestOfAll = -1;
  #lostAhead = Number.POSITIVE_INFINITY;
  #version = 0;
  #stale = true;
  /** The snapshot that is coming in: for which partitions, and whether nothing can be shown before. */
  #loading: { readonly blind: boolean; readonly partitions: ReadonlySet<PartitionView> } | undefined;

  constructor({ topics, partitions }: ViewOptions) {
    this.#ordersTopic = targetTopics(topics).orders;
    for (const partition of allPartitions(topics, partitions)) this.#add(partition);
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Needs a snapshot: nothing is known yet, or what is held no longer reaches as far as it must. */
  get stale(): boolean {
    return this.#stale || this.#loading?.blind === true;
  }

  /** Largest event time over the partitions of the orders (of all topics while there is no order); -1 before the first event. */
  get watermark(): number {
    return this.#watermark;
  }

  get newestOfAll(): number {
    return this.#newestOfAll;
  }

  /** The watermark's minute: where the rolling hour ends, itself included. */
  get minute(): number {
    return this.#watermark < 0 ? -1 : minuteOf(this.#watermark);
  }

  partitions(): readonly PartitionView[] {
    return [...this.#partitions.values()];
  }

  seqOf(partition: TopicPartition): number {
    return this.#partitions.get(partitionKey(partition))?.seq ?? -1;
  }

  totals(): Totals & Ledger {
    const sum = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0, ...emptyLedger() };
    for (const { totals, ledger } of this.#partitions.values()) {
      for (const part of [totals, ledger]) {
        for (const [name, value] of Object.entries(part)) sum[name as keyof typeof sum] += value;
      }
    }
    return sum;
  }

  /** From where on windows are needed when the newest known event time is `watermark`. */
  static oldestNeeded(watermark: number): number {
    return minuteOf(watermark) - (TOTAL_MINUTES - 1) * MINUTE_MS;
  }

  /** The watermark that these states would give. */
  watermarkOf(states: Iterable<{ topic: string; watermark: number }>): number {
    let orders = -1;
    let all = -1;
    for (const { topic, watermark } of states) {
      all = Math.max(all, watermark);
      if (topic === this.#ordersTopic) orders = Math.max(orders, watermark);
    }
    return orders < 0 ? all : orders;
  }

  loadSnapshot(states: readonly PartitionState[], windows: readonly SnapshotWindow[], now: number): void {
    this.beginSnapshot(states, now);
    for (const window of windows) this.addWindow(window);
    this.endSnapshot();
  }

  /**
   * A snapshot may come in parts, with other work in between: first where the partitions stand, then their windows, read
   * after that. Partitions that are already further keep what they hold; those that take it take nothing else meanwhile.
   */
  beginSnapshot(states: readonly PartitionState[], now: number): void {
    const blind = this.#stale;
    if (blind) this.#forgetAll();
    const partitions = new Set<PartitionView>();
    for (const state of states) {
      const held = this.#partitions.get(partitionKey(state)) ?? this.#add(state);
      if (held.seq >= state.seq) continue;
      this.#adopt(held, state, now);
      held.seq = state.seq;
      held.newer.clear();
      partitions.add(held);
    }
    this.#loading = { blind, partitions };
    this.#stale = false;
    this.#moveWatermark();
  }

  addWindow(window: SnapshotWindow): void {
    const held = this.#partitions.get(partitionKey(window));
    if (held === undefined || !this.#loading?.partitions.has(held)) return;
    if (window.seq > held.seq) held.newer.set(window.start, window.seq);
    this.#tell(held, window, true);
  }

  endSnapshot(): void {
    this.#loading = undefined;
    // A partition that has no state yet has had no commit.
    for (const held of this.#partitions.values()) held.seq = Math.max(held.seq, 0);
    this.#version++;
  }

  /** The rest of the snapshot will not come: what was begun has to be read again. */
  abortSnapshot(): void {
    for (const held of this.#loading?.partitions ?? []) held.seq = -1;
    this.#stale ||= this.#loading?.blind === true;
    this.#loading = undefined;
  }

  apply(update: PartialUpdate, now: number): Applied {
    const held = this.#partitions.get(partitionKey(update));
    if (held === undefined || held.seq < 0 || this.#loading?.partitions.has(held)) return 'gap';
    if (update.epoch < held.epoch) return 'skipped';
    if (update.to <= held.seq) return 'skipped';
    // Commits are numbered across epochs and told only once durable: a new owner that goes on from here proves itself.
    if (update.from > held.seq) return 'gap';
    this.#adopt(held, update, now);
    held.seq = update.to;
    this.#moveWatermark();
    for (const window of update.windows) {
      if ((held.newer.get(window.start) ?? -1) >= update.to) continue;
      held.newer.delete(window.start);
      this.#tell(held, window, false);
    }
    this.#version++;
    return 'applied';
  }

  #add({ topic, partition }: TopicPartition): PartitionView {
    const added: PartitionView = {
      topic,
      partition,
      epoch: 0,
      seq: -1,
      nextOffset: 0,
      watermark: -1,
      ledger: emptyLedger(),
      totals: { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 },
      gap: 0,
      movedAt: Number.NEGATIVE_INFINITY,
      newer: new Map(),
    };
    this.#partitions.set(partitionKey(added), added);
    return added;
  }

  #adopt(held: PartitionView, told: Omit<PartitionState, 'seq' | 'dedup'>, now: number): void {
    if (told.nextOffset !== held.nextOffset) held.movedAt = now;
    held.epoch = told.epoch;
    held.nextOffset = told.nextOffset;
    held.watermark = told.watermark;
    held.ledger = told.ledger;
    held.totals = told.totals;
    held.gap = told.gap ?? 0;
  }

  #tell(held: PartitionView, window: StoredWindow, whole: boolean): void {
    const { start } = window;
    if (start < LiveView.oldestNeeded(this.#watermark)) return;
    if (start > this.minute + AHEAD_MINUTES * MINUTE_MS) {
      this.#lostAhead = Math.min(this.#lostAhead, start);
      return;
    }
    this.windows.tell(partitionKey(held), window, whole);
  }

  #moveWatermark(): void {
    const watermark = this.watermarkOf(this.#partitions.values());
    this.#newestOfAll = Math.max(...[...this.#partitions.values()].map((partition) => partition.watermark));
    // Back in time only when the first orders are older than what other topics held: windows are missing then.
    if (watermark < this.#watermark || minuteOf(watermark) >= this.#lostAhead) this.#stale = true;
    this.#watermark = watermark;
    if (watermark >= 0) this.windows.moveTo(this.minute, minuteOf(this.#newestOfAll));
  }

  #forgetAll(): void {
    this.windows.clear();
    this.#lostAhead = Number.POSITIVE_INFINITY;
    this.#watermark = -1;
    for (const held of this.#partitions.values()) held.seq = -1;
  }
}
