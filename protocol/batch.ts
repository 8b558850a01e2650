/**
 * A batch of decoded events as columns: what a consumer hands to its aggregator, in one transferable buffer.
 *
 * A row is an event, or the second half of one (the delivery inside a `nested` record: `part` is 1 and the row is
 * not counted as an event). Texts are places in `strings`, the batch's own dictionary; money is whole cents.
 * What a column holds depends on the row's kind (TEXT and the table below); NONE marks a text that is not there.
 *
 *             number0              number1        id (hash)   who (hash)
 *   order     payment_value cents  shipping cents order_id    customer_id
 *   delivery  expected ms | NaN    actual ms|NaN  order_id    -
 *   refund    amount cents         -              order_id    -
 *   restock   quantity             -              product_id  -
 *   click     price cents | NaN    -              session     user_id
 */
export const KIND = { order: 1, delivery: 2, refund: 3, restock: 4, click: 5 } as const;
export const KIND_NAMES = ['', 'order', 'delivery', 'refund', 'restock', 'click'] as const;
export const NONE = 0xffffffff;
export const TEXT_COLUMNS = 6;

/** Which text column holds what, by kind. */
export const TEXT = {
  order: { state: 0, segment: 1, paymentType: 2, paymentStatus: 3, warehouse: 4, courier: 5 },
  delivery: { state: 0, status: 1, warehouse: 4, courier: 5 },
  refund: { state: 0, reason: 1 },
  restock: { product: 2, warehouse: 4 },
  click: { eventType: 1, product: 2, brand: 3, category: 4 },
} as const;

export type EventBatch = {
  readonly rows: number;
  readonly items: number;
  readonly strings: readonly string[];
  /** The one buffer under all columns. */
  readonly buffer: ArrayBuffer;

  readonly time: Float64Array;
  readonly number0: Float64Array;
  readonly number1: Float64Array;
  /** Price of one piece, in cents. */
  readonly itemPrice: Float64Array;

  /** The record's offset minus the batch's first offset. */
  readonly record: Uint32Array;
  /** Place in the array of a record that holds one, NONE elsewhere. */
  readonly element: Uint32Array;
  readonly idLow: Uint32Array;
  readonly idHigh: Uint32Array;
  readonly whoLow: Uint32Array;
  readonly whoHigh: Uint32Array;
  readonly firstItem: Uint32Array;
  readonly itemCount: Uint32Array;
  readonly text: readonly Uint32Array[];
  readonly itemProduct: Uint32Array;
  /** `product_name` where the event carries one. */
  readonly itemName: Uint32Array;
  readonly itemCategory: Uint32Array;
  readonly itemQuantity: Uint32Array;

  readonly kind: Uint8Array;
  readonly part: Uint8Array;
};

const DOUBLES = ['time', 'number0', 'number1'] as const;
const WORDS = ['record', 'element', 'idLow', 'idHigh', 'whoLow', 'whoHigh', 'firstItem', 'itemCount'] as const;
const WORD_COLUMNS = 8 + TEXT_COLUMNS;
const ITEM_WORD_COLUMNS = 4;

export function batchBytes(rows: number, items: number): number {
  return rows * (3 * 8 + WORD_COLUMNS * 4 + 2) + items * (8 + ITEM_WORD_COLUMNS * 4);
}

/** Lays the columns over a buffer of `batchBytes(rows, items)` bytes: 8-byte columns first, then 4, then 1. */
export function viewBatch(buffer: ArrayBuffer, rows: number, items: number, strings: readonly string[]): EventBatch {
  let at = 0;
  const doubles = (length: number) => {
    const column = new Float64Array(buffer, at, length);
    at += length * 8;
    return column;
  };
  const words = (length: number) => {
    const column = new Uint32Array(buffer, at, length);
    at += length * 4;
    return column;
  };
  const bytes = (length: number) => {
    const column = new Uint8Array(buffer, at, length);
    at += length;
    return column;
  };
  return {
    rows,
    items,
    strings,
    buffer,
    time: doubles(rows),
    number0: doubles(rows),
    number1: doubles(rows),
    itemPrice: doubles(items),
    record: words(rows),
    element: words(rows),
    idLow: words(rows),
    idHigh: words(rows),
    whoLow: words(rows),
    whoHigh: words(rows),
    firstItem: words(rows),
    itemCount: words(rows),
    text: Array.from({ length: TEXT_COLUMNS }, () => words(rows)),
    itemProduct: words(items),
    itemName: words(items),
    itemCategory: words(items),
    itemQuantity: words(items),
    kind: bytes(rows),
    part: bytes(rows),
  };
}

/** Copies the first `rows` rows and `items` items of a larger batch into a buffer of just their size, or with `room` to spare. */
export function packBatch(
  from: EventBatch,
  rows: number,
  items: number,
  strings: readonly string[],
  room: { readonly rows: number; readonly items: number } = { rows, items },
): EventBatch {
  const to = viewBatch(new ArrayBuffer(batchBytes(room.rows, room.items)), room.rows, room.items, strings);
  for (const name of DOUBLES) to[name].set(from[name].subarray(0, rows));
  for (const name of WORDS) to[name].set(from[name].subarray(0, rows));
  for (let column = 0; column < TEXT_COLUMNS; column++)
    (to.text[column] as Uint32Array).set((from.text[column] as Uint32Array).subarray(0, rows));
  to.kind.set(from.kind.subarray(0, rows));
  to.part.set(from.part.subarray(0, rows));
  copyItems(from, to, items);
  return to;
}

/** A batch of some of the rows, in their order; the items stay where they are. */
export function selectRows(from: EventBatch, rows: readonly number[]): EventBatch {
  const { items, strings } = from;
  const to = viewBatch(new ArrayBuffer(batchBytes(rows.length, items)), rows.length, items, strings);
  const columns = [...DOUBLES, ...WORDS, 'kind', 'part'] as const;
  for (const [place, row] of rows.entries()) {
    for (const name of columns) to[name][place] = from[name][row] as number;
    for (let column = 0; column < TEXT_COLUMNS; column++)
      (to.text[column] as Uint32Array)[place] = (from.text[column] as Uint32Array)[row] as number;
  }
  copyItems(from, to, items);
  return to;
}

function copyItems(from: EventBatch, to: EventBatch, items: number): void {
  to.itemPrice.set(from.itemPrice.subarray(0, items));
  for (const name of ['itemProduct', 'itemName', 'itemCategory', 'itemQuantity'] as const)
    to[name].set(from[name].subarray(0, items));
}
