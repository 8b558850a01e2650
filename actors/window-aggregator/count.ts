/**
 * From rows to cells: what each kind of event adds to which cube. A new cube is a row in kpi/cubes.ts and a line here.
 * Rows come window by window; nothing is allocated for a row. Sums are written by place, in the order of the cube's row.
 */
import { type EventBatch, KIND, KIND_NAMES, TEXT } from '../../protocol/batch.ts';
import type { CellTable } from '../kpi/cells.ts';
import { CUBES, measureAt, OTHER, pairKey } from '../kpi/cubes.ts';
import { HyperLogLog } from '../kpi/hll.ts';
import type { WindowParts } from '../kpi/parts.ts';
import type { WindowState } from '../kpi/window.ts';
import type { Totals } from '../ports/hot-store.ts';
import { Products } from './products.ts';
import { Translation } from './translation.ts';

const OVERALL = {
  events: measureAt('overall', 'events'),
  refunds: measureAt('overall', 'refunds'),
  refundAmount: measureAt('overall', 'refund_amount'),
} as const;
const FIRST_CLICK = measureAt('second', 'views');
const CLICKS: readonly string[] = ['view', 'cart', 'purchase'];
const MOST_PAIRS = CUBES.state_category.maxCells;

const STATUS = { unread: 0, other: 1, approved: 2, failed: 3 } as const;

