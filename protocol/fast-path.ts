/**
 * Reads a record straight into columns when it is written just as the contract's examples are: these keys in this
 * order (an item may end with its `product_name`), no spaces, no escapes, plain numbers. Whatever differs is refused
 * (0) before it is part of the batch and takes JSON.parse instead: this file knows no errors, and must never accept
 * what the slow path reads otherwise.
 */
import { KIND, NONE, TEXT } from './batch.ts';
import type { Columns } from './columns.ts';
import { Cursor } from './cursor.ts';
import type { TextDictionary } from './dictionary.ts';
import { LIMITS } from './event.ts';
import {
  CLICK,
  CLICK_TYPE_BITS,
  CLOSE,
  DELIVERY,
  DELIVERY_STATUS_BITS,
  ITEM,
  isIn,
  ORDER,
  PAYMENT_STATUS_BITS,
  REFUND,
  RESTOCK,
  START,
  UNKNOWN_HIGH,
  UNKNOWN_ID,
  UNKNOWN_LOW,
} from './fast-pieces.ts';
import { ID_SEEDS, murmur3 } from './hash.ts';

const { idCharacters: ID, stateCharacters: STATE, textCharacters: TEXT_MOST } = LIMITS;
const COMMA = 0x2c;

export class FastPath {
  readonly cursor: Cursor;
  /** Items of the row that was read last. */
  items = 0;
  #columns: Columns;

  constructor(columns: Columns, dictionary: TextDictionary) {
    this.#columns = columns;
    this.cursor = new Cursor(dictionary);
  }

  /** Writes the row (and its items) that bytes[start, end) hold, uncommitted; answers its kind, or 0 for `not this way`. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const { cursor } = this;
    cursor.open(bytes, start, end);
    if (!cursor.literal(START)) return 0;
    this.items = 0;
    this.#columns.reserve(1);
    switch (bytes[cursor.at]) {
      case 0x6f: // o
        return this.#order() ? KIND.order : 0;
      case 0x63: // c
        return this.#click() ? KIND.click : 0;
      case 0x64: // d
        return this.#delivery() ? KIND.delivery : 0;
      case 0x72: // r
        return bytes[cursor.at + 2] === 0x66 ? (this.#refund() ? KIND.refund : 0) : this.#restock() ? KIND.restock : 0;
      default:
        return 0;
    }
  }

  #order(): boolean {
    const { cursor } = this;
    const { row } = this.#columns;
    if (!cursor.literal(ORDER.head) || !cursor.id()) return false;
    const { idStart, idEnd } = cursor;
    if (!this.#time(ORDER.timestamp)) return false;
    if (!cursor.literal(ORDER.customer) || !cursor.id()) return false;
    this.#setWho(row);
    if (!this.#text(TEXT.order.state, ORDER.state, 1, STATE)) return false;
    if (!this.#text(TEXT.order.segment, ORDER.segment, 0, TEXT_MOST)) return false;
    if (!this.#text(TEXT.order.paymentType, ORDER.paymentType, 0, TEXT_MOST)) return false;
    if (!this.#choice(TEXT.order.paymentStatus, ORDER.paymentStatus, PAYMENT_STATUS_BITS)) return false;
    if (!cursor.literal(ORDER.items) || !this.#itemList()) return false;
    if (!cursor.literal(ORDER.shipping)) return false;
    const shipping = cursor.money();
    if (shipping < 0 || !cursor.literal(ORDER.payment)) return false;
    const payment = cursor.money();
    if (payment < 0 || !this.#text(TEXT.order.warehouse, ORDER.warehouse, 1, ID)) return false;
    if (!this.#text(TEXT.order.courier, ORDER.courier, 1, ID)) return false;
    const { view } = this.#columns;
    view.kind[row] = KIND.order;
    view.number0[row] = payment;
    view.number1[row] = shipping;
    cursor.idStart = idStart;
    cursor.idEnd = idEnd;
    this.#setId(row);
    return this.#closed(CLOSE);
  }

  /** After the `[`: 1 to 1,000 items, up to the `]`. */
  #itemList(): boolean {
    const { cursor } = this;
    for (let count = 0; count < LIMITS.itemsPerOrder; count++) {
      if (!this.#item(count)) return false;
      this.items = count + 1;
      if (cursor.bytes[cursor.at] !== COMMA) return true;
      cursor.at++;
    }
    return false;
  }

