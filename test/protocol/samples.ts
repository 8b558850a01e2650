/** Events as the contracts show them, and decoding of single records into something a test can compare. */
import { type EventBatch, KIND_NAMES, NONE } from '../../protocol/batch.ts';
import { BatchDecoder } from '../../protocol/decode.ts';
import type { DeadLetter } from '../../protocol/event.ts';

const encoder = new TextEncoder();

/** The records' own time in the log; all samples are older. */
export const LOGGED_AT = 1_763_700_000_000;
export const FUTURE_MS = 300_000;

export type Json = Record<string, unknown>;

export const ORDER = {
  type: 'order',
  order_id: 'o123',
  timestamp: 1763600000000,
  customer_id: 'c42',
  customer_state: 'SP',
  segment: 'retail',
  payment_type: 'credit_card',
  payment_status: 'approved',
  items: [{ product_id: 'p77', category: 'bed_bath_table', quantity: 2, price: 19.9 }],
  shipping_cost: 12.3,
  payment_value: 52.1,
  warehouse_id: 'w3',
  courier_id: 'k7',
};
export const DELIVERY = {
  type: 'delivery',
  order_id: 'o123',
  timestamp: 1763600900000,
  status: 'shipped',
  expected_time: 1763686400000,
  actual_time: null,
  customer_state: 'SP',
  warehouse_id: 'w3',
  courier_id: 'k7',
};
export const REFUND = {
  type: 'refund',
  order_id: 'o123',
  timestamp: 1763690000000,
  amount: 52.1,
  customer_state: 'SP',
  reason: 'damaged',
};
export const RESTOCK = {
  type: 'restock',
  timestamp: 1763600000000,
  warehouse_id: 'w3',
  product_id: 'p77',
  quantity: 500,
};
export const CLICK = {
  type: 'click',
  timestamp: 1763600000123,
  event_type: 'view',
  product_id: 'p77',
  category_code: 'computers.notebook',
  brand: 'asus',
  price: 489.07,
  user_id: 'u9',
  user_session: '5f',
};
export const FLAT = {
  order_id: 'o123',
  timestamp: 1763600000000,
  customer_state: 'SP',
  items: [{ product: 'p77', category: 'toys', quantity: 2, price: 19.9 }],
  payment_value: 52.1,
};
export const INNER_ORDER = {
  order_id: 'o123',
  user_id: 'c42',
  order_time: '2025-11-20T00:53:20Z',
  total_amount: 52.1,
  discount: 5,
  quantity: 3,
  payment_type: 'pix',
};
export const NESTED = {
  order: INNER_ORDER,
  order_items: [{ order_item_id: 1, order_id: 'o123', product_id: 'p77', quantity: 3, price: '19.90' }],
  delivery: {
    delivery_id: 'd1',
    order_id: 'o123',
    status: 'delivered',
    expected_time: '2025-11-21T00:00:00Z',
    actual_time: 1763690000000,
    courier_id: 7,
  },
};

/** A record of the log from a text, bytes, or something to be written as JSON. */
export function recordOf(content: unknown): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return encoder.encode(typeof content === 'string' ? content : JSON.stringify(content));
}

export type Read = { rows: Json[]; dead: DeadLetter[]; events: number; slow: number };

/** Reads records one after the other as one batch at offset 100. */
export function read(...contents: unknown[]): Read {
  const decoder = new BatchDecoder({ futureMs: FUTURE_MS });
  contents.forEach((content, place) => {
    const record = recordOf(content);
    decoder.add(record, 0, record.length, place, LOGGED_AT);
  });
  const { batch, dead, events } = decoder.take({ topic: 'orders', partition: 3, base: 100 });
  return { rows: rowsOf(batch), dead, events, slow: decoder.slowRecords };
}

/** The text columns of the first row that a record gives. */
export function textsOf(content: unknown): (string | null)[] {
  const [row] = read(content).rows;
  return row?.text as (string | null)[];
}

/** What became of a single event: `ok`, or its reason and field. */
export function verdictOn(content: unknown): string {
  const { dead, rows } = read(content);
  const [letter] = dead;
  if (letter === undefined) return rows.length > 0 ? 'ok' : 'nothing';
  return `${letter.reason} ${letter.field}`;
}

/** The rows of a batch with their texts in place of numbers. */
export function rowsOf(batch: EventBatch): Json[] {
  return Array.from({ length: batch.rows }, (_, row) => ({
    kind: KIND_NAMES[batch.kind[row] as number],
    record: batch.record[row],
    element: batch.element[row] === NONE ? null : batch.element[row],
    part: batch.part[row],
    time: batch.time[row],
    number0: batch.number0[row],
    number1: batch.number1[row],
    id: [batch.idLow[row], batch.idHigh[row]],
    who: [batch.whoLow[row], batch.whoHigh[row]],
    text: batch.text.map((column) => textOf(batch, column[row])),
    items: Array.from({ length: batch.itemCount[row] as number }, (_, place) => {
      const at = (batch.firstItem[row] as number) + place;
      return {
        product: textOf(batch, batch.itemProduct[at]),
        name: textOf(batch, batch.itemName[at]),
        category: textOf(batch, batch.itemCategory[at]),
        quantity: batch.itemQuantity[at],
        price: batch.itemPrice[at],
      };
    }),
  }));
}

function textOf(batch: EventBatch, place: number | undefined): string | null {
  return place === NONE ? null : (batch.strings[place as number] as string);
}
