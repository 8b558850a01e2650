/** Orders of decoded chunks as rows of one day's Parquet file, gathered up to a row group. */
import { type EventBatch, NONE, TEXT } from '../../protocol/batch.ts';
import type { TopicPartition } from '../../protocol/event.ts';
import { ARCHIVE_TABLES } from '../ports/archive-tables.ts';
import type { DecodedChunk } from './decode-chunk.ts';
import { FastTable } from './fast-table.ts';
import type { Turn, Values } from './tables.ts';

const ORDER_COLUMNS = ARCHIVE_TABLES.orders;
/** Some 3 MB of values. */
const GROUP_ROWS = 20_000;

/** Each column of a chunk's texts is one lookup a row. */
const ORDER_TEXTS = {
  customer_state: TEXT.order.state,
  segment: TEXT.order.segment,
  payment_type: TEXT.order.paymentType,
  payment_status: TEXT.order.paymentStatus,
  warehouse_id: TEXT.order.warehouse,
  courier_id: TEXT.order.courier,
} as const;

type Cell = string | Uint8Array | number | bigint | null;

export class OrderTable {
  rows = 0;
  orders = 0;
  from: number | null = null;
  to: number | null = null;
  #place: TopicPartition;
  #table: FastTable;
  #columns: Record<string, Cell[]> = emptyColumns();
  #gathered = 0;

  constructor(place: TopicPartition, turn: Turn) {
    this.#place = place;
    this.#table = new FastTable(ORDER_COLUMNS, turn);
  }

  /** Adds the order at this place of the chunk's list. */
  add({ base, batch, orders, orderIds, customerIds, marks }: DecodedChunk, index: number): void {
    const row = orders[index] as number;
    const time = batch.time[row] as number;
    this.orders++;
    this.from = this.from === null ? time : Math.min(this.from, time);
    this.to = this.to === null ? time : Math.max(this.to, time);
    const items = batch.itemCount[row] as number;
    const order = {
      orderId: orderIds[index] as Uint8Array,
      customerId: customerIds[index] as Uint8Array,
      time: BigInt(time),
      payment: BigInt(batch.number0[row] as number),
      shipping: BigInt(batch.number1[row] as number),
      offset: BigInt(base + (batch.record[row] as number)),
      element: batch.element[row] === NONE ? -1 : (batch.element[row] as number),
      mark: marks[index] as string | null,
      items,
    };
    const first = batch.firstItem[row] as number;
    for (let item = 0; item < Math.max(1, items); item++) {
      this.#addRow(batch, row, order);
      this.#addItem(batch, items === 0 ? -1 : first + item, item);
    }
  }

  get full(): boolean {
    return this.#gathered >= GROUP_ROWS;
  }

  async flush(): Promise<void> {
    const columns = this.#columns;
    this.#columns = emptyColumns();
    this.#gathered = 0;
    await this.#table.write(ORDER_COLUMNS.map(({ name }) => columns[name] as Values));
  }

  async finish(metadata: Readonly<Record<string, string>>): Promise<Uint8Array> {
    await this.flush();
    return this.#table.finish({ ...metadata, 'pulso.rows': String(this.rows) });
  }

  #addRow(
    batch: EventBatch,
    row: number,
    order: {
      readonly orderId: Uint8Array;
      readonly customerId: Uint8Array;
      readonly time: bigint;
      readonly payment: bigint;
      readonly shipping: bigint;
      readonly offset: bigint;
      readonly element: number;
      readonly mark: string | null;
      readonly items: number;
    },
  ): void {
    const to = this.#columns as Record<string, Cell[]> & { [name: string]: Cell[] };
    this.rows++;
    this.#gathered++;
    to.order_id!.push(order.orderId);
    to.order_time!.push(order.time);
    to.customer_id!.push(order.customerId);
    to.payment_value_cents!.push(order.payment);
    to.shipping_cents!.push(order.shipping);
    to.item_count!.push(order.items);
    to.topic!.push(this.#place.topic);
    to.partition!.push(this.#place.partition);
    to.offset!.push(order.offset);
    to.element!.push(order.element);
    to.mark!.push(order.mark);
    for (const [name, column] of TEXT_ENTRIES) {
      to[name]!.push(batch.strings[(batch.text[column] as Uint32Array)[row] as number] as string);
    }
  }

  #addItem(batch: EventBatch, item: number, place: number): void {
    const to = this.#columns;
    const none = item < 0;
    to.item_no!.push(none ? 0 : place + 1);
    to.product_id!.push(none ? null : (batch.strings[batch.itemProduct[item] as number] as string));
    to.category!.push(none ? null : (batch.strings[batch.itemCategory[item] as number] as string));
    to.quantity!.push(none ? null : (batch.itemQuantity[item] as number));
    to.price_cents!.push(none ? null : BigInt(batch.itemPrice[item] as number));
  }
}

const TEXT_ENTRIES = Object.entries(ORDER_TEXTS);

function emptyColumns(): Record<string, Cell[]> {
  return Object.fromEntries(ORDER_COLUMNS.map(({ name }) => [name, []]));
}
