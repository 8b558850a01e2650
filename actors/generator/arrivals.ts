/**
 * Who arrives when: a Poisson number of orders (or visits) for each slot of time, each at a moment of its slot and in a
 * class of its own. All of it follows from (seed, slot, index), for any slot, in any order of asking.
 */
import type { Curve } from './curve.ts';
import { hash3, poisson, toUnit } from './random.ts';

/** Remembered counts; a power of two, enough for 70 days of one-minute slots. */
const CACHE = 1 << 17;

export class Arrivals {
  readonly slotMs: number;
  /** Number of classes, a power of two. */
  readonly #classes: number;
  readonly #seed: number;
  readonly #perSecond: Curve;
  readonly #cachedSlots = new Float64Array(CACHE).fill(Number.NaN);
  readonly #cachedCounts = new Uint32Array(CACHE);
  readonly #cachedFirsts = new Uint16Array(CACHE);

  constructor(options: { seed: number; slotMs: number; classes: number; perSecond: Curve }) {
    this.#seed = options.seed;
    this.slotMs = options.slotMs;
    this.#classes = options.classes;
    this.#perSecond = options.perSecond;
  }

  count(slot: number): number {
    return this.#cachedCounts[this.#known(slot)] as number;
  }

  /** Classes go round from here: arrival i of the slot is in class (firstClass + i) mod classes. */
  firstClass(slot: number): number {
    return this.#cachedFirsts[this.#known(slot)] as number;
  }

  classOf(slot: number, index: number): number {
    return (this.firstClass(slot) + index) & (this.#classes - 1);
  }

  /** Milliseconds from the slot's start. */
  within(slot: number, index: number): number {
    return Math.floor(toUnit(hash3(this.#seed, slot, index)) * this.slotMs);
  }

  timeOf(slot: number, index: number): number {
    return slot * this.slotMs + this.within(slot, index);
  }

  /** Where the slot stands in the cache. */
  #known(slot: number): number {
    const at = slot & (CACHE - 1);
    if (this.#cachedSlots[at] !== slot) {
      const mean = (this.#perSecond((slot + 0.5) * this.slotMs) * this.slotMs) / 1000;
      this.#cachedSlots[at] = slot;
      this.#cachedCounts[at] = poisson(mean, toUnit(hash3(this.#seed, slot, -1)));
      this.#cachedFirsts[at] = hash3(this.#seed, slot, -2) & (this.#classes - 1);
    }
    return at;
  }
}
