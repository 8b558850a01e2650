/** The constant pieces of records as the fast path expects them, and the texts whose dictionary numbers are fixed. */
import { piece } from './cursor.ts';
import { CLICK_TYPES, DELIVERY_STATUSES, PAYMENT_STATUSES } from './event.ts';
import { ID_SEEDS, murmur3 } from './hash.ts';
import { UNKNOWN } from './reading.ts';

/** Texts whose dictionary numbers are fixed, so that an enumeration is one comparison of bits. */
export const PRELOADED: readonly string[] = [
  ...new Set([UNKNOWN, ...PAYMENT_STATUSES, ...DELIVERY_STATUSES, ...CLICK_TYPES]),
];
export const UNKNOWN_ID = PRELOADED.indexOf(UNKNOWN);
const bitsOf = (texts: readonly string[]) => texts.reduce((bits, text) => bits | (1 << PRELOADED.indexOf(text)), 0);
export const PAYMENT_STATUS_BITS = bitsOf(PAYMENT_STATUSES);
export const DELIVERY_STATUS_BITS = bitsOf(DELIVERY_STATUSES);
export const CLICK_TYPE_BITS = bitsOf(CLICK_TYPES);
export const isIn = (bits: number, id: number) => id >= 0 && id < 32 && ((bits >>> id) & 1) === 1;

export const UNKNOWN_LOW = murmur3(piece(UNKNOWN), 0, UNKNOWN.length, ID_SEEDS.low);
export const UNKNOWN_HIGH = murmur3(piece(UNKNOWN), 0, UNKNOWN.length, ID_SEEDS.high);
export const START = piece('{"type":"');
export const CLOSE = piece('}');

export const ORDER = {
  head: piece('order","order_id":"'),
  timestamp: piece(',"timestamp":'),
  customer: piece(',"customer_id":"'),
  state: piece(',"customer_state":"'),
  segment: piece(',"segment":"'),
  paymentType: piece(',"payment_type":"'),
  paymentStatus: piece(',"payment_status":"'),
  items: piece(',"items":['),
  shipping: piece('],"shipping_cost":'),
  payment: piece(',"payment_value":'),
  warehouse: piece(',"warehouse_id":"'),
  courier: piece(',"courier_id":"'),
};
export const ITEM = {
  product: piece('{"product_id":"'),
  category: piece(',"category":"'),
  quantity: piece(',"quantity":'),
  price: piece(',"price":'),
  name: piece(',"product_name":"'),
};
export const DELIVERY = {
  head: piece('delivery","order_id":"'),
  status: piece(',"status":"'),
  expected: piece(',"expected_time":'),
  actual: piece(',"actual_time":'),
};
export const REFUND = {
  head: piece('refund","order_id":"'),
  amount: piece(',"amount":'),
  reason: piece(',"reason":"'),
};
export const RESTOCK = {
  head: piece('restock","timestamp":'),
  product: piece(',"product_id":"'),
};
export const CLICK = {
  head: piece('click","timestamp":'),
  eventType: piece(',"event_type":"'),
  category: piece(',"category_code":'),
  brand: piece(',"brand":'),
  user: piece(',"user_id":"'),
  session: piece(',"user_session":"'),
  noSession: piece(',"user_session":null'),
};
