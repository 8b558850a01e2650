/**
 * The documents of the hot store on MongoDB. The journal is the truth: one document a commit, at places that follow one
 * another without a gap (`_id` = topic:partition:place). All other collections are projections of it.
 */
import type { DeadLetter, Ledger, TopicPartition } from '../../protocol/event.ts';
import type { PartitionState, RawChunk, Totals } from '../ports/hot-store.ts';
import type { KpiMinuteRow } from '../ports/projection.ts';
import type { OrderDocument } from './store-mongodb-chunks.ts';
import type { Mongo } from './store-mongodb-client.ts';
import type { DimensionKey, Share } from './store-mongodb-dims.ts';

/** Digits of places and offsets in an `_id`, so that it sorts like the number. */
const DIGITS = 16;

/** Who owns a topic-partition, and how far its projections have come. Owner and projector write different fields. */
export type PartitionDocument = TopicPartition & {
  readonly _id: string;
  readonly epoch: number;
  /** The process, a slash, and the thread's own name. */
  readonly owner: string;
  /** Places in the journal: windows and dead letters stand in their collections up to here, raw events up to there. */
  readonly kpiCursor: number;
  readonly rawCursor: number;
  /** Minutes are folded from windows up to this place. */
  readonly minuteCursor: number;
  /** Customers, products and so on are counted up to this place of the journal. */
  readonly dimCursor: number;
  /** Places below may be gone from the journal. */
  readonly trimmedTo: number;
  /** What raw events weigh in their collections, and how many bytes of chunks have passed the raw cursor. */
  readonly rawBytes: number;
  readonly rawRecords: number;
  readonly rawPassed: number;
  readonly rawPassedRecords: number;
  /** Chunks below this offset are taken from the sums, and are gone or going. */
  readonly droppedTo: number;
  /** Offsets below are archived: let go of, or about to be. */
  readonly horizon: number;
};

export type StoredChunk = Omit<RawChunk, 'orderHashes' | 'frames' | 'marks'> & {
  readonly frames: Uint8Array;
  readonly hashes: Uint8Array;
  readonly marks: RawChunk['marks'];
};

export type StoredLetter = Omit<DeadLetter, 'topic' | 'partition'>;

/** The parts of a commit that may be large; they spread over several documents where one could not hold them. */
export type Payload = {
  readonly windows: readonly { readonly start: number; readonly packed: Uint8Array }[];
  readonly raw: readonly StoredChunk[];
  readonly dead: readonly StoredLetter[];
  readonly dedup?: Uint8Array;
};

export type JournalDocument = TopicPartition &
  Payload & {
    readonly _id: string;
    readonly place: number;
    readonly epoch: number;
    readonly owner: string;
    readonly at: number;
    /** Written on opening: it takes the place that an earlier owner would write to next. */
    readonly barrier: boolean;
    readonly seq: number;
    readonly nextOffset: number;
    readonly watermark: number;
    readonly ledger: Ledger;
    readonly totals: Totals;
    readonly gap: number;
    /** Starts of all windows of the commit. */
    readonly starts: readonly number[];
    /** Documents in `journal_parts` with the rest of the payload. */
    readonly parts: number;
    /** The place of the document that holds the remembered order ids, 0 for none. */
    readonly dedupAt: number;
    /** Of all chunks committed so far, this one's included. */
    readonly rawSum: number;
    readonly rawRecordSum: number;
  };

/** What a journal document says without its payload. */
export type JournalHead = Omit<JournalDocument, keyof Payload>;
export const HEAD = { windows: 0, raw: 0, dead: 0, dedup: 0 } as const;

export type PartDocument = Payload & { readonly _id: string };

export type PartialDocument = TopicPartition & {
  readonly _id: string;
  readonly start: number;
  readonly place: number;
  readonly seq: number;
  readonly packed: Uint8Array;
};

/** A row of `kpi_minute`; `rev` grows whenever it is folded from newer windows. */
export type MinuteDocument = KpiMinuteRow & {
  readonly _id: string;
  readonly minute: number;
  readonly rev: number;
  readonly final: boolean;
};

