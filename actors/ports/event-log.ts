/**
 * The event log: topics split into partitions, records with growing offsets (on Kafka with holes), read from any offset.
 * A record is bytes; what it means is nobody's business here.
 */
import type { TopicPartition } from '../../protocol/event.ts';
import type { LogGap } from '../../protocol/message.ts';

export type Append = TopicPartition & {
  /** Records as frames (protocol/frames.ts); a record without a time is stamped with the time of the append. */
  readonly frames: Uint8Array;
  readonly count: number;
};

export type Position = TopicPartition & { readonly offset: number };

/**
 * Some records of one topic-partition: those of `frames` stand at base, base+1 .. Offsets up to `next` that no record
 * has (transaction markers on Kafka) are passed with it; a chunk may hold nothing but such.
 */
export type LogChunk = TopicPartition & {
  readonly base: number;
  readonly next: number;
  readonly frames: Uint8Array;
  readonly count: number;
};

export type LogExtent = TopicPartition & { readonly start: number; readonly end: number };

/** The one writer of the log. */
export interface LogWriter {
  /** All appends of one call are durable when this returns; answers the first offset of each. */
  append(appends: readonly Append[]): Promise<readonly number[]>;
  /** Lets go of what stands below these offsets once the log is over its size; answers the bytes that remain. */
  retain(consumed: readonly Position[]): Promise<number>;
  extents(): Promise<readonly LogExtent[]>;
  close(): Promise<void>;
}

/** What a source tells by itself where a consumer group decides what it reads. */
export type SourceEvents = {
  /**
   * These and no others are this member's now; nothing of them is read before the next `seek`. Null while it is no
   * member.
   */
  readonly assigned: (partitions: readonly TopicPartition[] | null) => void;
  /** There is something to take. */
  readonly arrived: () => void;
  /** This partition cannot be read on; the others are. It stands still until the next `seek`. */
  readonly gap: (gap: LogGap) => void;
  /** Waits for the brokers, with what went wrong, if anything did; null when it no longer does. */
  readonly waiting: (reason: string | null) => void;
};

/** A reader of some topic-partitions, each at a position of its own. */
export interface LogSource {
  /**
   * Joins the group and stays in it until it is closed; undefined where nobody else reads the log. Answers at once:
   * what comes of it is told.
   */
  join?(events: SourceEvents): void;
  /** All below these offsets is counted: for tools that show how far a group is. */
  consumed?(positions: readonly Position[]): void;
  /**
   * Reads exactly these partitions from now on, from these offsets. An offset outside the log is `data-mismatch`, or a
   * gap that is told where the source is a member of a group.
   */
  seek(positions: readonly Position[]): Promise<void>;
  /** The next records of some partition, taking turns; undefined when there is none now. */
  take(maxBytes: number): Promise<LogChunk | undefined>;
  /** A hint from the log's writer: these have grown to here. */
  notify(ends: readonly Position[]): void;
  /** Some may have grown unheard: the next `take` looks for itself. */
  refresh(): void;
  /** Of the partitions it reads. */
  extents(): Promise<readonly LogExtent[]>;
  close(): Promise<void>;
}
