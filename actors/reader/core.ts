/**
 * Answers questions about what is committed, from the stores alone. A question about much is answered in slices, with
 * a turn for other questions between them.
 */

import { assertNever } from '../../protocol/errors.ts';
import type { ReaderQuery } from '../../protocol/message.ts';
import { OrderHistory, type OrderStores } from '../history/orders.ts';
import type { StoreReader, StoreSnapshot } from '../ports/hot-store.ts';
import { DeadLetters, type LetterStores } from './dead-letters.ts';
import { KpiAnswers, type KpiSettings, type KpiStores } from './kpi.ts';

export type ReaderStores = KpiStores & OrderStores & LetterStores;

export class ReaderCore {
  #store: StoreReader;
  #kpi: KpiAnswers;
  #orders: OrderHistory;
  #letters: DeadLetters;

  constructor(stores: ReaderStores, settings: KpiSettings) {
    this.#store = stores.store;
    this.#kpi = new KpiAnswers(stores, settings);
    this.#orders = new OrderHistory(stores, settings.turn);
    this.#letters = new DeadLetters(stores, settings);
  }

  answer(query: ReaderQuery): Promise<unknown> {
    switch (query.kind) {
      case 'kpi':
        return this.#kpi.answer(query);
      case 'kpi-summary':
        return this.#kpi.summary(query);
      case 'orders':
        return this.#orders.page(query);
      case 'order':
        return this.#orders.byId(query.id);
      case 'dead-letters':
        return this.#letters.page(query);
      case 'replay-letters':
        return this.#letters.take(query);
      case 'letters-replayed':
        return this.#letters.ended(query.ids, query.offsets);
      case 'snapshot':
        return this.#snapshot(query.from, query.to);
      case 'hot-bytes':
        return this.#store.hotBytes();
      default:
        return assertNever(query);
    }
  }

  /** The windows in one buffer, so that all of them cross to another thread without a copy. */
  async #snapshot(from: number, to: number): Promise<StoreSnapshot> {
    const { states, windows } = await this.#store.snapshot(from, to);
    const bytes = new Uint8Array(windows.reduce((sum, { packed }) => sum + packed.length, 0));
    let at = 0;
    const moved = windows.map((window) => {
      const packed = bytes.subarray(at, at + window.packed.length);
      packed.set(window.packed);
      at += packed.length;
      return { ...window, packed };
    });
    return { states: states.map((state) => ({ ...state, dedup: null })), windows: moved };
  }
}
