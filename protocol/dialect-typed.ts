/**
 * Events that name their own type. Fields are checked in the order of the contract's table, required ones first, then
 * the others as they stand in its examples: the first that breaks a rule is the one a dead letter names.
 */
import { CLICK_TYPES, DELIVERY_STATUSES, type EventType, LIMITS, PAYMENT_STATUSES } from './event.ts';
import type { Fields } from './fields.ts';
import { type EventRow, type ItemRow, UNKNOWN } from './reading.ts';

export function readTyped(type: EventType, fields: Fields): EventRow {
  switch (type) {
    case 'order':
      return readOrder(fields);
    case 'delivery':
      return readDelivery(fields);
    case 'refund':
      return readRefund(fields);
    case 'restock':
      return readRestock(fields);
    case 'click':
      return readClick(fields);
  }
}

function readOrder(fields: Fields): EventRow {
  return {
    kind: 'order',
    order: fields.id('order_id'),
    time: fields.time('timestamp'),
    state: fields.state('customer_state'),
    items: fields.each('items', (item) => readItem(item, 'product_id')),
    payment: fields.money('payment_value'),
    customer: fields.optionalId('customer_id') ?? UNKNOWN,
    segment: fields.text('segment') ?? UNKNOWN,
    paymentType: fields.text('payment_type') ?? UNKNOWN,
    paymentStatus: fields.optionalOneOf('payment_status', PAYMENT_STATUSES) ?? UNKNOWN,
    shipping: fields.optionalMoney('shipping_cost') ?? 0,
    warehouse: fields.optionalId('warehouse_id') ?? UNKNOWN,
    courier: fields.optionalId('courier_id') ?? UNKNOWN,
  };
}

/** An item of a list; dialects differ in what they call the product. */
export function readItem(fields: Fields, productField: string): ItemRow {
  return {
    product: fields.id(productField),
    quantity: fields.quantity('quantity', 1),
    price: fields.money('price'),
    category: fields.text('category') ?? UNKNOWN,
    name: fields.hint('product_name'),
  };
}

function readDelivery(fields: Fields): EventRow {
  return {
    kind: 'delivery',
    order: fields.id('order_id'),
    time: fields.time('timestamp'),
    status: fields.oneOf('status', DELIVERY_STATUSES),
    expected: fields.optionalTime('expected_time'),
    actual: fields.optionalTime('actual_time'),
    state: fields.optionalState('customer_state') ?? UNKNOWN,
    warehouse: fields.optionalId('warehouse_id') ?? UNKNOWN,
    courier: fields.optionalId('courier_id') ?? UNKNOWN,
  };
}

function readRefund(fields: Fields): EventRow {
  return {
    kind: 'refund',
    order: fields.id('order_id'),
    time: fields.time('timestamp'),
    amount: fields.money('amount'),
    state: fields.optionalState('customer_state') ?? UNKNOWN,
    reason: fields.text('reason') ?? UNKNOWN,
  };
}

function readRestock(fields: Fields): EventRow {
  return {
    kind: 'restock',
    time: fields.time('timestamp'),
    warehouse: fields.id('warehouse_id'),
    product: fields.id('product_id'),
    // Stock that leaves otherwise than by a sale is a restock below 0.
    quantity: fields.quantity('quantity', -LIMITS.quantity),
  };
}

function readClick(fields: Fields): EventRow {
  return {
    kind: 'click',
    time: fields.time('timestamp'),
    eventType: fields.oneOf('event_type', CLICK_TYPES),
    product: fields.id('product_id'),
    category: fields.text('category_code') ?? UNKNOWN,
    brand: fields.text('brand') ?? UNKNOWN,
    price: fields.optionalMoney('price'),
    user: fields.optionalId('user_id'),
    session: fields.text('user_session') ?? UNKNOWN,
  };
}
