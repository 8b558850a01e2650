/**
 * Where a record belongs: the topic by its type, the partition by its key, as Kafka's own producers would choose.
 * A record that cannot be read, and one that holds an array, goes to `orders`; without a key its bytes decide.
 */

import { type KIND, KIND_NAMES } from './batch.ts';
import { Columns } from './columns.ts';
import { TextDictionary } from './dictionary.ts';
import { type EventType, LIMITS } from './event.ts';
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

const encoder = new TextEncoder();
const columns = new Columns();
const dictionary = new TextDictionary(PRELOADED);
const fastPath = new FastPath(columns, dictionary);

/**
 * The topic-partition of a record.
 * @example route(new TextEncoder().encode('{"type":"order",..}'), 4) // { topic: 'orders', partition: 2 }
 */
export function route(record: Uint8Array, partitions: number): Route {
  // Nothing is committed to the columns: reading a record this way is only the quickest way to know its key.
  const kind = record.length <= LIMITS.recordBytes ? fastPath.read(record, 0, record.length) : 0;
  if (dictionary.overfull) dictionary.reset();
  if (kind === 0) return routeSlow(record, partitions);
  const { idStart, idEnd } = fastPath.cursor;
  return {
    topic: topicOf(KIND_NAMES[kind as (typeof KIND)[keyof typeof KIND]]),
    partition: partitionOf(record, partitions, idStart, idEnd),
  };
}

function routeSlow(record: Uint8Array, partitions: number): Route {
  const content = readRecord(record);
  const row = content.type === 'event' && !content.reading.problem ? content.reading.rows[0] : undefined;
  const key = row && keyOf(row);
  return {
    topic: row ? topicOf(row.kind) : 'orders',
    partition: partitionOf(key === undefined ? record : encoder.encode(key), partitions),
  };
}