export class RowCounter {
  readonly #totals: Totals;
  readonly #texts = {
    state: new Translation('state'),
    category: new Translation('category'),
    payment_type: new Translation('payment_type'),
    payment_status: new Translation('payment_status'),
    segment: new Translation('segment'),
    event_type: new Translation('event_type'),
  };
  readonly #products = new Products();
  /** Which of STATUS each text of the batch is. */
  #statuses = new Uint8Array(0);
  #batch!: EventBatch;
  #start = 0;
  #parts!: WindowParts;
  /** Number of each kind's name in the window's event types, -1 where not asked for yet. */
  #kinds = new Int32Array(KIND_NAMES.length);
  /** Orders are numbered from 1 for what counts once an order. */
  #order = 0;

  /** The order in work: what it adds to every cube that knows its measures. */
  #paid = 0;
  #items = 0;
  #sales = 0;
  #revenue = 0;

  constructor(totals: Totals) {
    this.#totals = totals;
  }

  begin(batch: EventBatch): void {
    this.#batch = batch;
    if (batch.strings.length > this.#statuses.length) this.#statuses = new Uint8Array(batch.strings.length * 2);
    else this.#statuses.fill(STATUS.unread, 0, batch.strings.length);
  }

  enter(window: WindowState): void {
    const { strings } = this.#batch;
    this.#start = window.start;
    this.#parts = window.parts;
    this.#texts.state.begin(strings, this.#parts.texts('state'));
    this.#texts.category.begin(strings, this.#parts.texts('category'));
    this.#texts.payment_type.begin(strings, this.#parts.texts('payment_type'));
    this.#texts.payment_status.begin(strings, this.#parts.texts('payment_status'));
    this.#texts.segment.begin(strings, this.#parts.texts('segment'));
    this.#texts.event_type.begin(strings, this.#parts.texts('event_type'));
    this.#products.begin(strings, this.#parts);
    this.#kinds.fill(-1);
  }

  /** Counts a row in the window entered last. */
  count(row: number): void {
    const kind = this.#batch.kind[row] as number;
    // The second half of an event has been counted with the first; it has no cube of its own yet.
    if (this.#batch.part[row] !== 0) return;
    this.#countEvent(kind, row);
    if (kind === KIND.order) this.#countOrder(row);
    else if (kind === KIND.refund) this.#countRefund(row);
    else if (kind === KIND.click) this.#countClick(row);
  }

  #countEvent(kind: number, row: number): void {
    const type =
      kind === KIND.click
        ? this.#texts.event_type.id(this.#column(TEXT.click.eventType, row))
        : this.#kindType(kind as 1 | 2 | 3 | 4);
    const cells = this.#parts.cells('event_type');
    const cell = cells.at(type);
    (cells.values[cell] as number)++;
    this.#addOverall(OVERALL.events, 1);
    this.#totals.events++;
  }

  #kindType(kind: 1 | 2 | 3 | 4): number {
    if ((this.#kinds[kind] as number) < 0) this.#kinds[kind] = this.#texts.event_type.ofText(KIND_NAMES[kind]);
    return this.#kinds[kind] as number;
  }

  #countRefund(row: number): void {
    this.#addOverall(OVERALL.refunds, 1);
    this.#addOverall(OVERALL.refundAmount, this.#batch.number0[row] as number);
  }

  #countClick(row: number): void {
    const click = CLICKS.indexOf(this.#batch.strings[this.#column(TEXT.click.eventType, row)] ?? '');
    if (click < 0) return;
    const cells = this.#parts.cells('second');
    const at = cells.at(this.#second(row)) * cells.width;
    (cells.values[at + FIRST_CLICK + click] as number)++;
  }

  #countOrder(row: number): void {
    const batch = this.#batch;
    const texts = this.#texts;
    const status = this.#status(this.#column(TEXT.order.paymentStatus, row));
    const amount = batch.number0[row] as number;
    this.#order = (this.#order % 0xffffffff) + 1;
    this.#paid = status === STATUS.failed ? 0 : 1;
    this.#revenue = this.#paid * amount;
    const state = texts.state.id(this.#column(TEXT.order.state, row));
    this.#countItems(row, state);
    this.#addOrder(this.#parts.cells('state'), state);
    const segment = texts.segment.id(this.#column(TEXT.order.segment, row));
    this.#addOrder(this.#parts.cells('segment'), segment);
    const approved = status === STATUS.approved ? 1 : 0;
    this.#countOverall(approved);
    this.#countPayment(row, amount, approved);
    this.#countSecond(row);
    this.#countCustomer(row, state, segment);
    this.#totals.orders++;
    this.#totals.paidOrders += this.#paid;
    this.#totals.items += this.#items;
    this.#totals.revenue += this.#revenue;
  }

  /** Adds the items to their cubes, and sums them up for the others. */
  #countItems(row: number, state: number): void {
    const batch = this.#batch;
    const first = batch.firstItem[row] as number;
    const end = first + (batch.itemCount[row] as number);
    this.#items = 0;
    this.#sales = 0;
    for (let item = first; item < end; item++) {
      const quantity = batch.itemQuantity[item] as number;
      const sales = this.#paid === 0 ? 0 : quantity * (batch.itemPrice[item] as number);
      this.#items += quantity;
      this.#sales += sales;
      const category = this.#texts.category.id(batch.itemCategory[item] as number);
      const categories = this.#parts.cells('category');
      this.#addItem(categories, categories.at(category), quantity, sales);
      const pairs = this.#parts.cells('state_category');
      this.#addItem(pairs, this.#pair(pairs, state, category), quantity, sales);
      const product = this.#products.cell(batch.itemProduct[item] as number, batch.itemName[item] as number);
      this.#addItem(this.#parts.cells('product'), product, quantity, sales);
      this.#products.grew(product);
    }
  }

  /** The cell of a pair; both caps multiply to too many, so a full table has one cell for all the rest. */
  #pair(cells: CellTable, state: number, category: number): number {
    const key = pairKey(state, category);
    if (cells.count < MOST_PAIRS || cells.find(key) >= 0) return cells.at(key);
    return cells.at(pairKey(this.#parts.texts('state').intern(OTHER), this.#parts.texts('category').intern(OTHER)));
  }

  /** orders, paid_orders, items, sales: an order counts once in a cell, whatever items of it come there. */
  #addItem(cells: CellTable, cell: number, quantity: number, sales: number): void {
    const { values } = cells;
    const at = cell * cells.width;
    if (cells.firstOf(this.#order, cell)) {
      (values[at] as number)++;
      (values[at + 1] as number) += this.#paid;
    }
    (values[at + 2] as number) += quantity;
    (values[at + 3] as number) += sales;
  }

  /** orders, paid_orders, items, sales, revenue. */
  #addOrder(cells: CellTable, key: number, offset = 0): void {
    const at = cells.at(key) * cells.width + offset;
    const { values } = cells;
    (values[at] as number)++;
    (values[at + 1] as number) += this.#paid;
    (values[at + 2] as number) += this.#items;
    (values[at + 3] as number) += this.#sales;
    (values[at + 4] as number) += this.#revenue;
  }

  #countOverall(approved: number): void {
    const cells = this.#parts.cells('overall');
    this.#addOrder(cells, 0, 1);
    const { values } = cells;
    (values[6] as number) += approved;
    (values[7] as number) += 1 - this.#paid;
  }

  /** orders, revenue (the amount), paid_orders, earned, approved, failed. */
  #countPayment(row: number, amount: number, approved: number): void {
    const type = this.#texts.payment_type.id(this.#column(TEXT.order.paymentType, row));
    const status = this.#texts.payment_status.id(this.#column(TEXT.order.paymentStatus, row));
    const cells = this.#parts.cells('payment');
    const at = cells.at(pairKey(type, status)) * cells.width;
    const { values } = cells;
    (values[at] as number)++;
    (values[at + 1] as number) += amount;
    (values[at + 2] as number) += this.#paid;
    (values[at + 3] as number) += this.#revenue;
    (values[at + 4] as number) += approved;
    (values[at + 5] as number) += 1 - this.#paid;
  }

  #countSecond(row: number): void {
    const cells = this.#parts.cells('second');
    const at = cells.at(this.#second(row)) * cells.width;
    (cells.values[at] as number)++;
    (cells.values[at + 1] as number) += this.#revenue;
  }

  #countCustomer(row: number, state: number, segment: number): void {
    const entry = HyperLogLog.entry(this.#batch.whoLow[row] as number, this.#batch.whoHigh[row] as number);
    this.#parts.sketch('overall', 0).addEntry(entry);
    this.#parts.sketch('segment', segment).addEntry(entry);
    this.#parts.sketch('state', state).addEntry(entry);
  }

  #addOverall(measure: number, amount: number): void {
    const cells = this.#parts.cells('overall');
    const cell = cells.at(0);
    (cells.values[cell * cells.width + measure] as number) += amount;
  }

  #second(row: number): number {
    return Math.floor(((this.#batch.time[row] as number) - this.#start) / 1000);
  }

  #column(column: number, row: number): number {
    return (this.#batch.text[column] as Uint32Array)[row] as number;
  }

  #status(place: number): number {
    const known = this.#statuses[place];
    if (known !== undefined && known !== STATUS.unread) return known;
    const text = this.#batch.strings[place];
    const status = text === 'failed' ? STATUS.failed : text === 'approved' ? STATUS.approved : STATUS.other;
    this.#statuses[place] = status;
    return status;
  }
}
