/**
 * Records of one topic-partition into a batch of columns, and dead letters for what cannot be read.
 * Usual records take the fast path over bytes; all others JSON.parse and the dialects. Both write the same rows.
 * Nothing that a record holds makes this throw.
 */
import { type EventBatch, NONE } from './batch.ts';
import { Columns } from './columns.ts';
import { TextDictionary } from './dictionary.ts';
import { type DeadLetter, LIMITS, type TopicPartition } from './event.ts';
import { FastPath } from './fast-path.ts';
import { PRELOADED } from './fast-pieces.ts';
import type { Problem } from './fields.ts';
import { type Poison, poisonLetter } from './poison.ts';
import type { Reading } from './reading.ts';
import { excerptOf, excerptOfElement, readRecord } from './record.ts';
import { RowWriter } from './slow-path.ts';

const DEFAULT_MAX_ROWS = 65_536;
const NO_ELEMENT = -1;
const IN_THE_FUTURE: Problem = { reason: 'bad-value', field: 'timestamp' };

export type Decoded = {
  readonly batch: EventBatch;
  readonly dead: DeadLetter[];
  /** Events in the batch: readable and dead ones. */
  readonly events: number;
};

type Dead = Omit<DeadLetter, 'topic' | 'partition' | 'offset'> & { readonly record: number };

/**
 * Decodes record after record until `take`. One decoder serves any number of topic-partitions, one after the other:
 * what it keeps in between is only its dictionary of texts.
 * @example
 * const decoder = new BatchDecoder({ futureMs: 300_000 });
 * for (const { start, end, at } of readFrames(frames)) decoder.add(frames, start, end, record++, at);
 * const { batch, dead, events } = decoder.take({ topic: 'orders', partition: 0, base });
 */
export class BatchDecoder {
  #futureMs: number;
  #maxRows: number;
  #columns = new Columns();
  #dictionary = new TextDictionary(PRELOADED);
  #fast = new FastPath(this.#columns, this.#dictionary);
  #writer = new RowWriter(this.#columns, this.#dictionary);
  #dead: Dead[] = [];
  #events = 0;
  #slow = 0;

  constructor({ futureMs, maxRows = DEFAULT_MAX_ROWS }: { futureMs: number; maxRows?: number }) {
    this.#futureMs = futureMs;
    this.#maxRows = maxRows;
  }

  /** Time to `take`: the batch has as many rows and dead letters as it should. */
  get full(): boolean {
    return this.#columns.row + this.#dead.length >= this.#maxRows;
  }

  /** Records that did not take the fast path, since the decoder was made. */
  get slowRecords(): number {
    return this.#slow;
  }

  /** bytes[start, end) is the record, `record` its offset minus the batch's first, `at` its own time in the log. */
  add(bytes: Uint8Array, start: number, end: number, record: number, at: number): void {
    const fast = end - start <= LIMITS.recordBytes && this.#fast.read(bytes, start, end) > 0;
    if (fast && (this.#columns.view.time[this.#columns.row] as number) <= this.#latest(at)) {
      this.#columns.commit(record, NONE, 0, this.#fast.items);
      this.#events++;
    } else this.addSlow(bytes, start, end, record, at);
  }

  /** As `add`, but never by the fast path: the reference that it is compared with. */
  addSlow(bytes: Uint8Array, start: number, end: number, record: number, at: number): void {
    this.#slow++;
    const raw = bytes.subarray(start, end);
    const content = readRecord(raw);
    switch (content.type) {
      case 'event':
        this.#addReading(content.reading, record, NO_ELEMENT, at, () => excerptOf(raw));
        break;
      case 'array':
        content.readings.forEach((reading, place) => {
          this.#addReading(reading, record, place, at, () => excerptOfElement(content.elements[place], raw));
        });
        break;
      case 'unreadable':
        this.#addReading({ problem: content.problem }, record, NO_ELEMENT, at, () => excerptOf(raw));
    }
  }

  /** A record that must not be read: a dead letter instead. */
  park(
    bytes: Uint8Array,
    start: number,
    end: number,
    place: { readonly record: number; readonly at: number },
    poison: Poison,
  ): void {
    this.#events++;
    this.#dead.push({ ...place, ...poisonLetter(bytes.subarray(start, end), poison) });
  }

  /** What was decoded since the last `take`; offsets count from `base`. */
  take({ topic, partition, base }: TopicPartition & { readonly base: number }): Decoded {
    const batch = this.#columns.take(this.#dictionary);
    const dead = this.#dead.map(({ record, ...letter }) => ({ topic, partition, offset: base + record, ...letter }));
    const events = this.#events;
    this.#dead = [];
    this.#events = 0;
    if (this.#dictionary.overfull) this.#dictionary.reset();
    return { batch, dead, events };
  }

  #addReading(reading: Reading, record: number, element: number, at: number, excerpt: () => string): void {
    this.#events++;
    const problem = reading.problem ?? (reading.rows[0].time > this.#latest(at) ? IN_THE_FUTURE : undefined);
    if (problem !== undefined || reading.problem !== undefined) {
      this.#dead.push({ record, element, ...(problem as Problem), excerpt: excerpt(), at });
      return;
    }
    reading.rows.forEach((row, part) => {
      this.#writer.write(row, record, element === NO_ELEMENT ? NONE : element, part);
    });
  }

  /** The latest event time that a record of this time may carry; a record without a time of its own may carry any. */
  #latest(at: number): number {
    return at > 0 ? at + this.#futureMs : Number.POSITIVE_INFINITY;
  }
}
