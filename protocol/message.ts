/**
 * What actors say to each other, one union a link. Messages are facts or requests; nothing flows back against the
 * data but credits, acknowledgements and requests. A link is a MessagePort laid anew whenever an end restarts, so
 * nothing in here survives a restart: both ends begin again with what they hold.
 */

import type { WireError } from './errors.ts';
import type { DeadLetter, Ledger, TopicPartition } from './event.ts';

export type Offset = TopicPartition & { readonly offset: number };

/** What comes next in a topic-partition, at `offset`, is not in the log: that holds `start` to `end`. */
export type LogGap = Offset & { readonly start: number; readonly end: number };

/** Link `batches`, consumer -> aggregator. */
export type BatchMessage = TopicPartition & {
  readonly type: 'batch';
  /** The positions this batch follows; a batch of another session is dropped. */
  readonly session: number;
  readonly base: number;
  readonly next: number;
  readonly records: number;
  /** Events in the batch, dead ones included: what the ledger counts as `in`. */
  readonly events: number;
  /** Decoded events (protocol/batch.ts). */
  readonly rows: number;
  readonly items: number;
  readonly buffer: ArrayBuffer;
  readonly strings: readonly string[];
  readonly dead: readonly DeadLetter[];
  /** The same records raw, as frames. */
  readonly zstd: boolean;
  readonly frames: Uint8Array;
  /** When the newest record was appended (epoch ms): latency is measured from here. */
  readonly appendedAt: number;
};

/** Link `batches`, aggregator -> consumer. */
export type ConsumerRequest =
  | {
      readonly type: 'positions';
      readonly session: number;
      readonly positions: readonly Offset[];
      readonly credits: number;
    }
  | { readonly type: 'applied'; readonly session: number; readonly batches: number }
  | { readonly type: 'committed'; readonly positions: readonly Offset[] };

/** What changed in some windows of a topic-partition between two commits, as absolute values. */
export type PartialUpdate = TopicPartition & {
  readonly epoch: number;
  /** Covers the commits (from, to]; the receiver skips it when it already holds `to`. */
  readonly from: number;
  readonly to: number;
  readonly nextOffset: number;
  readonly watermark: number;
  readonly ledger: Ledger;
  /** Offsets skipped so far, as the log no longer had them. */
  readonly gap?: number;
  readonly totals: {
    readonly events: number;
    readonly orders: number;
    readonly paidOrders: number;
    readonly items: number;
    readonly revenue: number;
  };
  /** Changed cells only, packed (actors/kpi/pack.ts). */
  readonly windows: readonly { readonly start: number; readonly packed: Uint8Array }[];
};

/**
 * Links `partials` (aggregator -> gateway, bus -> gateway) and `publish` (aggregator -> bus). After `lane-state` the
 * sender waits for `partials-wanted`.
 */
export type PartialsMessage =
  | {
      readonly type: 'lane-state';
      readonly lane: string;
      readonly partitions: readonly (TopicPartition & { readonly epoch: number; readonly seq: number })[];
      /** From the bus: what was said before may have been missed, so a new snapshot is due however things look. */
      readonly refresh?: boolean;
    }
  | {
      readonly type: 'partials';
      readonly lane: string;
      readonly updates: readonly PartialUpdate[];
      readonly appendedAt: readonly number[];
      /** From the bus: how far the log of these partitions is known to reach. */
      readonly ends?: readonly Offset[];
    };

/** The same links, back: one credit; until it comes the sender goes on gathering changes. */
export type PartialsRequest = { readonly type: 'partials-wanted' };

/** Link `appends`, any producer -> log-writer: frames already routed to their topic-partition. */
export type AppendRequest = {
  readonly type: 'append';
  readonly id: number;
  readonly appends: readonly (TopicPartition & { readonly frames: Uint8Array; readonly count: number })[];
};

/** Link `appends`, log-writer -> producer: durable now, or not. */
export type AppendReply =
  | { readonly type: 'appended'; readonly id: number; readonly offsets: readonly number[] }
  | { readonly type: 'append-failed'; readonly id: number; readonly error: WireError };

