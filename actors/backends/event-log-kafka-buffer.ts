/**
 * What was fetched of one topic-partition and not taken yet. Chunks are cut where offsets have a hole (transaction
 * markers, compaction), so that records of a chunk always stand at base, base + 1 ..; a hole behind the last record
 * is passed with it. Pure.
 */
import type { KafkaMessage } from 'kafkajs';
import type { TopicPartition } from '../../protocol/event.ts';
import type { LogChunk } from '../ports/event-log.ts';
import { frameBytes, framesOf } from './event-log-kafka-records.ts';

/** Messages of one fetch, in order; `next` is where the fetch after it begins. */
type Fetched = { readonly messages: readonly KafkaMessage[]; at: number; readonly next: number };

export class PartitionBuffer {
  readonly #of: TopicPartition;
  #fetched: Fetched[] = [];
  #bytes = 0;
  #next: number;
  #taken: number;

  constructor(of: TopicPartition, offset: number) {
    this.#of = of;
    this.#next = offset;
    this.#taken = offset;
  }

  /** Where the next fetch must begin. */
  get next(): number {
    return this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#fetched.length === 0;
  }

  /** Everything from `next` on up to this offset was fetched, and these are the records in there. */
  add(messages: readonly KafkaMessage[], next: number): void {
    this.#fetched.push({ messages, at: 0, next });
    this.#next = next;
    for (const message of messages) this.#bytes += frameBytes(message);
  }

  /** At least one record, and as many more as fit; none at all where offsets were passed that hold no record. */
  take(maxBytes: number): LogChunk | undefined {
    if (this.empty) return undefined;
    const messages: KafkaMessage[] = [];
    let bytes = 0;
    let base = this.#taken;
    for (let fetched = this.#fetched[0]; fetched !== undefined; fetched = this.#fetched[0]) {
      const message = fetched.messages[fetched.at];
      if (message === undefined) {
        this.#taken = fetched.next;
        this.#fetched.shift();
        continue;
      }
      const offset = Number(message.offset);
      const size = frameBytes(message);
      if (messages.length > 0 && (offset !== base + messages.length || bytes + size > maxBytes)) break;
      if (messages.length === 0) base = offset;
      messages.push(message);
      bytes += size;
      fetched.at++;
      this.#taken = offset + 1;
    }
    this.#bytes -= bytes;
    const frames = framesOf(messages);
    return { ...this.#of, base, next: this.#taken, frames, count: messages.length };
  }
}
