/**
 * What becomes of each event, decided by the topic-partition's own past alone: duplicate, late or counted (dead ones never
 * get here). A replay therefore decides the same. Counted rows are chained by window, in order.
 */
import { type EventBatch, KIND, NONE } from '../../protocol/batch.ts';
import { NO_METER, type WorkMeter } from '../../protocol/poison.ts';
import { windowStart } from '../kpi/window.ts';
import type { RawChunk } from '../ports/hot-store.ts';
import type { RememberedOrders } from './dedup.ts';

const END = -1;
const NOT_COUNTED = Number.NaN;

export type Mark = RawChunk['marks'][number];

/** Rows of one window: the first, then `next` of each. */
export type Chain = { readonly start: number; readonly first: number; last: number };

export type Verdict = {
  readonly counted: number;
  readonly late: number;
  readonly duplicates: number;
  readonly marks: readonly Mark[];
  readonly chains: readonly Chain[];
};

export class Judge {
  watermark: number;
  /** What is older is late whatever the watermark is: its minutes are not here any more. */
  keptFrom = Number.NEGATIVE_INFINITY;
  readonly #latenessMs: number;
  readonly #orders: RememberedOrders | undefined;
  #next = new Int32Array(0);

  constructor(watermark: number, latenessMs: number, orders: RememberedOrders | undefined) {
    this.watermark = watermark;
    this.#latenessMs = latenessMs;
    this.#orders = orders;
  }

  /** The oldest time that is not late now. */
  get horizon(): number {
    return Math.max(this.watermark - this.#latenessMs, this.keptFrom);
  }

  /** The row after this one in its chain, below 0 at the end. */
  next(row: number): number {
    return this.#next[row] as number;
  }

  judge(batch: EventBatch, base: number, meter: WorkMeter = NO_METER): Verdict {
    if (batch.rows > this.#next.length) this.#next = new Int32Array(batch.rows * 2);
    const chains = new Chains(this.#next);
    const marks: Mark[] = [];
    let [counted, late, duplicates] = [0, 0, 0];
    // The second half of an event goes where the first went.
    let window = NOT_COUNTED;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.part[row] === 0) {
        meter.workingOn(base + (batch.record[row] as number));
        const time = batch.time[row] as number;
        const kind = batch.kind[row];
        const isOrder = kind === KIND.order;
        const duplicate = isOrder && this.#isRepeated(batch, row);
        const isLate = !duplicate && time < this.horizon;
        if (time > this.watermark) this.watermark = time;
        if (duplicate) duplicates++;
        else if (isLate) late++;
        else counted++;
        // Whoever counts from raw events later must know what did not count.
        if ((isOrder || kind === KIND.restock) && (duplicate || isLate)) marks.push(mark(batch, row, base, duplicate));
        window = duplicate || isLate ? NOT_COUNTED : windowStart(time);
      }
      if (!Number.isNaN(window)) chains.add(window, row);
    }
    return { counted, late, duplicates, marks, chains: chains.all };
  }

  #isRepeated(batch: EventBatch, row: number): boolean {
    if (!this.#orders) return false;
    return !this.#orders.add(batch.idLow[row] as number, batch.idHigh[row] as number);
  }
}

function mark(batch: EventBatch, row: number, base: number, duplicate: boolean): Mark {
  const element = batch.element[row] as number;
  return {
    offset: base + (batch.record[row] as number),
    element: element === NONE ? -1 : element,
    mark: duplicate ? 'duplicate' : 'late',
  };
}

class Chains {
  readonly all: Chain[] = [];
  readonly #byStart = new Map<number, Chain>();
  readonly #next: Int32Array;
  #current: Chain | undefined;

  constructor(next: Int32Array) {
    this.#next = next;
  }

  add(start: number, row: number): void {
    this.#next[row] = END;
    if (this.#current?.start !== start) this.#current = this.#byStart.get(start) ?? this.#begin(start, row);
    if (this.#current.last !== row) this.#next[this.#current.last] = row;
    this.#current.last = row;
  }

  #begin(start: number, row: number): Chain {
    const chain = { start, first: row, last: row };
    this.#byStart.set(start, chain);
    this.all.push(chain);
    return chain;
  }
}