/** Link `doorbell`, log-writer -> consumer: these partitions have grown. */
export type Doorbell = { readonly type: 'appended-to'; readonly ends: readonly Offset[] };

/** Link `doorbell`, consumer -> log-writer: committed, so the log may let go of what is below. */
export type Consumed = { readonly type: 'consumed'; readonly positions: readonly Offset[] };

/** Any request that wants an answer (links `queries`, `control`). */
export type Ask<Body> = { readonly type: 'ask'; readonly id: number; readonly body: Body };
export type Answer =
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'refusal'; readonly id: number; readonly error: WireError };

/** Link `queries`, gateway -> reader. */
export type ReaderQuery =
  | {
      readonly kind: 'kpi' | 'kpi-summary';
      readonly search: string;
      readonly watermark: number;
      readonly idle: readonly string[];
    }
  | {
      readonly kind: 'orders';
      readonly from: number;
      readonly to: number;
      readonly state?: string;
      readonly limit: number;
      readonly cursor?: string;
    }
  | { readonly kind: 'order'; readonly id: string }
  | { readonly kind: 'dead-letters'; readonly reason?: string; readonly limit: number; readonly cursor?: string }
  | ({ readonly kind: 'replay-letters' } & ReplayFilter)
  | { readonly kind: 'letters-replayed'; readonly ids: readonly string[]; readonly offsets: readonly number[] | null }
  | { readonly kind: 'snapshot'; readonly from: number; readonly to: number }
  | { readonly kind: 'hot-bytes' };

/** Which dead letters go back into the log: those named, or the newest that fit and were not replayed yet. */
export type ReplayFilter = {
  readonly ids?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  /** By the time of their record, `to` not included. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly limit: number;
  /** Takes named ones of which nobody knows whether an earlier replay succeeded. */
  readonly again: boolean;
};

/** Records of dead letters that were claimed for a replay, and what could not be. */
export type Replay = {
  readonly records: (TopicPartition & { readonly id: string; readonly bytes: Uint8Array })[];
  readonly refused: { readonly id: string; readonly why: string }[];
  /** There are others that fit. */
  readonly more: boolean;
};

/** A dead letter with what became of it. */
export type SeenLetter = DeadLetter & {
  readonly id: string;
  readonly replayedAt: number | null;
  /** Offset of its record's second life in the same topic-partition. */
  readonly replayedTo: number | null;
};

/** Link `health`, generator -> generation monitor, once a second. */
export type GenerationReport = {
  readonly type: 'generated';
  readonly at: number;
  /** Events a second asked for; null when as fast as possible or filling the past. */
  readonly askedRate: number | null;
  readonly total: number;
  readonly phase: 'filling' | 'live' | 'done';
};

/** Link `findings`, monitor -> gateway. */
export type Finding = {
  readonly type: 'finding';
  readonly id: string;
  readonly severity: 'ok' | 'warning' | 'critical';
  readonly text: string;
  readonly since: number;
  readonly evidence: Readonly<Record<string, number | string | null>>;
};

/** How a run of a job stands, as everybody is told. */
export type JobRunView = {
  readonly id: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly duration_ms: number | null;
  readonly outcome: 'running' | 'done' | 'failed' | 'lost';
  readonly attempt: number;
  readonly trigger: 'schedule' | 'retry' | 'person';
  readonly error: string | null;
};

/** A job with its place in the schedule; `elsewhere`: another process of the group runs it. */
export type JobView = {
  readonly name: string;
  readonly period_ms: number;
  readonly deadline_ms: number;
  readonly retries: number;
  readonly state: 'idle' | 'running' | 'retrying' | 'elsewhere';
  readonly next_at: number | null;
  readonly last: JobRunView | null;
  /** Of the runs in `recent` that have ended; null where there is none. */
  readonly success_share: number | null;
  readonly median_ms: number | null;
  /** Newest first. */
  readonly recent: readonly JobRunView[];
};

