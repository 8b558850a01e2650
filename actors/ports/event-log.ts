/**
 * The event log: topics split into partitions, records with growing offsets (on Kafka with holes), read from any offset.
 * A record is bytes; what it means is nobody's business here.
 */
import type { TopicPartition } from '../../protocol/event.ts';

export type Append = TopicPartition & {
  /** Records as frames (protocol/frames.ts); a record without a time is stamped with the time of the append. */
  readonly frames: Uint8Array;
  readonly count: number;
};

export type Position = TopicPartition & { readonly offset: number };

/** Some records of one topic-partition: those of `frames` stand at base, base+1 .. unless `offsets` names them. */
export type LogChunk = TopicPartition & {
  readonly base: number;
  readonly next: number;
  readonly frames: Uint8Array;
  readonly count: number;
  readonly offsets?: Float64Array;
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

/** A reader of some topic-partitions, each at a position of its own. */
export interface LogSource {
  /** Reads exactly these partitions from now on, from these offsets. An offset outside the log is `data-mismatch`. */
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
