/**
 * The archive: files under one root, written under a temporary name, checked, then published at once; the manifest of
 * batches, which alone says what the archive holds; and the catalog that tells other tools of it.
 */
import type { TopicPartition } from '../../protocol/event.ts';
import type { Page } from './hot-store.ts';

export type ArchivedFile = { readonly path: string; readonly bytes: number };

/** Files by their path below the root, with `/` between folders. Every call may be made again after a failure. */
export interface ArchiveFiles {
  /** The address of a path as other tools name it: `file:///..`, `hdfs://..`. */
  uri(path: string): string;
  /** Durable and whole when it returns; replaces what a cut-off attempt left under the name. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Gives a written file its final name, at once. Where the target is there already with the same content it is done. */
  publish(temporary: string, path: string): Promise<void>;
  stat(path: string): Promise<ArchivedFile | undefined>;
  /** Bytes [from, to) of the file, all of it by default; `not-found` where there is none. */
  read(path: string, from?: number, to?: number): Promise<Uint8Array>;
  /** All files below a folder, in no order; none where there is no such folder. */
  list(folder: string): Promise<readonly ArchivedFile[]>;
  /** Gone afterwards; that it was not there is no error. */
  remove(path: string): Promise<void>;
  close(): Promise<void>;
}

export const ARCHIVE_STATES = ['PLANNED', 'WRITTEN', 'VERIFIED', 'COMMITTED', 'DELETED', 'FAILED'] as const;
/** From COMMITTED on the batch is what readers see; DELETED: the hot store has let go of its copy. */
export type ArchiveState = (typeof ARCHIVE_STATES)[number];

export type BatchFile = ArchivedFile & {
  /** `orders` and `kpi_minute` are Parquet for every tool; `raw` and `windows` are what pulso itself reads back. */
  readonly table: 'orders' | 'kpi_minute' | 'raw' | 'windows';
  /** The day it is of, YYYY-MM-DD in the configured zone. */
  readonly orderDate: string;
  readonly rows: number;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
  /** Span of the event times (orders) or window starts (kpi_minute, windows) inside, [from, to]; null where there is none. */
  readonly from: number | null;
  readonly to: number | null;
};

/** Records [fromOffset, toOffset) of a topic-partition (`events`), or the windows of a day (`kpi`: topic '', partition 0). */
export type ArchiveBatch = TopicPartition & {
  readonly id: string;
  readonly kind: 'events' | 'kpi';
  readonly state: ArchiveState;
  readonly fromOffset: number;
  readonly toOffset: number;
  /** Log records, orders and order items inside; sums that hot and archive are compared by, money in cents. */
  readonly records: number;
  readonly orders: number;
  readonly rows: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly bytes: number;
  /** Span of event times of its orders, or of its windows. */
  readonly from: number | null;
  readonly to: number | null;
  readonly files: readonly BatchFile[];
  readonly plannedAt: number;
  readonly verifiedAt: number | null;
  readonly committedAt: number | null;
  readonly deletedAt: number | null;
  readonly attempts: number;
  readonly error: string | null;
};

export type BatchFilter = { readonly limit: number; readonly cursor?: string | undefined };

/** The only truth about what is archived. One process archives a topic-partition at a time: its owner's. */
export interface ArchiveManifest {
  /** Writes a new batch; false when one of this id is there. */
  create(batch: ArchiveBatch): Promise<boolean>;
  /** Replaces the batch where its stored state is still `from`; false where it is not. */
  advance(batch: ArchiveBatch, from: ArchiveState): Promise<boolean>;
  get(id: string): Promise<ArchiveBatch | undefined>;
  /** All that are in one of these states, of one topic-partition or of all, oldest offsets first. */
  inState(states: readonly ArchiveState[], of?: TopicPartition): Promise<readonly ArchiveBatch[]>;
  /** Newest first. */
  list(filter: BatchFilter): Promise<Page<ArchiveBatch>>;
  close(): Promise<void>;
}

/** Tells other tools (Hive, Spark) where tables and their days are. Idempotent. */
export interface ArchiveCatalog {
  register(table: 'orders' | 'kpi_minute', orderDates: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
