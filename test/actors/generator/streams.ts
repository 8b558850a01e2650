/** Streams to test with: events read back from a generator's bytes. */
import { ByteWriter } from '../../../actors/generator/byte-writer.ts';
import type { EventSink, OrderStream } from '../../../actors/generator/core.ts';
import type { Topic } from '../../../protocol/route.ts';

type Item = {
  readonly product_id: string;
  readonly product_name: string;
  readonly category: string;
  readonly quantity: number;
  readonly price: number;
};
export type OrderEvent = {
  readonly type: 'order';
  readonly order_id: string;
  readonly timestamp: number;
  readonly customer_id: string;
  readonly customer_state: string;
  readonly segment: string;
  readonly payment_type: string;
  readonly payment_status: string;
  readonly items: readonly Item[];
  readonly shipping_cost: number;
  readonly payment_value: number;
  readonly warehouse_id: string;
  readonly courier_id: string;
};
export type DeliveryEvent = {
  readonly type: 'delivery';
  readonly order_id: string;
  readonly timestamp: number;
  readonly status: string;
  readonly expected_time: number;
  readonly actual_time: number | null;
  readonly customer_state: string;
  readonly warehouse_id: string;
  readonly courier_id: string;
};
export type RefundEvent = {
  readonly type: 'refund';
  readonly order_id: string;
  readonly timestamp: number;
  readonly amount: number;
  readonly customer_state: string;
  readonly reason: string;
};
export type RestockEvent = {
  readonly type: 'restock';
  readonly timestamp: number;
  readonly warehouse_id: string;
  readonly product_id: string;
  readonly quantity: number;
};
export type ClickEvent = {
  readonly type: 'click';
  readonly timestamp: number;
  readonly event_type: string;
  readonly product_id: string;
  readonly category_code: string | null;
  readonly brand: string | null;
  readonly price: number;
  readonly user_id: string;
  readonly user_session: string | null;
};
export type ShopEvent = OrderEvent | DeliveryEvent | RefundEvent | RestockEvent | ClickEvent;

/** Hands each record on as bytes, valid during the call only. */
export class RecordSink implements EventSink {
  readonly out = new ByteWriter();
  readonly #take: (record: Uint8Array, topic: Topic, key: Uint8Array) => void;

  constructor(take: (record: Uint8Array, topic: Topic, key: Uint8Array) => void) {
    this.#take = take;
  }

  record(topic: Topic, start: number, keyStart: number, keyEnd: number): void {
    const { bytes, length } = this.out;
    this.#take(bytes.subarray(start, length), topic, bytes.subarray(keyStart, keyEnd));
    this.out.length = start;
  }
}

const decoder = new TextDecoder();

export function parse(record: Uint8Array): ShopEvent {
  return JSON.parse(decoder.decode(record)) as ShopEvent;
}

/** The events up to a time, or the first so many. */
export function readEvents(stream: OrderStream, { until = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY }) {
  const events: ShopEvent[] = [];
  stream.next(until, most, new RecordSink((record) => events.push(parse(record))));
  return events;
}

export function ofType<T extends ShopEvent['type']>(events: readonly ShopEvent[], type: T) {
  return events.filter((event): event is Extract<ShopEvent, { type: T }> => event.type === type);
}

export function countBy<T>(values: readonly T[], key: (value: T) => string | number): Map<string | number, number> {
  const counts = new Map<string | number, number>();
  for (const value of values) counts.set(key(value), (counts.get(key(value)) ?? 0) + 1);
  return counts;
}
