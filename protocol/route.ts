/**
 * Where a record belongs: the topic by its type, the partition by its key, as Kafka's own producers would choose.
 * A record that cannot be read, and one that holds an array, goes to `orders`; without a key its bytes decide.
 */

import { type KIND, KIND_NAMES } from './batch.ts';
import { Columns } from './columns.ts';
import { TextDictionary } from './dictionary.ts';
import { type EventType, LIMITS, type PartitionCounts, partitionCount } from './event.ts';
import { FastPath } from './fast-path.ts';
import { PRELOADED } from './fast-pieces.ts';
import { partitionOf } from './hash.ts';
import { keyOf } from './reading.ts';
import { readRecord } from './record.ts';

export type Topic = 'orders' | 'deliveries' | 'clicks';
export type Route = { readonly topic: Topic; readonly partition: number };

export const TOPICS: readonly Topic[] = ['orders', 'deliveries', 'clicks'];

/** The topic that events of a type are written to; every topic takes every type. */
export function topicOf(type: EventType): Topic {
  switch (type) {
    case 'order':
    case 'refund':
    case 'restock':
      return 'orders';
    case 'delivery':
      return 'deliveries';
    case 'click':
      return 'clicks';
  }
}

const NO_WORD = /[^\p{L}\p{N}]+/u;
const encoder = new TextEncoder();
const columns = new Columns();
const dictionary = new TextDictionary(PRELOADED);
const fastPath = new FastPath(columns, dictionary);

/**
 * The topic-partition of a record.
 * @example route(new TextEncoder().encode('{"type":"order",..}'), 4) // { topic: 'orders', partition: 2 }
 */
export function route(record: Uint8Array, partitions: PartitionCounts): Route {
  const kind = readFast(record);
  if (kind === 0) {
    const { topic, key } = readSlow(record);
    return { topic, partition: partitionOf(key ?? record, partitionCount(partitions, topic)) };
  }
  const { idStart, idEnd } = fastPath.cursor;
  const topic = topicOf(KIND_NAMES[kind]);
  return { topic, partition: partitionOf(record, partitionCount(partitions, topic), idStart, idEnd) };
}

/** The bytes of a record's key; undefined for one that has none. */
export function recordKey(record: Uint8Array): Uint8Array | undefined {
  if (readFast(record) === 0) return readSlow(record).key;
  const { idStart, idEnd } = fastPath.cursor;
  return record.subarray(idStart, idEnd);
}

/** How many partitions each of them has where it goes (`targetTopics`). */
export function routeCounts(topics: readonly string[], partitions: PartitionCounts): Readonly<Record<Topic, number>> {
  const targets = targetTopics(topics);
  const counts = TOPICS.map((topic) => [topic, partitionCount(partitions, targets[topic])]);
  return Object.fromEntries(counts) as Record<Topic, number>;
}

/**
 * Where each goes, of the topics that are read: to its namesake, else to one that has its name as a word (`shop.orders`),
 * else to the first.
 */
export function targetTopics(topics: readonly string[]): Readonly<Record<Topic, string>> {
  const targetOf = (topic: Topic) =>
    topics.includes(topic) ? topic : (topics.find((name) => name.split(NO_WORD).includes(topic)) ?? topics[0]);
  return Object.fromEntries(TOPICS.map((topic) => [topic, targetOf(topic)])) as Record<Topic, string>;
}

type Kind = (typeof KIND)[keyof typeof KIND];

/** Nothing is committed to the columns: reading a record this way is only the quickest way to know its key. */
function readFast(record: Uint8Array): Kind | 0 {
  const kind = record.length <= LIMITS.recordBytes ? fastPath.read(record, 0, record.length) : 0;
  if (dictionary.overfull) dictionary.reset();
  return kind as Kind | 0;
}

function readSlow(record: Uint8Array): { readonly topic: Topic; readonly key: Uint8Array | undefined } {
  const content = readRecord(record);
  const row = content.type === 'event' && !content.reading.problem ? content.reading.rows[0] : undefined;
  const key = row && keyOf(row);
  return { topic: row ? topicOf(row.kind) : 'orders', key: key === undefined ? undefined : encoder.encode(key) };
}
