/**
 * The batch while it grows: columns with room to spare. A row is written at `row` (its items from `items` on) and
 * becomes part of the batch only by `commit`; what was written before that is overwritten by the next.
 * Text columns hold the dictionary's numbers here and places in the batch's own list of texts once taken.
 */
import { batchBytes, type EventBatch, NONE, packBatch, TEXT_COLUMNS, viewBatch } from './batch.ts';
import type { TextDictionary } from './dictionary.ts';

const FIRST_ROWS = 1024;
const FIRST_ITEMS = 2048;

export class Columns {
  /** Where the next row goes. Read it anew after `reserve`. */
  view: EventBatch;
  row = 0;
  item = 0;
  #rowRoom = FIRST_ROWS;
  #itemRoom = FIRST_ITEMS;
  #localOf = new Uint32Array(0);
  #stampOf = new Uint32Array(0);
  #stamp = 0;

  constructor() {
    this.view = viewBatch(new ArrayBuffer(batchBytes(FIRST_ROWS, FIRST_ITEMS)), FIRST_ROWS, FIRST_ITEMS, []);
  }

  /** Makes room for one row more, and for `items` items. */
  reserve(items: number): void {
    if (this.row < this.#rowRoom && this.item + items <= this.#itemRoom) return;
    const { row, item } = this;
    if (row >= this.#rowRoom) this.#rowRoom *= 2;
    while (item + items > this.#itemRoom) this.#itemRoom *= 2;
    this.view = packBatch(this.view, Math.min(row + 1, this.view.rows), Math.min(item + items, this.view.items), [], {
      rows: this.#rowRoom,
      items: this.#itemRoom,
    });
  }

  /** The row and its items are part of the batch now. */
  commit(record: number, element: number, part: number, items: number): void {
    const { view, row } = this;
    view.record[row] = record;
    view.element[row] = element;
    view.part[row] = part;
    view.firstItem[row] = this.item;
    view.itemCount[row] = items;
    this.row++;
    this.item += items;
  }

  /** Sets a row to what stands where a kind has nothing. */
  clear(kind: number): void {
    const { view, row } = this;
    view.kind[row] = kind;
    view.number0[row] = 0;
    view.number1[row] = 0;
    view.idLow[row] = 0;
    view.idHigh[row] = 0;
    view.whoLow[row] = 0;
    view.whoHigh[row] = 0;
    for (let column = 0; column < TEXT_COLUMNS; column++) (view.text[column] as Uint32Array)[row] = NONE;
  }

  /** The batch, in a buffer of its own; the columns are empty afterwards. */
  take(dictionary: TextDictionary): EventBatch {
    const strings: string[] = [];
    const batch = packBatch(this.view, this.row, this.item, strings);
    this.#beginTexts(dictionary.size);
    for (const column of batch.text) this.#localise(column, dictionary, strings);
    this.#localise(batch.itemProduct, dictionary, strings);
    this.#localise(batch.itemName, dictionary, strings);
    this.#localise(batch.itemCategory, dictionary, strings);
    this.row = 0;
    this.item = 0;
    return batch;
  }

  #beginTexts(size: number): void {
    this.#stamp++;
    if (size <= this.#stampOf.length) return;
    this.#stampOf = new Uint32Array(size * 2);
    this.#localOf = new Uint32Array(size * 2);
  }

  /** Dictionary numbers to places in `strings`, in order of first appearance. */
  #localise(column: Uint32Array, dictionary: TextDictionary, strings: string[]): void {
    const stampOf = this.#stampOf;
    const localOf = this.#localOf;
    const stamp = this.#stamp;
    for (let row = 0; row < column.length; row++) {
      const id = column[row] as number;
      if (id === NONE) continue;
      if (stampOf[id] !== stamp) {
        stampOf[id] = stamp;
        localOf[id] = strings.push(dictionary.textOf(id)) - 1;
      }
      column[row] = localOf[id] as number;
    }
  }
}
