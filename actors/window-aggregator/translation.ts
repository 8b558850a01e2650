/**
 * From a batch's own numbers of texts to a window's, one dimension each. Every text is looked up once a batch and window;
 * what is remembered of the window before is made void by raising the floor, not by clearing.
 */

import { NONE } from '../../protocol/batch.ts';
import { DIMENSIONS, type DimensionName, OTHER, UNKNOWN } from '../kpi/cubes.ts';
import type { Dictionary } from '../kpi/texts.ts';

/** More than any window has texts of one dimension. */
const GENERATION = 1 << 14;
const LAST_FLOOR = (1 << 30) - GENERATION;

/** Numbers by place, all void at once. */
export class Remembered {
  #values = new Int32Array(0);
  #floor = 0;

  /** Forgets everything; places 0 to `size` - 1 can be used. */
  renew(size: number): void {
    this.#floor += GENERATION;
    if (size > this.#values.length) this.#values = new Int32Array(Math.max(size, this.#values.length * 2));
    else if (this.#floor > LAST_FLOOR) this.#values.fill(0);
    else return;
    this.#floor = GENERATION;
  }

  /** Below 0 when nothing is remembered. */
  get(place: number): number {
    return (this.#values[place] as number) - this.#floor;
  }

  set(place: number, value: number): void {
    this.#values[place] = value + this.#floor;
  }
}

export class Translation {
  readonly #cap: number;
  readonly #known = new Remembered();
  #strings: readonly string[] = [];
  #texts: Dictionary | undefined;

  constructor(dimension: DimensionName) {
    this.#cap = DIMENSIONS[dimension].cap;
  }

  /** From now on: these texts, into this window. */
  begin(strings: readonly string[], texts: Dictionary): void {
    this.#strings = strings;
    this.#texts = texts;
    this.#known.renew(strings.length);
  }

  id(place: number): number {
    if (place === NONE) return this.ofText(UNKNOWN);
    const known = this.#known.get(place);
    if (known >= 0) return known;
    const id = this.ofText(this.#strings[place] as string);
    this.#known.set(place, id);
    return id;
  }

  ofText(text: string): number {
    const texts = this.#texts as Dictionary;
    return texts.find(text) ?? texts.intern(texts.size < this.#cap ? text : OTHER);
  }
}
