/** Raw chunks on MongoDB taken apart: the orders inside, as they came and as `orders_stream` shows them. */
import { zstdDecompressSync } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import type { EventRow, OrderRow, Reading } from '../../protocol/reading.ts';
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

/** An event of a chunk where it stands; what else came with it is not told. */
export type FoundEvent<K extends 'order' | 'restock'> = {
  readonly offset: number;
  readonly element: number;
  readonly value: unknown;
  readonly mark: StoredOrder['mark'];
  readonly row: EventRow & { readonly kind: K };
};

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
  { topic, partition }: TopicPartition,
  chunk: StoredChunk,
  dead: readonly Pick<StoredLetter, 'offset' | 'element'>[],
): FoundOrder[] {
  if (chunk.orders === 0) return [];
  return eventsIn({ topic, partition }, chunk, dead, ['order']).map(({ offset, element, value, mark, row }) => ({
    topic,
    partition,
    offset,
    element,
    time: row.time,
    event: value as StoredOrder['event'],
    mark,
    row,
  }));
}

/** The orders and restocks of a chunk, as far as they are asked for, but for those that became dead letters on the way in. */
export function eventsIn<K extends 'order' | 'restock'>(
  partition: TopicPartition,
  chunk: StoredChunk,
  dead: readonly Pick<StoredLetter, 'offset' | 'element'>[],
  kinds: readonly K[],
): FoundEvent<K>[] {
  const letters = new Set(dead.map(({ offset, element }) => `${offset}:${element}`));
  const marks = new Map(chunk.marks.map(({ offset, element, mark }) => [`${offset}:${element}`, mark]));
  const events: FoundEvent<K>[] = [];
  const add = (offset: number, element: number, reading: Reading, value: unknown): void => {
    const row = reading.problem === undefined ? reading.rows[0] : undefined;
    if (row === undefined || !isOneOf(row, kinds)) return;
    if (letters.has(`${offset}:${element}`)) return;
    events.push({ offset, element, value, mark: marks.get(`${offset}:${element}`) ?? null, row });
  };
  let offset = chunk.base;
  const frames = unpack(partition, chunk);
  if (chunk.orders === 0 && !mayHoldRestock(frames)) return [];
  for (const { start, end } of readFrames(frames)) {
    // What is dead as a whole may be poison: nobody reads it again.
    const content = letters.has(`${offset}:-1`) ? undefined : readRecord(frames.subarray(start, end));
    if (content?.type === 'event') add(offset, -1, content.reading, content.value);
    else if (content?.type === 'array')
      for (const [place, reading] of content.readings.entries()) add(offset, place, reading, content.elements[place]);
    offset++;
  }
  return events;
}

/** The type of a restock stands in its bytes as it is, or escaped; so most clicks need not be read. */
function mayHoldRestock(frames: Uint8Array): boolean {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  return bytes.includes('restock') || bytes.includes('\\u');
}

function isOneOf<K extends EventRow['kind']>(row: EventRow, kinds: readonly K[]): row is EventRow & { kind: K } {
  return (kinds as readonly string[]).includes(row.kind);
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
