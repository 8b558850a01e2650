/**
 * What one record means, straight from contracts 3 and decisions 12 and 13: naive, slow, and apart from the product.
 * Where the pages are silent the choice is said in a comment that begins with "Silent:".
 */
import {
  id,
  integer,
  isObject,
  type Json,
  money,
  oneOf,
  optionalId,
  optionalMoney,
  optionalState,
  optionalText,
  optionalTexts,
  optionalTime,
  required,
  state,
  time,
  Unreadable,
} from './fields.ts';

export type Item = { product: string; category: string; quantity: number; price: bigint };
export type Order = {
  kind: 'order';
  time: number;
  id: string;
  customer: string;
  state: string;
  segment: string;
  paymentType: string;
  paymentStatus: string;
  items: Item[];
  /** payment_value in cents, whatever became of the payment */
  value: bigint;
};
export type Reading =
  | Order
  | { kind: 'delivery' | 'refund'; time: number; id: string; amount: bigint }
  | { kind: 'restock'; time: number; id: string; amount: bigint }
  /** `id` is the user, empty where the click names none */
  | { kind: 'click'; time: number; id: string; eventType: string };
export type Dead = { kind: 'dead'; reason: string; field: string | null };
export type Outcome = Reading | Dead;

export const RECORD_BYTES = 1024 * 1024;

/** Every event of a record, or `dead` alone for the record as a whole; `array` tells which it was. */
export function readRecord(bytes: Uint8Array): { array: boolean; outcomes: Outcome[] } {
  if (bytes.length > RECORD_BYTES) return { array: false, outcomes: [dead('too-large', null)] };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return { array: false, outcomes: [dead('not-json', null)] };
  }
  return Array.isArray(value)
    ? { array: true, outcomes: value.map(readEvent) }
    : { array: false, outcomes: [readEvent(value)] };
}

function readEvent(value: unknown): Outcome {
  try {
    if (!isObject(value)) throw new Unreadable('not-an-object', null);
    return readObject(value);
  } catch (thrown) {
    if (thrown instanceof Unreadable) return dead(thrown.reason, thrown.field);
    throw thrown;
  }
}

function readObject(event: Json): Reading {
  if (event.type !== undefined) return readTyped(event);
  if (isObject(event.order)) return readNested(event);
  if (event.order_time !== undefined) return readInnerOrder(event, '', []);
  if (event.items !== undefined) return readFlat(event);
  throw new Unreadable('unknown-type', 'type');
}

// Silent: of several broken fields the first is told, required ones before the others, in the order of the contract.

function readTyped(event: Json): Reading {
  switch (event.type) {
    case 'order':
      return readOrder(event);
    case 'delivery':
      return readDelivery(event);
    case 'refund':
      return readRefund(event);
    case 'restock':
      return readRestock(event);
    case 'click':
      return readClick(event);
    default:
      throw new Unreadable('unknown-type', 'type');
  }
}

function readOrder(event: Json): Order {
  const required = {
    id: id(event, 'order_id'),
    time: time(event, 'timestamp'),
    state: state(event),
    items: itemList(event, 'items', 'product_id'),
    value: money(event, 'payment_value'),
  };
  const order: Order = {
    kind: 'order',
    ...required,
    customer: optionalId(event, 'customer_id'),
    segment: optionalText(event, 'segment'),
    paymentType: optionalText(event, 'payment_type'),
    paymentStatus: oneOf(event, 'payment_status', ['approved', 'failed', 'pending', 'unknown'], 'unknown'),
  };
  optionalMoney(event, 'shipping_cost');
  optionalTexts(event, ['warehouse_id', 'courier_id']);
  return order;
}

function readDelivery(event: Json): Reading {
  const delivery = { id: id(event, 'order_id'), time: time(event, 'timestamp'), amount: 0n };
  oneOf(event, 'status', ['pending', 'shipped', 'delivered', 'returned'], undefined);
  optionalTime(event, 'expected_time');
  optionalTime(event, 'actual_time');
  optionalState(event);
  optionalTexts(event, ['warehouse_id', 'courier_id']);
  return { kind: 'delivery', ...delivery };
}

function readRefund(event: Json): Reading {
  const refund = { id: id(event, 'order_id'), time: time(event, 'timestamp'), amount: money(event, 'amount') };
  optionalState(event);
  optionalTexts(event, ['reason']);
  return { kind: 'refund', ...refund };
}

function readRestock(event: Json): Reading {
  const at = time(event, 'timestamp');
  id(event, 'warehouse_id');
  const product = id(event, 'product_id');
  return { kind: 'restock', time: at, id: product, amount: BigInt(integer(event, 'quantity', -1_000_000)) };
}

function readClick(event: Json): Reading {
  const at = time(event, 'timestamp');
  const eventType = oneOf(event, 'event_type', ['view', 'cart', 'purchase'], undefined);
  id(event, 'product_id');
  optionalTexts(event, ['category_code', 'brand', 'user_id', 'user_session']);
  optionalMoney(event, 'price');
  const anonymous = event.user_id === undefined || event.user_id === null;
  return { kind: 'click', time: at, id: anonymous ? '' : id(event, 'user_id'), eventType };
}

function readFlat(event: Json): Order {
  return {
    ...unknownOrder,
    id: id(event, 'order_id'),
    time: time(event, 'timestamp'),
    state: state(event),
    items: itemList(event, 'items', 'product'),
    value: money(event, 'payment_value'),
  };
}

function readNested(event: Json): Order {
  const delivery = event.delivery;
  if (isObject(delivery)) {
    oneOf(delivery, 'status', ['pending', 'shipped', 'delivered', 'returned'], undefined, 'delivery.');
    optionalTime(delivery, 'expected_time', 'delivery.');
    optionalTime(delivery, 'actual_time', 'delivery.');
  }
  return readInnerOrder(event.order as Json, 'order.', itemList(event, 'order_items', 'product_id'));
}

function readInnerOrder(order: Json, path: string, items: Item[]): Order {
  return {
    ...unknownOrder,
    id: id(order, 'order_id', path),
    time: time(order, 'order_time', path),
    customer: optionalId(order, 'user_id', path),
    paymentType: optionalText(order, 'payment_type', path),
    items,
    value: money(order, 'total_amount', path),
  };
}

const unknownOrder = {
  kind: 'order',
  customer: 'unknown',
  state: 'unknown',
  segment: 'unknown',
  paymentType: 'unknown',
  paymentStatus: 'unknown',
} as const;

function itemList(event: Json, field: string, productField: string): Item[] {
  const list = required(event, field, '');
  if (!Array.isArray(list) || list.length < 1 || list.length > 1000) throw new Unreadable('bad-value', field);
  return list.map((item: unknown, place) => {
    if (!isObject(item)) throw new Unreadable('bad-value', `${field}[${place}]`);
    const path = `${field}[${place}].`;
    return {
      product: id(item, productField, path),
      category: optionalText(item, 'category', path),
      quantity: integer(item, 'quantity', 1, path),
      price: money(item, 'price', path),
    };
  });
}

function dead(reason: string, field: string | null): Dead {
  return { kind: 'dead', reason, field };
}
