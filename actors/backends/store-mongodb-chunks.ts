/** Raw chunks on MongoDB taken apart: the orders inside, as they came and as `orders_stream` shows them. */
import { zstdDecompressSync } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import type { OrderRow, Reading } from '../../protocol/reading.ts';
import { readRecord } from '../../protocol/record.ts';
import type { StoredOrder } from '../ports/hot-store.ts';
import { partitionId, type StoredChunk, type StoredLetter } from './store-mongodb-schema.ts';

/** A document of `orders_stream`: an order as people and their tools look for it. */
export type OrderDocument = TopicPartition & {
  readonly _id: string;
  readonly order_id: string;
  readonly timestamp: number;
  readonly customer_id: string;
  readonly customer_state: string;
  readonly segment: string;
  readonly payment_type: string;
  readonly payment_status: string;
  readonly payment_value: number;
  readonly shipping_cost: number;
  readonly items: readonly {
    readonly product_id: string;
    readonly product_name?: string;
    readonly category: string;
    readonly quantity: number;
    readonly price: number;
  }[];
  readonly warehouse_id: string;
  readonly courier_id: string;
  readonly archived: boolean;
  readonly mark: StoredOrder['mark'];
  readonly offset: number;
  /** Its place in a record that holds an array, -1 elsewhere. */
  readonly element: number;
  /** The first offset of the chunk with the bytes it came as. */
  readonly chunk: number;
};

export type FoundOrder = Omit<StoredOrder, 'archived'> & { readonly row: OrderRow };

const CENTS = 100;

export function orderId({
  topic,
  partition,
  offset,
  element,
}: TopicPartition & { readonly offset: number; readonly element: number }): string {
  const id = `${partitionId({ topic, partition })}:${offset}`;
  return element === -1 ? id : `${id}:${element}`;
}

/** The orders of a chunk; what became a dead letter on the way in is none. */
export function ordersIn(
  partition: TopicPartition,
  chunk: StoredChunk,
  dead: readonly Pick<StoredLetter, 'offset' | 'element'>[],
): FoundOrder[] {
  if (chunk.orders === 0) return [];
  const letters = new Set(dead.map(({ offset, element }) => `${offset}:${element}`));
  const marks = new Map(chunk.marks.map(({ offset, element, mark }) => [`${offset}:${element}`, mark]));
  const orders: FoundOrder[] = [];
  const add = (offset: number, element: number, reading: Reading, event: unknown): void => {
    const row = reading.problem === undefined ? reading.rows[0] : undefined;
    if (row?.kind !== 'order' || letters.has(`${offset}:${element}`) || letters.has(`${offset}:-1`)) return;
    const mark = marks.get(`${offset}:${element}`) ?? null;
    orders.push({
      topic: partition.topic,
      partition: partition.partition,
      offset,
      element,
      time: row.time,
      event: event as StoredOrder['event'],
      mark,
      row,
    });
  };
  let offset = chunk.base;
  const frames = unpack(partition, chunk);
  for (const { start, end } of readFrames(frames)) {
    const content = readRecord(frames.subarray(start, end));
    if (content.type === 'event') add(offset, -1, content.reading, content.value);
    else if (content.type === 'array')
      for (const [place, reading] of content.readings.entries()) add(offset, place, reading, content.elements[place]);
    offset++;
  }
  return orders;
}

function unpack(partition: TopicPartition, { zstd, frames, base }: StoredChunk): Uint8Array {
  if (!zstd) return frames;
  try {
    return zstdDecompressSync(frames);
  } catch (cause) {
    throw new AppError(
      'data-mismatch',
      `Cannot read raw events of ${partitionKey(partition)} from offset ${base} as they are damaged`,
      { cause },
    );
  }
}

export function orderDocument(order: FoundOrder, chunk: StoredChunk): OrderDocument {
  const { topic, partition, offset, element, mark, row } = order;
  return {
    _id: orderId(order),
    order_id: row.order,
    timestamp: row.time,
    customer_id: row.customer,
    customer_state: row.state,
    segment: row.segment,
    payment_type: row.paymentType,
    payment_status: row.paymentStatus,
    payment_value: row.payment / CENTS,
    shipping_cost: row.shipping / CENTS,
    items: row.items.map(({ product, name, category, quantity, price }) => ({
      product_id: product,
      ...(name === undefined ? {} : { product_name: name }),
      category,
      quantity,
      price: price / CENTS,
    })),
    warehouse_id: row.warehouse,
    courier_id: row.courier,
    archived: false,
    mark,
    topic,
    partition,
    offset,
    element,
    chunk: chunk.base,
  };
}
