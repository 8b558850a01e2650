/** A fixed row of numbers for every minute: as each partition told it last, and summed over the partitions. */

import { entryOf } from '../entry.ts';

type Minute = { readonly sum: Float64Array; readonly told: Map<string, Float64Array> };

export class DenseMinutes {
  readonly width: number;
  /** Minutes whose sum is not what it was when this set was last emptied. */
  readonly changed = new Set<number>();
  #minutes = new Map<number, Minute>();

  constructor(width: number) {
    this.width = width;
  }

  /** Sets `values.length` numbers of a partition's row from `at` on to what they are now. */
  set(partition: string, minute: number, at: number, values: ArrayLike<number>): void {
    const row = entryOf(this.#minutes, minute, () => ({ sum: new Float64Array(this.width), told: new Map() }));
    const told = entryOf(row.told, partition, () => new Float64Array(this.width));
    for (let place = 0; place < values.length; place++) {
      const value = values[place] as number;
      row.sum[at + place]! += value - (told[at + place] as number);
      told[at + place] = value;
    }
    this.changed.add(minute);
  }

  /** The row of a minute; undefined when nobody told one. Do not keep it. */
  get(minute: number): Float64Array | undefined {
    return this.#minutes.get(minute)?.sum;
  }

  starts(): MapIterator<number> {
    return this.#minutes.keys();
  }

  dropBefore(minute: number): void {
    for (const start of [...this.#minutes.keys()]) {
      if (start >= minute) continue;
      this.#minutes.delete(start);
      this.changed.add(start);
    }
  }

  clear(): void {
    this.dropBefore(Number.POSITIVE_INFINITY);
  }

  /** The rows of the minutes first, first + step .. last added up, and whether there was any. */
  total(first: number, last: number, step: number): { readonly sum: Float64Array; readonly any: boolean } {
    const sum = new Float64Array(this.width);
    let any = false;
    for (let minute = first; minute <= last; minute += step) {
      const row = this.get(minute);
      if (row === undefined) continue;
      any = true;
      for (let place = 0; place < this.width; place++) sum[place]! += row[place] as number;
    }
    return { sum, any };
  }
}
