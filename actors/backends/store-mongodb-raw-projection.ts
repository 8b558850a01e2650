/** Raw events: chunks, and one document an order for people and their tools. */

import { BSON } from 'mongodb';
import type { Projection } from '../ports/projection.ts';
import { type OrderDocument, orderDocument, ordersIn } from './store-mongodb-chunks.ts';
import { insertMissing, plainBytes } from './store-mongodb-client.ts';
import type { OwnedPartitions } from './store-mongodb-owned.ts';
import { wholePayload } from './store-mongodb-payload.ts';
import {
  above,
  type ChunkDocument,
  type JournalDocument,
  type PartitionDocument,
  placeId,
} from './store-mongodb-schema.ts';

/** Journal documents of a topic-partition taken at once, and what they may weigh. */
const SLICE = 32;
const SLICE_BYTES = 1024 * 1024;
const ORDERS_AT_ONCE = 1_000;
const REST_MS = 250;

type Slice = {
  readonly partition: PartitionDocument;
  readonly to: number;
  readonly chunks: ChunkDocument[];
  readonly orders: OrderDocument[];
  readonly full: boolean;
  passed: number;
  passedRecords: number;
};

export class RawProjection implements Projection {
  readonly name = 'orders_stream';
  readonly restMs = REST_MS;
  readonly #source: OwnedPartitions;
  readonly #nextTurn: () => Promise<unknown>;

  constructor(source: OwnedPartitions, nextTurn: () => Promise<unknown>) {
    this.#source = source;
    this.#nextTurn = nextTurn;
  }

  async step() {
    let written = 0;
    let more = false;
    // One after the other: what is held in memory is one slice, however many partitions there are.
    for (const partition of await this.#source.list()) {
      const slice = await this.#read(partition);
      if (slice.to === partition.rawCursor) continue;
      await this.#write(slice);
      written += slice.chunks.length + slice.orders.length;
      more ||= slice.full;
    }
    return { written, more };
  }

  async #read(partition: PartitionDocument): Promise<Slice> {
    const { journal, parts } = this.#source.collections;
    const slice = {
      partition,
      to: partition.rawCursor,
      chunks: [] as ChunkDocument[],
      orders: [] as OrderDocument[],
      full: false,
      passed: partition.rawPassed,
      passedRecords: partition.rawPassedRecords,
    };
    const documents = journal
      .find(above(partition, partition.rawCursor), { projection: { windows: 0, dedup: 0 } })
      .sort({ _id: 1 })
      .limit(SLICE)
      .batchSize(8);
    let count = 0;
    for await (const document of documents) {
      await this.#take(document, slice, await wholePayload({ ...document, windows: [] }, parts));
      slice.to = document.place;
      slice.passed = document.rawSum;
      slice.passedRecords = document.rawRecordSum;
      count++;
      slice.full = count === SLICE || slice.chunks.reduce((sum, { bytes }) => sum + bytes, 0) > SLICE_BYTES;
      if (slice.full) break;
    }
    return slice;
  }

  async #take(
    document: JournalDocument,
    slice: { chunks: ChunkDocument[]; orders: OrderDocument[] },
    payload: Pick<JournalDocument, 'raw' | 'dead'>,
  ): Promise<void> {
    const { topic, partition, place } = document;
    for (const stored of payload.raw) {
      const chunk = { ...stored, frames: plainBytes(stored.frames) };
      const orders = ordersIn(document, chunk, payload.dead).map((order) => orderDocument(order, chunk));
      const whole = {
        _id: placeId(document, chunk.base),
        topic,
        partition,
        place,
        ...chunk,
        places: placesOf(orders),
        bytes: 0,
      };
      const bytes = orders.reduce(
        (sum, order) => sum + BSON.calculateObjectSize(order),
        BSON.calculateObjectSize(whole),
      );
      slice.chunks.push({ ...whole, bytes });
      for (const order of orders) slice.orders.push(order);
      await this.#nextTurn();
    }
  }

  async #write({ partition, to, chunks, orders, passed, passedRecords }: Slice): Promise<void> {
    const { collections } = this.#source;
    // Chunks first: an order leads to its chunk.
    await insertMissing(collections.chunks, chunks);
    for (let at = 0; at < orders.length; at += ORDERS_AT_ONCE) {
      await insertMissing(collections.orders, orders.slice(at, at + ORDERS_AT_ONCE));
      await this.#nextTurn();
    }
    const sums = {
      rawBytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
      rawRecords: chunks.reduce((sum, { records }) => sum + records, 0),
      rawPassed: passed - partition.rawPassed,
      rawPassedRecords: passedRecords - partition.rawPassedRecords,
    };
    await this.#source.advance('rawCursor', [{ partition, to, sums }]);
  }
}

/** Offset and element of each order, so that its document can be found without reading the chunk. */
function placesOf(orders: readonly OrderDocument[]): Uint8Array {
  const places = Int32Array.from(orders.flatMap(({ offset, element, chunk }) => [offset - chunk, element]));
  return new Uint8Array(places.buffer);
}
