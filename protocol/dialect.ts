/**
 * What a piece of parsed JSON means: which dialect it speaks, told by its keys alone, and the rows it stands for.
 * A dialect more is an entry more in UNTYPED; the first that recognises an object reads it.
 */
import { readItem, readTyped } from './dialect-typed.ts';
import { DELIVERY_STATUSES, EVENT_TYPES } from './event.ts';
import { Fields, isObject, type JsonObject, type Verdict } from './fields.ts';
import { type DeliveryRow, type EventRow, type OrderRow, type Reading, UNKNOWN } from './reading.ts';

type Rows = readonly [EventRow, ...EventRow[]];

type Dialect = {
  readonly name: string;
  readonly recognises: (record: JsonObject) => boolean;
  readonly read: (fields: Fields) => Rows;
};

const TYPED: readonly Dialect[] = EVENT_TYPES.map((type) => ({
  name: type,
  recognises: (record) => record.type === type,
  read: (fields) => [readTyped(type, fields)],
}));

/** Dialects without a `type`: a record that has one speaks none of them, whatever its other keys. */
const UNTYPED: readonly Dialect[] = [
  {
    name: 'nested',
    recognises: (record) => isObject(record.order) || 'order_items' in record,
    read: readNested,
  },
  {
    name: 'flat',
    // An item that names its `product_id` is of an order that has lost its type.
    recognises: (record) => ('items' in record || 'payment_value' in record) && !namesProductId(record.items),
    read: (fields) => [readFlat(fields)],
  },
  {
    name: 'nested-order',
    recognises: (record) => ('order_time' in record || 'total_amount' in record) && !('order_timestamp' in record),
    read: (fields) => [readInnerOrder(fields)],
  },
];

/**
 * Reads one event. Whether its time lies too far ahead is for the caller, who knows the record's own time.
 * @example readEvent({ type: 'restock', timestamp: 0, warehouse_id: 'w3', product_id: 'p77', quantity: 5 })
 */
export function readEvent(value: unknown): Reading {
  if (!isObject(value)) return { problem: { reason: 'not-an-object', field: null } };
  const dialect = recognise(value);
  if (dialect === undefined) return { problem: { reason: 'unknown-type', field: 'type' } };
  const verdict: Verdict = { problem: undefined };
  const rows = dialect.read(new Fields(value, '', verdict));
  return verdict.problem === undefined ? { rows } : { problem: verdict.problem };
}

/** The name of the dialect that an object speaks (its type, when it has one), `unknown` when none. */
export function dialectOf(value: unknown): string {
  return (isObject(value) ? recognise(value)?.name : undefined) ?? UNKNOWN;
}

function recognise(record: JsonObject): Dialect | undefined {
  return ('type' in record ? TYPED : UNTYPED).find(({ recognises }) => recognises(record));
}

function namesProductId(items: unknown): boolean {
  const first: unknown = Array.isArray(items) ? items[0] : undefined;
  return isObject(first) && 'product_id' in first && !('product' in first);
}

function readFlat(fields: Fields): OrderRow {
  return {
    ...unknownOrder,
    order: fields.id('order_id'),
    time: fields.time('timestamp'),
    state: fields.state('customer_state'),
    items: fields.each('items', (item) => readItem(item, 'product')),
    payment: fields.money('payment_value'),
  };
}

/** Order, items and delivery in one record: one event, whose delivery is a second row at the order's time. */
function readNested(fields: Fields): Rows {
  const row: OrderRow = {
    ...readInnerOrder(fields.inner('order')),
    items: fields.each('order_items', (item) => readItem(item, 'product_id')),
  };
  return fields.has('delivery') ? [row, readNestedDelivery(fields.inner('delivery'), row)] : [row];
}

function readInnerOrder(fields: Fields): OrderRow {
  return {
    ...unknownOrder,
    order: fields.id('order_id'),
    time: fields.time('order_time'),
    payment: fields.money('total_amount'),
    customer: fields.optionalId('user_id') ?? UNKNOWN,
    paymentType: fields.text('payment_type') ?? UNKNOWN,
    items: [],
  };
}

function readNestedDelivery(fields: Fields, order: OrderRow): DeliveryRow {
  return {
    kind: 'delivery',
    time: order.time,
    order: fields.optionalId('order_id') ?? order.order,
    status: fields.oneOf('status', DELIVERY_STATUSES),
    expected: fields.optionalTime('expected_time'),
    actual: fields.optionalTime('actual_time'),
    state: UNKNOWN,
    warehouse: UNKNOWN,
    courier: fields.optionalId('courier_id') ?? UNKNOWN,
  };
}

const unknownOrder = {
  kind: 'order',
  customer: UNKNOWN,
  state: UNKNOWN,
  segment: UNKNOWN,
  paymentType: UNKNOWN,
  paymentStatus: UNKNOWN,
  shipping: 0,
  warehouse: UNKNOWN,
  courier: UNKNOWN,
} as const;
