/**
 * A raw chunk taken apart for the archive: its records, and the orders inside as the way in read them, with the ids
 * that columns hold only as hashes. What is a dead letter is no order here.
 */
import { zstdDecompressSync } from 'node:zlib';
import { type EventBatch, KIND, NONE } from '../../protocol/batch.ts';
import { BatchDecoder } from '../../protocol/decode.ts';
import { AppError } from '../../protocol/errors.ts';
import { type DeadLetter, partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { type Frame, readFrames } from '../../protocol/frames.ts';
import type { OrderRow } from '../../protocol/reading.ts';
import { readRecord } from '../../protocol/record.ts';
import type { RawChunk } from '../ports/hot-store.ts';

export type DecodedChunk = {
  readonly base: number;
  readonly frames: Uint8Array;
  readonly records: readonly Frame[];
  readonly batch: EventBatch;
  /** Rows of the batch that are orders; the lists below go with it. */
  readonly orders: readonly number[];
  /** Ids as UTF-8. */
  readonly orderIds: readonly Uint8Array[];
  readonly customerIds: readonly Uint8Array[];
  readonly marks: readonly (RawChunk['marks'][number]['mark'] | null)[];
};

/** What the fast path has matched before the order's id, between that and the time, and between that and the customer's. */
const BEFORE_ID = '{"type":"order","order_id":"'.length;
const BEFORE_TIME = '","timestamp":'.length;
const BEFORE_CUSTOMER = ',"customer_id":"'.length;
const QUOTE = 0x22;
const COMMA = 0x2c;

const encoder = new TextEncoder();

export class ChunkDecoder {
  #place: TopicPartition;
  #dead: ReadonlyMap<number, ReadonlySet<number>>;
  #decoder = new BatchDecoder({ futureMs: Number.POSITIVE_INFINITY });

  /** For chunks of one topic-partition, with the dead letters of all their offsets. */
  constructor(place: TopicPartition, deadLetters: readonly DeadLetter[]) {
    this.#place = place;
    const byOffset = Map.groupBy(deadLetters, ({ offset }) => offset);
    this.#dead = new Map([...byOffset].map(([offset, all]) => [offset, new Set(all.map(({ element }) => element))]));
  }

  decode(chunk: RawChunk): DecodedChunk {
    const { base } = chunk;
    const frames = this.unpack(chunk);
    const records: Frame[] = [];
    const slow = new Set<number>();
    for (const frame of readFrames(frames)) {
      const before = this.#decoder.slowRecords;
      // What is dead as a whole may be poison: nobody reads it again.
      if (!this.#dead.get(base + records.length)?.has(-1))
        this.#decoder.add(frames, frame.start, frame.end, records.length, frame.at);
      if (this.#decoder.slowRecords !== before) slow.add(records.length);
      records.push(frame);
    }
    const { batch } = this.#decoder.take({ ...this.#place, base });
    return { base, frames, records, batch, ...this.#orders(chunk, { frames, records, slow, batch }) };
  }

  #orders(
    { base, marks }: RawChunk,
    read: { frames: Uint8Array; records: readonly Frame[]; slow: ReadonlySet<number>; batch: EventBatch },
  ) {
    const { frames, records, slow, batch } = read;
    const found = {
      orders: [] as number[],
      orderIds: [] as Uint8Array[],
      customerIds: [] as Uint8Array[],
      marks: [] as DecodedChunk['marks'][number][],
    };
    const markAt = new Map(marks.map(({ offset, element, mark }) => [`${offset}:${element}`, mark]));
    let parsed: { readonly record: number; readonly orders: ReadonlyMap<number, OrderRow> } | undefined;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.kind[row] !== KIND.order) continue;
      const record = batch.record[row] as number;
      const element = batch.element[row] === NONE ? -1 : (batch.element[row] as number);
      const dead = this.#dead.get(base + record);
      if (dead?.has(element)) continue;
      const frame = records[record] as Frame;
      found.orders.push(row);
      found.marks.push(markAt.size === 0 ? null : (markAt.get(`${base + record}:${element}`) ?? null));
      if (slow.has(record)) {
        if (parsed?.record !== record) parsed = { record, orders: ordersOf(frames.subarray(frame.start, frame.end)) };
        const order = parsed.orders.get(element) as OrderRow;
        found.orderIds.push(encoder.encode(order.order));
        found.customerIds.push(encoder.encode(order.customer));
      } else pushIds(frames, frame.start, found);
    }
    return found;
  }

  /** The frames of a chunk. */
  unpack({ zstd, frames, base }: RawChunk): Uint8Array {
    if (!zstd) return frames;
    try {
      return zstdDecompressSync(frames);
    } catch (cause) {
      const where = `${partitionKey(this.#place)} from offset ${base} on`;
      throw new AppError('data-mismatch', `Cannot read raw events of ${where} as they are damaged`, { cause });
    }
  }
}

/** Where the fast path has found them: it has checked every byte between. */
function pushIds(frames: Uint8Array, start: number, to: { orderIds: Uint8Array[]; customerIds: Uint8Array[] }): void {
  const id = start + BEFORE_ID;
  const idEnd = frames.indexOf(QUOTE, id);
  const customer = frames.indexOf(COMMA, idEnd + BEFORE_TIME) + BEFORE_CUSTOMER;
  to.orderIds.push(frames.subarray(id, idEnd));
  to.customerIds.push(frames.subarray(customer, frames.indexOf(QUOTE, customer)));
}

/** Orders of a record by their element. */
function ordersOf(record: Uint8Array): ReadonlyMap<number, OrderRow> {
  const content = readRecord(record);
  const readings =
    content.type === 'event'
      ? [[-1, content.reading] as const]
      : content.type === 'array'
        ? content.readings.map((reading, element) => [element, reading] as const)
        : [];
  return new Map(
    readings.flatMap(([element, reading]) =>
      (reading.problem === undefined ? reading.rows : []).flatMap((row) =>
        row.kind === 'order' ? [[element, row] as const] : [],
      ),
    ),
  );
}
