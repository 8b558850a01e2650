/** Rows of read events into columns: the same places and values as the fast path writes. */
import { KIND, NONE, TEXT } from './batch.ts';
import type { Columns } from './columns.ts';
import type { TextDictionary } from './dictionary.ts';
import { LIMITS } from './event.ts';
import { ID_SEEDS, murmur3 } from './hash.ts';
import {
  type ClickRow,
  type DeliveryRow,
  type EventRow,
  type ItemRow,
  type OrderRow,
  type RefundRow,
  type RestockRow,
  UNKNOWN,
} from './reading.ts';

const BYTES_PER_UNIT = 3;

export class RowWriter {
  #columns: Columns;
  #dictionary: TextDictionary;
  #encoder = new TextEncoder();
  #scratch = new Uint8Array(LIMITS.textCharacters * BYTES_PER_UNIT);

  constructor(columns: Columns, dictionary: TextDictionary) {
    this.#columns = columns;
    this.#dictionary = dictionary;
  }

  write(row: EventRow, record: number, element: number, part: number): void {
    const items = row.kind === 'order' ? row.items : [];
    this.#columns.reserve(items.length);
    this.#columns.clear(KIND[row.kind]);
    this.#columns.view.time[this.#columns.row] = row.time;
    this.#writeKind(row);
    items.forEach((item, place) => {
      this.#item(item, this.#columns.item + place);
    });
    this.#columns.commit(record, element, part, items.length);
  }

  #writeKind(row: EventRow): void {
    switch (row.kind) {
      case 'order':
        this.#order(row);
        break;
      case 'delivery':
        this.#delivery(row);
        break;
      case 'refund':
        this.#refund(row);
        break;
      case 'restock':
        this.#restock(row);
        break;
      case 'click':
        this.#click(row);
    }
  }

  #order(row: OrderRow): void {
    this.#numbers(row.payment, row.shipping);
    this.#id(row.order);
    this.#who(row.customer);
    this.#text(TEXT.order.state, row.state);
    this.#text(TEXT.order.segment, row.segment);
    this.#text(TEXT.order.paymentType, row.paymentType);
    this.#text(TEXT.order.paymentStatus, row.paymentStatus);
    this.#text(TEXT.order.warehouse, row.warehouse);
    this.#text(TEXT.order.courier, row.courier);
  }

  #item(item: ItemRow, at: number): void {
    const { view } = this.#columns;
    view.itemProduct[at] = this.#dictionary.idOf(item.product);
    view.itemName[at] = item.name === undefined ? NONE : this.#dictionary.idOf(item.name);
    view.itemCategory[at] = this.#dictionary.idOf(item.category);
    view.itemQuantity[at] = item.quantity;
    view.itemPrice[at] = item.price;
  }

  #delivery(row: DeliveryRow): void {
    this.#numbers(row.expected ?? Number.NaN, row.actual ?? Number.NaN);
    this.#id(row.order);
    this.#text(TEXT.delivery.status, row.status);
    this.#text(TEXT.delivery.state, row.state);
    this.#text(TEXT.delivery.warehouse, row.warehouse);
    this.#text(TEXT.delivery.courier, row.courier);
  }

  #refund(row: RefundRow): void {
    this.#numbers(row.amount, 0);
    this.#id(row.order);
    this.#text(TEXT.refund.state, row.state);
    this.#text(TEXT.refund.reason, row.reason);
  }

  #restock(row: RestockRow): void {
    this.#numbers(row.quantity, 0);
    this.#id(row.product);
    this.#text(TEXT.restock.warehouse, row.warehouse);
    this.#text(TEXT.restock.product, row.product);
  }

  #click(row: ClickRow): void {
    this.#numbers(row.price ?? Number.NaN, 0);
    this.#id(row.session);
    this.#who(row.user ?? UNKNOWN);
    this.#text(TEXT.click.eventType, row.eventType);
    this.#text(TEXT.click.product, row.product);
    this.#text(TEXT.click.brand, row.brand);
    this.#text(TEXT.click.category, row.category);
  }

  #numbers(number0: number, number1: number): void {
    this.#columns.view.number0[this.#columns.row] = number0;
    this.#columns.view.number1[this.#columns.row] = number1;
  }

  #text(column: number, text: string): void {
    (this.#columns.view.text[column] as Uint32Array)[this.#columns.row] = this.#dictionary.idOf(text);
  }

  #id(text: string): void {
    const { view, row } = this.#columns;
    const { written } = this.#encoder.encodeInto(text, this.#scratch);
    view.idLow[row] = murmur3(this.#scratch, 0, written, ID_SEEDS.low);
    view.idHigh[row] = murmur3(this.#scratch, 0, written, ID_SEEDS.high);
  }

  #who(text: string): void {
    const { view, row } = this.#columns;
    const { written } = this.#encoder.encodeInto(text, this.#scratch);
    view.whoLow[row] = murmur3(this.#scratch, 0, written, ID_SEEDS.low);
    view.whoHigh[row] = murmur3(this.#scratch, 0, written, ID_SEEDS.high);
  }
}