/** Link `jobs`, gateway -> jobs. */
export type JobsQuery =
  | { readonly kind: 'jobs' }
  | { readonly kind: 'job-runs'; readonly job: string; readonly limit: number; readonly cursor?: string }
  | { readonly kind: 'run-job'; readonly job: string };

/** Link `jobs`, jobs -> gateway, beside answers: a job has begun, ended, or is due at another time. */
export type JobsChanged = { readonly type: 'jobs-changed'; readonly jobs: readonly JobView[] };

/** Link `figures`, jobs -> gateway. */
export type FiguresQuery = { readonly kind: 'performance' } | { readonly kind: 'finding'; readonly id: string };

/** The last word of a monitor, and how long ago it was said. */
export type HeardFinding = { readonly finding: Finding; readonly ageMs: number };

/** What the gateway measures of the whole system; null where it does not know yet. */
export type PerformanceFigures = {
  readonly lag: number;
  readonly latency_p50_ms: number | null;
  readonly latency_p99_ms: number | null;
  readonly hot_bytes: number | null;
  readonly memory_bytes: number;
  /** Share of its time that each actor is at work. */
  readonly busy: readonly { readonly actor: string; readonly share: number }[];
};

/** Link `letting-go`, archiver -> aggregator: what stands below is in the archive, or is not kept any longer. */
export type LetGo = TopicPartition & {
  readonly type: 'let-go';
  readonly id: number;
  readonly what: 'raw' | 'windows';
  /** Raw events below this offset; windows that start before this time. */
  readonly before: number;
};

/** Link `letting-go`, aggregator -> archiver. `owns` comes first, and whenever it changes. */
export type LettingGo =
  | { readonly type: 'owns'; readonly partitions: readonly TopicPartition[] }
  /** All is gone; or not, with why. */
  | { readonly type: 'let-gone'; readonly id: number; readonly error: WireError | null };

/** A batch of the archive as everybody is told. */
export type ArchiveBatchView = {
  readonly id: string;
  readonly kind: 'events' | 'kpi';
  readonly state: string;
  readonly topic: string;
  readonly partition: number;
  readonly from_offset: number;
  readonly to_offset: number;
  readonly records: number;
  readonly orders: number;
  readonly rows: number;
  readonly bytes: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly files: readonly {
    readonly path: string;
    readonly uri: string;
    readonly table: string;
    readonly order_date: string;
    readonly rows: number;
    readonly bytes: number;
    readonly checksum: string;
  }[];
  readonly sums: Readonly<Record<string, number>>;
  readonly planned_at: number;
  readonly verified_at: number | null;
  readonly committed_at: number | null;
  readonly deleted_at: number | null;
  readonly attempts: number;
  readonly error: string | null;
};

/** How the archive stands. */
export type ArchiveStatus = {
  readonly hot_bytes: number;
  readonly budget: number;
  /** Batches by state. */
  readonly states: Readonly<Record<string, number>>;
  /** Of all batches that readers see. */
  readonly records: number;
  readonly rows: number;
  readonly bytes: number;
  /** Whether something that was asked for is not done yet. */
  readonly running: boolean;
  readonly last_error: string | null;
  readonly last_error_at: number | null;
};

/** Link `archive`, gateway or jobs -> archiver. */
export type ArchiveQuery =
  | { readonly kind: 'batches'; readonly limit: number; readonly cursor?: string }
  | { readonly kind: 'batch'; readonly id: string }
  | { readonly kind: 'status' }
  /** Archives all that is committed; answers how much that is before it begins. */
  | { readonly kind: 'run' };

/** Link `archive`, archiver -> gateway, beside answers: the status, and the batches that changed (without files). */
export type ArchiveChanged = {
  readonly type: 'archive-changed';
  readonly status: ArchiveStatus;
  readonly batches: readonly Omit<ArchiveBatchView, 'files' | 'sums'>[];
};
