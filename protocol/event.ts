/** Domain events as the contracts name them, the outcomes an event can have, and why one can be unreadable. */

export const EVENT_TYPES = ['order', 'delivery', 'refund', 'restock', 'click'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const PAYMENT_STATUSES = ['approved', 'failed', 'pending', 'unknown'] as const;
export const DELIVERY_STATUSES = ['pending', 'shipped', 'delivered', 'returned'] as const;
export const CLICK_TYPES = ['view', 'cart', 'purchase'] as const;

export const DEAD_REASONS = [
  'not-json',
  'not-an-object',
  'unknown-type',
  'missing-field',
  'bad-value',
  'too-large',
  'poison',
] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

export const LIMITS = {
  recordBytes: 1024 * 1024,
  idCharacters: 200,
  stateCharacters: 32,
  /** Other texts are cut here: they are keys of dimensions, and those must stay bounded. The raw event keeps them whole. */
  textCharacters: 1000,
  itemsPerOrder: 1000,
  /** Events in an array, above which the whole record is `too-large`: more than a record can hold of readable ones. */
  eventsPerRecord: 25_000,
  quantity: 1_000_000,
  /** Money above this many currency units is `bad-value`. */
  money: 100_000_000_000,
  /** How much of an event a dead letter shows. */
  excerptCharacters: 200,
} as const;

export type TopicPartition = { readonly topic: string; readonly partition: number };

/** `orders/0`: how a topic-partition is written as a key. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

/** How many partitions topics have: one number for all alike, or one for each by name. */
export type PartitionCounts = number | Readonly<Record<string, number>>;

export function partitionCount(counts: PartitionCounts, topic: string): number {
  return typeof counts === 'number' ? counts : (counts[topic] ?? 0);
}

/** Every topic-partition there is. */
export function allPartitions(topics: readonly string[], counts: PartitionCounts): TopicPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: partitionCount(counts, topic) }, (_, partition) => ({ topic, partition })),
  );
}

/** An event that could not be read. `element` is its place in a record that holds an array, -1 elsewhere. */
export type DeadLetter = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly element: number;
  readonly reason: DeadReason;
  readonly field: string | null;
  readonly excerpt: string;
  /** The record's own time in the log, so that a replay writes the same dead letter. */
  readonly at: number;
  /** Of `poison`: how often an actor has died of it, and how it died last. */
  readonly attempts?: number;
  readonly error?: string;
};

/** `orders:0:17`, with `:2` behind it for an element of an array: how a dead letter is named. */
export function letterId({
  topic,
  partition,
  offset,
  element,
}: Omit<DeadLetter, 'at' | 'reason' | 'field' | 'excerpt'>): string {
  return `${topic}:${partition}:${offset}${element < 0 ? '' : `:${element}`}`;
}

/** The conservation ledger of a topic-partition: `in` is always the sum of the other four. */
export type Ledger = {
  in: number;
  counted: number;
  late: number;
  dead: number;
  duplicates: number;
};

export function emptyLedger(): Ledger {
  return { in: 0, counted: 0, late: 0, dead: 0, duplicates: 0 };
}
