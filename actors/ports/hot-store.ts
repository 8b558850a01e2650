/**
 * The hot store: per topic-partition the state of its KPIs and its raw events, committed together or not at all.
 * Single-writer rule: only the owner of a topic-partition commits it; `open` fences every earlier owner by epoch.
 */
import type { DeadLetter, Ledger, TopicPartition } from '../../protocol/event.ts';

/** Sums since the beginning; money in cents. They never fall. */
export type Totals = {
  events: number;
  orders: number;
  paidOrders: number;
  items: number;
  revenue: number;
};

/** Where a topic-partition stands: the row that the commit moves on. */
export type PartitionState = TopicPartition & {
  readonly epoch: number;
  /** Number of the last commit: grows by one a commit, across epochs. */
  readonly seq: number;
  readonly nextOffset: number;
  /** Largest event time seen (epoch ms), -1 before the first. */
  readonly watermark: number;
  readonly ledger: Ledger;
  readonly totals: Totals;
  /** Offsets skipped so far, with a person's consent, as the log no longer had them; 0 where it is not said. */
  readonly gap?: number;
  /** Opaque to the store: the remembered order ids, when dedup is on. */
  readonly dedup: Uint8Array | null;
};

/** Events stored raw: consecutive records of one topic-partition. */
export type RawChunk = {
  readonly base: number;
  readonly next: number;
  readonly records: number;
  /** Frames (protocol/frames.ts), compressed with zstd when `zstd`. */
  readonly zstd: boolean;
  readonly frames: Uint8Array;
  /** How many orders are inside, the span of their event times, and the sorted 32-bit hashes of their ids. */
  readonly orders: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly orderHashes: Uint32Array;
  /** Orders and restocks that were late or repeated: stored, flagged, not counted; a store may forget those of chunks without orders. `element` is -1 outside arrays. */
  readonly marks: readonly { readonly offset: number; readonly element: number; readonly mark: 'late' | 'duplicate' }[];
};

/** A window of a partition, packed (actors/kpi/pack.ts); `start` is its minute in epoch ms. */
export type StoredWindow = { readonly start: number; readonly packed: Uint8Array };

export type PartitionCommit = PartitionState & {
  readonly windows: readonly StoredWindow[];
  readonly raw: readonly RawChunk[];
  readonly deadLetters: readonly DeadLetter[];
};

/** What an aggregator sees of the store. */
export interface PartitionStore {
  /** Takes the partition over: raises its epoch, so that commits of an earlier owner are refused from now on. */
  open(partition: TopicPartition): Promise<PartitionState>;
  window(partition: TopicPartition, start: number): Promise<Uint8Array | undefined>;
  /** One atomic, durable commit for each topic-partition named; throws AppError `fenced` when an epoch is not the newest or a seq not the next. */
  commit(commits: readonly PartitionCommit[]): Promise<void>;
  close(): Promise<void>;
}

export type OrderFilter = {
  readonly from: number;
  readonly to: number;
  readonly state?: string | undefined;
  readonly limit: number;
  /** Opaque; from the last answer. */
  readonly cursor?: string | undefined;
};

export type DeadLetterFilter = {
  readonly reason?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

/** One raw order: the event as it came, with where it stands. */
export type StoredOrder = TopicPartition & {
  readonly offset: number;
  readonly element: number;
  readonly time: number;
  readonly event: Readonly<Record<string, unknown>>;
  readonly mark: 'late' | 'duplicate' | null;
  readonly archived: boolean;
};

export type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** A window with the topic-partition it is of and the commit that wrote it last. */
export type ReadWindow = TopicPartition & StoredWindow & { readonly seq: number };

export type StoreSnapshot = { readonly states: readonly PartitionState[]; readonly windows: readonly ReadWindow[] };

/** What readers see: committed state only, any number of them at once. */
export interface StoreReader {
  partitions(): Promise<readonly PartitionState[]>;
  /** Packed windows with from <= start < to, of all topic-partitions, with the commit that wrote each last. */
  windows(from: number, to: number): Promise<readonly ReadWindow[]>;
  /** Where the first window of any topic-partition starts, at `from` or later. */
  nextWindow(from: number): Promise<number | undefined>;
  /** Both at once; the windows of a topic-partition are those of its state. */
  snapshot(from: number, to: number): Promise<StoreSnapshot>;
  /** Newest first by event time. */
  orders(filter: OrderFilter): Promise<Page<StoredOrder>>;
  order(id: string): Promise<StoredOrder | undefined>;
  /** Newest first by the time of their record. */
  deadLetters(filter: DeadLetterFilter): Promise<Page<DeadLetter>>;
  /** What the raw events weigh, as `rawExtents` measures them. */
  hotBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Small facts of the whole system, one document a key: number of lanes, where the generator stands. */
export interface FactStore {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  /** Puts it where nothing is; false where something is. */
  claim(key: string, value: unknown): Promise<boolean>;
  /** Those of the keys that are there. */
  find(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

/** Who asks: refused as `fenced` when the epoch is not the newest. */
export type Owner = TopicPartition & { readonly epoch: number };

/** What the owner of a topic-partition lets go of, once it stands in the archive. */
export interface PartitionPruner {
  /**
   * Lets go of raw events, and of what finds their orders, below `horizon`. The horizon only rises and is remembered:
   * a commit that would write raw events below it is refused. A slice at a time: answers whether all is gone, and is to be called again while not.
   */
  dropRaw(owner: Owner, horizon: number): Promise<boolean>;
  /** Lets go of windows that start before `end`, a slice at a time likewise. */
  dropWindows(owner: Owner, end: number): Promise<boolean>;
}

/** How much the raw events of a topic-partition weigh: measured in the store, what finds them again included. */
export type RawExtent = TopicPartition & {
  readonly bytes: number;
  readonly records: number;
  /** Offsets [from, next) of what is there; equal when there is nothing. */
  readonly from: number;
  readonly next: number;
  /** Below this offset the owner has let go, or is about to. */
  readonly horizon: number;
};

/** Raw events as the archiver reads them. */
export interface RawReader {
  rawExtents(): Promise<readonly RawExtent[]>;
  /** Consecutive chunks from the one that holds `from` on, in order: at least one where there is any, and as many more as fit. */
  raw(partition: TopicPartition, from: number, maxBytes: number): Promise<readonly RawChunk[]>;
  /** Dead letters of records [from, to), in order. */
  deadLettersIn(partition: TopicPartition, from: number, to: number): Promise<readonly DeadLetter[]>;
  close(): Promise<void>;
}

/** Where each topic-partition stood when roll-ups were last written: later commits are not in them. */
export type RollupStamp = readonly (TopicPartition & { readonly seq: number })[];

export type RollupLevel = 'hour' | 'day';

/** Windows of all topic-partitions merged over an hour (of UTC), or over a day of the configured zone. Where there is none, minutes tell. */
export interface RollupReader {
  /** Roll-ups with from <= start < to, and the stamp they are of. */
  rollups(
    level: RollupLevel,
    from: number,
    to: number,
  ): Promise<{ readonly stamp: RollupStamp; readonly windows: readonly StoredWindow[] }>;
  /** Starts of windows that a commit after the stamp has written, sorted; a topic-partition it lacks counts from its beginning. */
  changedSince(stamp: RollupStamp): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Written by the roll-up job alone. */
export interface RollupWriter {
  /** Writes these windows and the stamp they are of, all or nothing. A window of no bytes takes the roll-up away. */
  replace(windows: readonly (StoredWindow & { readonly level: RollupLevel })[], stamp: RollupStamp): Promise<void>;
  close(): Promise<void>;
}
