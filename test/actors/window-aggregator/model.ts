/** The aggregate told again in the plainest way: objects, sets and sums, nothing shared with the product's code. */

import type { Mark } from '../../../actors/window-aggregator/judge.ts';
import type { Ledger } from '../../../protocol/event.ts';
import type { Item, OrderEvent, TestEvent, TestRecord } from './batches.ts';

export type ModelCells = Record<string, Record<string, number[]>>;

export class Model {
  readonly ledger: Ledger = { in: 0, counted: 0, late: 0, dead: 0, duplicates: 0 };
  readonly totals = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 };
  readonly windows = new Map<number, ModelCells>();
  readonly customers = new Map<string, Set<string>>();
  readonly marks: Mark[] = [];
  watermark = -1;
  readonly #latenessMs: number;
  readonly #dedup: number;
  #ids: string[] = [];

  constructor(latenessMs: number, dedup: number) {
    this.#latenessMs = latenessMs;
    this.#dedup = dedup;
  }

  feed({ events, dead, array }: TestRecord, offset: number): void {
    this.ledger.in += events.length + dead;
    this.ledger.dead += dead;
    events.forEach((event, element) => {
      const outcome = this.#judge(event);
      this.watermark = Math.max(this.watermark, event.time);
      if (outcome === 'counted') this.ledger.counted++;
      else if (outcome === 'late') this.ledger.late++;
      else this.ledger.duplicates++;
      if (outcome === 'counted') this.#count(event);
      else if (event.kind === 'order' || event.kind === 'restock')
        this.marks.push({ offset, element: array ? element : -1, mark: outcome });
    });
  }

  #judge(event: TestEvent): 'counted' | 'late' | 'duplicate' {
    if (event.kind === 'order' && this.#dedup > 0) {
      if (this.#ids.includes(event.id)) return 'duplicate';
      this.#ids = [...this.#ids, event.id].slice(-this.#dedup);
    }
    return event.time < this.watermark - this.#latenessMs ? 'late' : 'counted';
  }

  #count(event: TestEvent): void {
    const window = event.time - (event.time % 60_000);
    const add = (cube: string, keys: readonly string[], values: readonly number[]) => {
      const cells = this.windows.get(window) ?? {};
      this.windows.set(window, cells);
      cells[cube] ??= {};
      const key = JSON.stringify(keys);
      const held = cells[cube][key] ?? values.map(() => 0);
      cells[cube][key] = held.map((value, index) => value + (values[index] as number));
    };
    this.totals.events++;
    add('event_type', [event.kind === 'click' ? event.eventType : event.kind], [1]);
    const second = String(Math.floor((event.time - window) / 1000));
    if (event.kind === 'order') this.#countOrder(event, add, window, second);
    else add('overall', [], [1, 0, 0, 0, 0, 0, 0, 0, ...(event.kind === 'refund' ? [1, event.amount] : [0, 0])]);
    if (event.kind === 'click' && ['view', 'cart', 'purchase'].includes(event.eventType))
      add(
        'second',
        [second],
        [0, 0, ...['view', 'cart', 'purchase'].map((type) => (type === event.eventType ? 1 : 0))],
      );
  }

  #countOrder(
    order: OrderEvent,
    add: (cube: string, keys: readonly string[], values: readonly number[]) => void,
    window: number,
    second: string,
  ): void {
    const paid = order.paymentStatus === 'failed' ? 0 : 1;
    const approved = order.paymentStatus === 'approved' ? 1 : 0;
    const items = order.items.reduce((sum, { quantity }) => sum + quantity, 0);
    const sales = paid * order.items.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    const revenue = paid * order.amount;
    const five = [1, paid, items, sales, revenue];
    this.totals.orders++;
    this.totals.paidOrders += paid;
    this.totals.items += items;
    this.totals.revenue += revenue;
    add('overall', [], [1, ...five, approved, 1 - paid, 0, 0]);
    add('second', [second], [1, revenue, 0, 0, 0]);
    add('state', [order.state], five);
    add('segment', [order.segment], five);
    add('payment', [order.paymentType, order.paymentStatus], [1, order.amount, paid, revenue, approved, 1 - paid]);
    const grouped = (keyOf: (item: Item) => string[], cube: string, more: number[]) => {
      const groups = Map.groupBy(order.items, (item) => JSON.stringify(keyOf(item)));
      for (const [key, group] of groups) {
        const quantity = group.reduce((sum, item) => sum + item.quantity, 0);
        const amount = paid * group.reduce((sum, item) => sum + item.quantity * item.price, 0);
        add(cube, JSON.parse(key), [1, paid, quantity, amount, ...more]);
      }
    };
    grouped((item) => [item.category ?? 'unknown'], 'category', []);
    grouped((item) => [order.state, item.category ?? 'unknown'], 'state_category', []);
    grouped((item) => [item.product], 'product', [0, 0]);
    for (const key of [`${window}`, `${window} segment ${order.segment}`, `${window} state ${order.state}`])
      this.customers.set(key, (this.customers.get(key) ?? new Set()).add(order.customer));
  }
}