  #item(place: number): boolean {
    const { cursor } = this;
    this.#columns.reserve(place + 1);
    const { view } = this.#columns;
    const at = this.#columns.item + place;
    if (!cursor.literal(ITEM.product)) return false;
    const product = cursor.text(1, ID);
    if (product < 0) return false;
    if (!cursor.literal(ITEM.category)) return false;
    const category = cursor.text(0, TEXT_MOST);
    if (category < 0 || !cursor.literal(ITEM.quantity)) return false;
    const quantity = cursor.whole(7);
    if (quantity < 1 || quantity > LIMITS.quantity || !cursor.literal(ITEM.price)) return false;
    const price = cursor.money();
    const name = price < 0 ? -1 : this.#name();
    if (name < 0) return false;
    view.itemProduct[at] = product;
    view.itemName[at] = name;
    view.itemCategory[at] = category;
    view.itemQuantity[at] = quantity;
    view.itemPrice[at] = price;
    return cursor.literal(CLOSE);
  }

  /** The name of a product where there is one (NONE where not), -1 when it cannot be read this way. */
  #name(): number {
    const { cursor } = this;
    if (cursor.bytes[cursor.at] !== COMMA) return NONE;
    return cursor.literal(ITEM.name) ? cursor.text(1, TEXT_MOST) : -1;
  }

  #delivery(): boolean {
    const { cursor } = this;
    const { row, view } = this.#columns;
    this.#columns.clear(KIND.delivery);
    if (!cursor.literal(DELIVERY.head) || !cursor.id()) return false;
    this.#setId(row);
    if (!this.#time(ORDER.timestamp)) return false;
    if (!this.#choice(TEXT.delivery.status, DELIVERY.status, DELIVERY_STATUS_BITS)) return false;
    if (!cursor.literal(DELIVERY.expected)) return false;
    const expected = cursor.orNull('whole');
    if (expected < 0 || !cursor.literal(DELIVERY.actual)) return false;
    const actual = cursor.orNull('whole');
    if (actual < 0 || !this.#text(TEXT.delivery.state, ORDER.state, 1, STATE)) return false;
    if (!this.#text(TEXT.delivery.warehouse, ORDER.warehouse, 1, ID)) return false;
    if (!this.#text(TEXT.delivery.courier, ORDER.courier, 1, ID)) return false;
    view.number0[row] = expected;
    view.number1[row] = actual;
    return this.#closed(CLOSE);
  }

  #refund(): boolean {
    const { cursor } = this;
    const { row, view } = this.#columns;
    this.#columns.clear(KIND.refund);
    if (!cursor.literal(REFUND.head) || !cursor.id()) return false;
    this.#setId(row);
    if (!this.#time(ORDER.timestamp) || !cursor.literal(REFUND.amount)) return false;
    const amount = cursor.money();
    if (amount < 0 || !this.#text(TEXT.refund.state, ORDER.state, 1, STATE)) return false;
    if (!this.#text(TEXT.refund.reason, REFUND.reason, 0, TEXT_MOST)) return false;
    view.number0[row] = amount;
    return this.#closed(CLOSE);
  }

  #restock(): boolean {
    const { cursor } = this;
    const { row, view } = this.#columns;
    this.#columns.clear(KIND.restock);
    if (!this.#time(RESTOCK.head)) return false;
    if (!this.#text(TEXT.restock.warehouse, ORDER.warehouse, 1, ID)) return false;
    const idAt = cursor.at + RESTOCK.product.length;
    if (!this.#text(TEXT.restock.product, RESTOCK.product, 1, ID)) return false;
    cursor.idStart = idAt;
    cursor.idEnd = cursor.at - 1;
    this.#setId(row);
    if (!cursor.literal(ITEM.quantity)) return false;
    const quantity = cursor.whole(7);
    if (quantity < 0 || quantity > LIMITS.quantity) return false;
    view.number0[row] = quantity;
    return this.#closed(CLOSE);
  }

  #click(): boolean {
    const { cursor } = this;
    const { row, view } = this.#columns;
    this.#columns.clear(KIND.click);
    if (!this.#time(CLICK.head)) return false;
    if (!this.#choice(TEXT.click.eventType, CLICK.eventType, CLICK_TYPE_BITS)) return false;
    if (!this.#text(TEXT.click.product, RESTOCK.product, 1, ID)) return false;
    if (!cursor.literal(CLICK.category)) return false;
    const category = cursor.textOrNull(UNKNOWN_ID);
    if (category < 0 || !cursor.literal(CLICK.brand)) return false;
    const brand = cursor.textOrNull(UNKNOWN_ID);
    if (brand < 0 || !cursor.literal(ITEM.price)) return false;
    const price = cursor.orNull('money');
    if (price < 0 || !cursor.literal(CLICK.user) || !cursor.id()) return false;
    this.#setWho(row);
    const { idStart, idEnd } = cursor;
    if (!this.#session(row)) return false;
    cursor.idStart = idStart;
    cursor.idEnd = idEnd;
    (view.text[TEXT.click.category] as Uint32Array)[row] = category;
    (view.text[TEXT.click.brand] as Uint32Array)[row] = brand;
    view.number0[row] = price;
    return this.#closed(CLOSE);
  }

  #session(row: number): boolean {
    const { cursor } = this;
    const { view } = this.#columns;
    if (cursor.literal(CLICK.noSession)) {
      view.idLow[row] = UNKNOWN_LOW;
      view.idHigh[row] = UNKNOWN_HIGH;
      return true;
    }
    if (!cursor.literal(CLICK.session) || !cursor.id()) return false;
    this.#setId(row);
    return true;
  }

  #time(key: Uint8Array): boolean {
    const { cursor } = this;
    if (!cursor.literal(key)) return false;
    const time = cursor.whole();
    this.#columns.view.time[this.#columns.row] = time;
    return time >= 0;
  }

  #text(column: number, key: Uint8Array, least: number, most: number): boolean {
    const { cursor } = this;
    if (!cursor.literal(key)) return false;
    const id = cursor.text(least, most);
    (this.#columns.view.text[column] as Uint32Array)[this.#columns.row] = id;
    return id >= 0;
  }

  #choice(column: number, key: Uint8Array, bits: number): boolean {
    const { cursor } = this;
    if (!cursor.literal(key)) return false;
    const id = cursor.text(1, ID);
    (this.#columns.view.text[column] as Uint32Array)[this.#columns.row] = id;
    return isIn(bits, id);
  }

  #setId(row: number): void {
    const { bytes, idStart, idEnd } = this.cursor;
    const { view } = this.#columns;
    view.idLow[row] = murmur3(bytes, idStart, idEnd, ID_SEEDS.low);
    view.idHigh[row] = murmur3(bytes, idStart, idEnd, ID_SEEDS.high);
  }

  #setWho(row: number): void {
    const { bytes, idStart, idEnd } = this.cursor;
    const { view } = this.#columns;
    view.whoLow[row] = murmur3(bytes, idStart, idEnd, ID_SEEDS.low);
    view.whoHigh[row] = murmur3(bytes, idStart, idEnd, ID_SEEDS.high);
  }

  #closed(close: Uint8Array): boolean {
    return this.cursor.literal(close) && this.cursor.done;
  }
}
