/**
 * What one record means, straight from contracts 3 and decisions 12 and 13: naive, slow, and apart from the product.
 * Where the pages are silent the choice is said in a comment that begins with "Silent:".
 */

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

type Json = Record<string, unknown>;

/** Thrown by the rules below, caught once a record. */
class Unreadable extends Error {
  readonly reason: string;
  readonly field: string | null;
  constructor(reason: string, field: string | null) {
    super(`${reason} ${field}`);
    this.reason = reason;
    this.field = field;
  }
}

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

function readTyped(event: Json): Reading {
  switch (event.type) {
    case 'order':
      return readOrder(event);
    case 'delivery':
      oneOf(event, 'status', ['pending', 'shipped', 'delivered', 'returned'], undefined);
      optionalTime(event, 'expected_time');
      optionalTime(event, 'actual_time');
      optionalState(event);
      optionalTexts(event, ['warehouse_id', 'courier_id']);
      return { kind: 'delivery', time: time(event, 'timestamp'), id: id(event, 'order_id'), amount: 0n };
    case 'refund':
      optionalState(event);
      optionalTexts(event, ['reason']);
      return {
        kind: 'refund',
        time: time(event, 'timestamp'),
        id: id(event, 'order_id'),
        amount: money(event, 'amount'),
      };
    case 'restock':
      id(event, 'warehouse_id');
      return {
        kind: 'restock',
        time: time(event, 'timestamp'),
        id: id(event, 'product_id'),
        amount: BigInt(integer(event, 'quantity', -1_000_000)),
      };
    case 'click':
      optionalTexts(event, ['category_code', 'brand', 'user_id', 'user_session']);
      if (event.price !== undefined && event.price !== null) money(event, 'price');
      id(event, 'product_id');
      return {
        kind: 'click',
        time: time(event, 'timestamp'),
        id: event.user_id === undefined || event.user_id === null ? '' : id(event, 'user_id'),
        eventType: oneOf(event, 'event_type', ['view', 'cart', 'purchase'], undefined),
      };
    default:
      throw new Unreadable('unknown-type', 'type');
  }
}

function readOrder(event: Json): Order {
  optionalTexts(event, ['warehouse_id', 'courier_id']);
  if (event.shipping_cost !== undefined && event.shipping_cost !== null) money(event, 'shipping_cost');
  return {
    kind: 'order',
    time: time(event, 'timestamp'),
    id: id(event, 'order_id'),
    customer: optionalId(event, 'customer_id'),
    state: state(event),
    segment: optionalText(event, 'segment'),
    paymentType: optionalText(event, 'payment_type'),
    paymentStatus: oneOf(event, 'payment_status', ['approved', 'failed', 'pending', 'unknown'], 'unknown'),
    items: itemList(event, 'items', 'product_id'),
    value: money(event, 'payment_value'),
  };
}

function readFlat(event: Json): Order {
  return {
    ...unknownOrder,
    time: time(event, 'timestamp'),
    id: id(event, 'order_id'),
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
    time: time(order, 'order_time', path),
    id: id(order, 'order_id', path),
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

// Values. A field that is null is a field that is not there (Silent).

function required(from: Json, field: string, path: string): unknown {
  const value = from[field];
  if (value === undefined || value === null) throw new Unreadable('missing-field', path + field);
  return value;
}

function id(from: Json, field: string, path = ''): string {
  const value = required(from, field, path);
  if (typeof value === 'string' && value.length >= 1 && value.length <= 200) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new Unreadable('bad-value', path + field);
}

function optionalId(from: Json, field: string, path = ''): string {
  return from[field] === undefined || from[field] === null ? 'unknown' : id(from, field, path);
}

function optionalText(from: Json, field: string, path = ''): string {
  const value = from[field];
  if (value === undefined || value === null) return 'unknown';
  if (typeof value === 'string') return value;
  if (field.endsWith('_id') && Number.isSafeInteger(value)) return String(value);
  throw new Unreadable('bad-value', path + field);
}

function optionalTexts(from: Json, fields: readonly string[]): void {
  for (const field of fields) optionalText(from, field);
}

function state(from: Json): string {
  const value = required(from, 'customer_state', '');
  if (typeof value === 'string' && value.length >= 1 && value.length <= 32) return value;
  throw new Unreadable('bad-value', 'customer_state');
}

function optionalState(from: Json): void {
  if (from.customer_state !== undefined && from.customer_state !== null) state(from);
}

function oneOf(from: Json, field: string, allowed: readonly string[], fallback: string | undefined, path = ''): string {
  if (fallback !== undefined && (from[field] === undefined || from[field] === null)) return fallback;
  const value = required(from, field, path);
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw new Unreadable('bad-value', path + field);
}

function integer(from: Json, field: string, least: number, path = ''): number {
  const value = required(from, field, path);
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= 1_000_000) return value as number;
  throw new Unreadable('bad-value', path + field);
}

/** Cents, by value: the shortest decimal text of the number is the number that was meant, up to 15 digits. */
function money(from: Json, field: string, path = ''): bigint {
  const value = required(from, field, path);
  const bad = new Unreadable('bad-value', path + field);
  if (typeof value !== 'number' && typeof value !== 'string') throw bad;
  const match = /^(\d+)(?:\.(\d+?)0*)?$/.exec(String(value));
  if (!match) throw bad;
  const decimals = (match[2] ?? '').replace(/0+$/, '');
  if (decimals.length > 2) throw bad;
  const cents = BigInt(match[1] as string) * 100n + BigInt(decimals.padEnd(2, '0'));
  if (cents > 100_000_000_000n * 100n) throw bad;
  return cents;
}

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?)(Z|[+-]\d\d:\d\d)?$/;

/** Epoch milliseconds; an ISO time without a zone is UTC. Silent: before 1970 and after what a Date can tell is no time. */
function time(from: Json, field: string, path = ''): number {
  const value = required(from, field, path);
  const match = typeof value === 'string' ? ISO.exec(value) : null;
  const ms = match ? Date.parse(`${match[1]}${match[2] ?? 'Z'}`) : value;
  if (!Number.isInteger(ms) || (ms as number) < 0 || (ms as number) > 8.64e15)
    throw new Unreadable('bad-value', path + field);
  return ms as number;
}

function optionalTime(from: Json, field: string, path = ''): void {
  if (from[field] !== undefined && from[field] !== null) time(from, field, path);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function dead(reason: string, field: string | null): Dead {
  return { kind: 'dead', reason, field };
}
