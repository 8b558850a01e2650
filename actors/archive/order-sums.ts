/**
 * What hot store and archive are compared by: exact sums over orders and their items. Ids and texts are in them too,
 * as sums of hashes and lengths, so that a file with the right numbers and a wrong text does not pass.
 */
import { TEXT } from '../../protocol/batch.ts';
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';
import type { DecodedChunk } from './decode-chunk.ts';
import { ExactSum } from './exact-sum.ts';
import type { ReadValues, RowGroup } from './read-table.ts';

const NAMES = [
  'offset',
  'order_time',
  'quantity',
  'price_cents',
  'payment_value_cents',
  'shipping_cents',
  'order_id_hash',
  'customer_id_hash',
  'text_length',
  'marked',
] as const;

/** Columns that the sums of a file are worked out from. */
export const SUMMED_COLUMNS: readonly string[] = [
  ...['order_id', 'order_time', 'customer_id', 'customer_state', 'segment', 'payment_type', 'payment_status'],
  ...['payment_value_cents', 'shipping_cents', 'warehouse_id', 'courier_id', 'item_no', 'item_count', 'product_id'],
  ...['category', 'quantity', 'price_cents', 'offset', 'element', 'mark'],
];
const ORDER_TEXTS = ['customer_state', 'segment', 'payment_type', 'payment_status', 'warehouse_id', 'courier_id'];
/** Far beyond any time that is one, and small enough to add up. */
const TIME_MODULUS = 2 ** 48;

const encoder = new TextEncoder();

export class OrderSums {
  orders = 0;
  rows = 0;
  /** Span of the order times; null before the first. */
  from: number | null = null;
  to: number | null = null;
  #sums = Object.fromEntries(NAMES.map((name) => [name, new ExactSum()])) as Record<(typeof NAMES)[number], ExactSum>;
  #scratch = new Uint8Array(4096);

  /** As numbers: beyond 2^53 the nearest, which is the same for the same sum. */
  get values(): Readonly<Record<string, number>> {
    return Object.fromEntries(NAMES.map((name) => [name, Number(this.#sums[name].value)]));
  }

  addChunk({ base, batch, orders, marks }: DecodedChunk): void {
    const sums = this.#sums;
    const lengths = batch.strings.map(({ length }) => length);
    const columns = Object.values(TEXT.order).map((column) => batch.text[column] as Uint32Array);
    for (const [index, row] of orders.entries()) {
      const items = batch.itemCount[row] as number;
      const first = batch.firstItem[row] as number;
      this.#order(batch.time[row] as number, Math.max(1, items), marks[index] != null);
      for (let item = 0; item < Math.max(1, items); item++) sums.offset.add(base + (batch.record[row] as number));
      sums.payment_value_cents.add(batch.number0[row] as number);
      sums.shipping_cents.add(batch.number1[row] as number);
      sums.order_id_hash.add(batch.idLow[row] as number);
      sums.customer_id_hash.add(batch.whoLow[row] as number);
      for (const column of columns) sums.text_length.add(lengths[column[row] as number] as number);
      for (let item = first; item < first + items; item++) {
        sums.quantity.add(batch.itemQuantity[item] as number);
        sums.price_cents.add(batch.itemPrice[item] as number);
        sums.text_length.add(lengths[batch.itemProduct[item] as number] as number);
        sums.text_length.add(lengths[batch.itemCategory[item] as number] as number);
      }
    }
  }

  addGroup({ rows, column }: RowGroup): void {
    const sums = this.#sums;
    const of = Object.fromEntries(SUMMED_COLUMNS.map((name) => [name, column(name)])) as Record<string, ReadValues>;
    const number = (name: string, row: number) => Number((of[name] as ReadValues)[row] ?? 0);
    const texts = ORDER_TEXTS.map((name) => of[name] as ReadValues);
    for (let row = 0; row < rows; row++) {
      sums.offset.add(number('offset', row));
      sums.quantity.add(number('quantity', row));
      sums.price_cents.add(number('price_cents', row));
      sums.text_length.add(lengthOf(of.product_id, row) + lengthOf(of.category, row));
      if (number('item_no', row) > 1) continue;
      this.#order(
        number('order_time', row),
        Math.max(1, number('item_count', row)),
        (of.mark as ReadValues)[row] != null,
      );
      sums.payment_value_cents.add(number('payment_value_cents', row));
      sums.shipping_cents.add(number('shipping_cents', row));
      sums.order_id_hash.add(this.#hash((of.order_id as ReadValues)[row] as string));
      sums.customer_id_hash.add(this.#hash((of.customer_id as ReadValues)[row] as string));
      for (const text of texts) sums.text_length.add((text[row] as string).length);
    }
  }

  /** Only the span of order times. */
  addSpan({ rows, column }: RowGroup): void {
    const times = column('order_time');
    for (let row = 0; row < rows; row++) this.#span(times[row] as number);
  }

  #order(time: number, rows: number, marked: boolean): void {
    this.orders++;
    this.rows += rows;
    this.#span(time);
    this.#sums.order_time.add(Math.abs(time) % TIME_MODULUS);
    if (marked) this.#sums.marked.add(1);
  }

  #span(time: number): void {
    this.from = this.from === null ? time : Math.min(this.from, time);
    this.to = this.to === null ? time : Math.max(this.to, time);
  }

  #hash(text: string): number {
    const { written } = encoder.encodeInto(text, this.#scratch);
    return murmur3(this.#scratch, 0, written, ID_SEEDS.low);
  }
}

function lengthOf(values: ReadValues | undefined, row: number): number {
  return ((values?.[row] ?? '') as string).length;
}
