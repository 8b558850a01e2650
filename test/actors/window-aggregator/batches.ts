/** Batches made by hand: events as objects, turned into the columns that a consumer would send. */

import type { PartitionState } from '../../../actors/ports/hot-store.ts';
import { batchBytes, type EventBatch, NONE, TEXT, viewBatch } from '../../../protocol/batch.ts';
import { type DeadLetter, emptyLedger } from '../../../protocol/event.ts';
import type { BatchMessage } from '../../../protocol/message.ts';

export type Item = { product: string; category: string | null; quantity: number; price: number; name?: string };
export type OrderEvent = {
  kind: 'order';
  time: number;
  id: string;
  customer: string;
  state: string;
  segment: string;
  paymentType: string;
  paymentStatus: string;
  amount: number;
  items: readonly Item[];
  /** The delivery in the same record. */
  delivery?: boolean;
};
export type OtherEvent =
  | { kind: 'delivery'; time: number; id: string }
  | { kind: 'refund'; time: number; id: string; amount: number }
  | { kind: 'restock'; time: number; product: string }
  | { kind: 'click'; time: number; eventType: string; product: string };
export type TestEvent = OrderEvent | OtherEvent;
/** A record: events of an array, or one event; `dead` counts elements that could not be read. */
export type TestRecord = { events: readonly TestEvent[]; dead: number; array: boolean };

export const PLACE = { topic: 'orders', partition: 0 } as const;

export function emptyState(overrides: Partial<PartitionState> = {}): PartitionState {
  const totals = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 };
  return {
    ...PLACE,
    epoch: 1,
    seq: 0,
    nextOffset: 0,
    watermark: -1,
    ledger: emptyLedger(),
    totals,
    dedup: null,
    ...overrides,
  };
}

/** Two different 32-bit FNV-1a hashes: what the columns carry for ids. */
export function hash(text: string): readonly [low: number, high: number] {
  let [low, high] = [0x811c9dc5, 0x9747b28c];
  for (let index = 0; index < text.length; index++) {
    low = Math.imul(low ^ text.charCodeAt(index), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(index), 0x5bd1e995);
  }
  return [low >>> 0, high >>> 0];
}

export function record(...events: TestEvent[]): TestRecord {
  return { events, dead: 0, array: false };
}

export function batchOf(
  records: readonly TestRecord[],
  base: number,
  overrides: Partial<BatchMessage> = {},
): BatchMessage {
  const rows = records.flatMap(({ events }) => events).reduce((sum, event) => sum + (hasDelivery(event) ? 2 : 1), 0);
  const items = records.flatMap(({ events }) => events).reduce((sum, event) => sum + itemsOf(event).length, 0);
  const writer = new ColumnWriter(rows, items);
  records.forEach(({ events, array }, index) => {
    for (const [element, event] of events.entries()) writer.event(event, index, array ? element : NONE);
  });
  const dead = records.flatMap(({ dead: count }, index) =>
    Array.from({ length: count }, (_, element): DeadLetter => deadLetter(base + index, element)),
  );
  return {
    type: 'batch',
    ...PLACE,
    session: 1,
    base,
    next: base + records.length,
    records: records.length,
    events: records.reduce((sum, { events }) => sum + events.length, 0) + dead.length,
    rows,
    items,
    buffer: writer.batch.buffer,
    strings: writer.strings,
    dead,
    zstd: false,
    frames: new Uint8Array(records.length),
    appendedAt: 0,
    ...overrides,
  };
}

function deadLetter(offset: number, element: number): DeadLetter {
  return { ...PLACE, offset, element, reason: 'bad-value', field: null, excerpt: '', at: 0 };
}

function hasDelivery(event: TestEvent): boolean {
  return event.kind === 'order' && event.delivery === true;
}

function itemsOf(event: TestEvent): readonly Item[] {
  return event.kind === 'order' ? event.items : [];
}

const KINDS = { order: 1, delivery: 2, refund: 3, restock: 4, click: 5 } as const;

class ColumnWriter {
  readonly strings: string[] = [];
  readonly batch: EventBatch;
  readonly #places = new Map<string, number>();
  #row = 0;
  #item = 0;

  constructor(rows: number, items: number) {
    this.batch = viewBatch(new ArrayBuffer(batchBytes(rows, items)), rows, items, this.strings);
    for (const column of this.batch.text) column.fill(NONE);
    this.batch.itemName.fill(NONE);
  }

  event(event: TestEvent, recordIndex: number, element: number): void {
    const row = this.#begin(event, recordIndex, element, 0);
    if (event.kind === 'order') this.#order(event, row);
    else if (event.kind === 'refund') this.batch.number0[row] = event.amount;
    else if (event.kind === 'click') this.#text(TEXT.click.eventType, row, event.eventType);
    if (hasDelivery(event)) this.batch.kind[this.#begin(event, recordIndex, element, 1)] = KINDS.delivery;
  }

  #begin(event: TestEvent, recordIndex: number, element: number, part: number): number {
    const row = this.#row++;
    const { batch } = this;
    batch.kind[row] = KINDS[event.kind];
    batch.part[row] = part;
    batch.time[row] = event.time;
    batch.record[row] = recordIndex;
    batch.element[row] = element;
    batch.firstItem[row] = this.#item;
    const [low, high] = hash('id' in event ? event.id : '');
    batch.idLow[row] = low;
    batch.idHigh[row] = high;
    return row;
  }

  #order(event: OrderEvent, row: number): void {
    const { batch } = this;
    const [low, high] = hash(event.customer);
    batch.whoLow[row] = low;
    batch.whoHigh[row] = high;
    batch.number0[row] = event.amount;
    this.#text(TEXT.order.state, row, event.state);
    this.#text(TEXT.order.segment, row, event.segment);
    this.#text(TEXT.order.paymentType, row, event.paymentType);
    this.#text(TEXT.order.paymentStatus, row, event.paymentStatus);
    batch.itemCount[row] = event.items.length;
    for (const item of event.items) {
      const at = this.#item++;
      batch.itemProduct[at] = this.#place(item.product);
      batch.itemCategory[at] = item.category === null ? NONE : this.#place(item.category);
      batch.itemQuantity[at] = item.quantity;
      batch.itemPrice[at] = item.price;
      if (item.name !== undefined) batch.itemName[at] = this.#place(item.name);
    }
  }

  #text(column: number, row: number, text: string): void {
    (this.batch.text[column] as Uint32Array)[row] = this.#place(text);
  }

  #place(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.strings.push(text) - 1;
      this.#places.set(text, place);
    }
    return place;
  }
}