/** What a topic-partition says of one customer, product and so on, of all commits up to this place. */
export type DimensionPartial = DimensionKey & {
  /** `dimension|id|topic:partition`, and the part that its other topic-partitions share. */
  readonly _id: string;
  readonly key: string;
  readonly topicPartition: string;
  readonly place: number;
  readonly share: Share;
};

/** As people see it; `rev` grows whenever a topic-partition has said more. */
export type DimensionDocument = { readonly _id: string; readonly rev: number };

export type DeadLetterDocument = DeadLetter & { readonly _id: string };

/** A chunk of raw events; `bytes` is what it weighs with the documents of its orders. */
export type ChunkDocument = TopicPartition &
  StoredChunk & {
    readonly _id: string;
    readonly place: number /** Of each order: offset from the base and element, as 32-bit numbers. */;
    readonly places: Uint8Array;
    readonly bytes: number;
  };

export function collections(mongo: Mongo) {
  return {
    partitions: mongo.collection<PartitionDocument>('partitions'),
    journal: mongo.collection<JournalDocument>('journal'),
    parts: mongo.collection<PartDocument>('journal_parts'),
    partials: mongo.collection<PartialDocument>('kpi_partials'),
    letters: mongo.collection<DeadLetterDocument>('dead_letters'),
    chunks: mongo.collection<ChunkDocument>('raw_chunks'),
    orders: mongo.collection<OrderDocument>('orders_stream'),
    minutes: mongo.collection<MinuteDocument>('kpi_minute'),
    dimPartials: mongo.collection<DimensionPartial>('dim_partials'),
    dimensions: {
      customers: mongo.collection<DimensionDocument>('customers'),
      products: mongo.collection<DimensionDocument>('products'),
      warehouses: mongo.collection<DimensionDocument>('warehouses'),
      couriers: mongo.collection<DimensionDocument>('couriers'),
      inventory: mongo.collection<DimensionDocument>('inventory'),
    },
  };
}

export function partitionId({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

export function placeId(partition: TopicPartition, place: number): string {
  return `${partitionId(partition)}:${String(place).padStart(DIGITS, '0')}`;
}

/** The journal's documents of a topic-partition above a place. */
export function above(partition: TopicPartition, place: number): { _id: { $gt: string; $lt: string } } {
  return { _id: { $gt: placeId(partition, place), $lt: `${partitionId(partition)};` } };
}

export function letterId({ topic, partition, offset, element }: DeadLetter): string {
  return `${partitionId({ topic, partition })}:${offset}:${element}`;
}

export function stateOf(head: JournalHead, dedup: Uint8Array | null): PartitionState {
  const { topic, partition, epoch, seq, nextOffset, watermark, ledger, totals, gap } = head;
  return { topic, partition, epoch, seq, nextOffset, watermark, ledger, totals, gap, dedup };
}

/** Makes what queries need; idempotent. */
export async function prepareCollections(mongo: Mongo): Promise<void> {
  const { partials, letters, orders, dimPartials } = collections(mongo);
  await partials.createIndex({ start: 1 });
  await partials.createIndex({ topic: 1, partition: 1, place: 1 });
  await partials.createIndex({ topic: 1, partition: 1, seq: 1 });
  await letters.createIndex({ at: -1, _id: -1 });
  await letters.createIndex({ topic: 1, partition: 1, offset: 1 });
  await orders.createIndex({ timestamp: -1, _id: -1 });
  await orders.createIndex({ order_id: 1 });
  await dimPartials.createIndex({ key: 1 });
  await mongo.db.collection('kpi_minute').createIndex({ minute: -1 });
  await mongo.db.collection('archive_batches').createIndex({ plannedAt: -1, _id: -1 });
  await mongo.db.collection('archive_batches').createIndex({ topic: 1, partition: 1, fromOffset: 1 });
  await mongo.db.collection('job_runs').createIndex({ job: 1, startedAt: -1 });
}
