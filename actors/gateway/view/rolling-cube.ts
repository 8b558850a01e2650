/**
 * One cube of the live view: the cells of every partition's minutes as they were last told, and their exact sums over
 * a range of minutes. A told cell takes its old value out of the sum and puts the new one in (whole numbers, so
 * nothing drifts); a minute that enters or leaves the range does so with all its cells.
 */
import { entryOf } from '../entry.ts';
import { HeldCells } from './held-cells.ts';

export class RollingCube {
  readonly width: number;
  /** Keys whose sum is not what it was when this set was last emptied. */
  readonly changed = new Set<string>();
  /** Called when a key is held no more. */
  onForget: (key: string) => void = () => undefined;
  #slotOf = new Map<string, number>();
  #keyOf: string[] = [];
  #free: number[] = [];
  /** Cells held of a slot, and how many of them are inside the range. */
  #cells = new Uint32Array(16);
  #inside = new Uint32Array(16);
  #sums: Float64Array;
  #minutes = new Map<number, Map<string, HeldCells>>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  constructor(width: number) {
    this.width = width;
    this.#sums = new Float64Array(16 * width);
  }

  /** Number of keys held at all. */
  get size(): number {
    return this.#slotOf.size;
  }

  /** Sets a cell to what it is now: `width` numbers of `values` at the places in `pick`. */
  set(partition: string, minute: number, key: string, values: ArrayLike<number>, pick: readonly number[]): void {
    const slot = this.#slot(key);
    const cells = this.#cellsOf(partition, minute);
    const inside = this.#covers(minute);
    if (!cells.has(slot)) this.#count(slot, 1, inside);
    const at = cells.place(slot);
    const held = cells.values;
    for (let measure = 0; measure < this.width; measure++) {
      const value = values[pick[measure] as number] as number;
      if (inside) this.#sums[slot * this.width + measure]! += value - (held[at + measure] as number);
      held[at + measure] = value;
    }
    if (inside) this.changed.add(key);
  }

  remove(partition: string, minute: number, key: string): void {
    const slot = this.#slotOf.get(key);
    const cells = this.#minutes.get(minute)?.get(partition);
    if (slot !== undefined && cells?.has(slot)) this.#removeCell(cells, slot, this.#covers(minute));
  }

  /** Drops a partition's cells of a minute whose keys are not in `keep`: what a later summary no longer holds. */
  retain(partition: string, minute: number, keep: ReadonlySet<string>): void {
    const cells = this.#minutes.get(minute)?.get(partition);
    if (cells === undefined) return;
    for (const slot of [...cells.slots()]) {
      if (!keep.has(this.#keyOf[slot] as string)) this.#removeCell(cells, slot, this.#covers(minute));
    }
  }

  /** Sums cover these minutes from now on, both ends included. */
  setRange(first: number, last: number): void {
    const [oldFirst, oldLast] = [this.#first, this.#last];
    if (first === oldFirst && last === oldLast) return;
    for (const minute of this.#minutes.keys()) {
      const was = minute >= oldFirst && minute <= oldLast;
      const is = minute >= first && minute <= last;
      if (was !== is) this.#shift(minute, is ? 1 : -1);
    }
    this.#first = first;
    this.#last = last;
  }

  /** Forgets every minute before this one; what was inside the range leaves the sums. */
  dropBefore(minute: number): void {
    for (const start of [...this.#minutes.keys()]) if (start < minute) this.drop(start);
  }

  drop(minute: number): void {
    const inside = this.#covers(minute);
    for (const cells of this.#minutes.get(minute)?.values() ?? []) {
      for (const slot of [...cells.slots()]) this.#removeCell(cells, slot, inside);
    }
    this.#minutes.delete(minute);
  }

  /** The sums of a key over the range; undefined when no cell of it is inside. Do not keep it. */
  sum(key: string): Float64Array | undefined {
    const slot = this.#slotOf.get(key);
    if (slot === undefined || this.#inside[slot] === 0) return undefined;
    return this.#sums.subarray(slot * this.width, (slot + 1) * this.width);
  }

  /** Every key with a cell inside the range, and one of its measures. */
  forEachInside(measure: number, visit: (key: string, value: number) => void): void {
    for (let slot = 0; slot < this.#keyOf.length; slot++) {
      if ((this.#inside[slot] as number) > 0) {
        visit(this.#keyOf[slot] as string, this.#sums[slot * this.width + measure] as number);
      }
    }
  }

  /** One minute over all partitions. */
  minute(minute: number): Map<string, Float64Array> {
    const merged = new Map<string, Float64Array>();
    for (const cells of this.#minutes.get(minute)?.values() ?? []) {
      for (const slot of cells.slots()) {
        const key = this.#keyOf[slot] as string;
        const sum = entryOf(merged, key, () => new Float64Array(this.width));
        const at = cells.place(slot);
        for (let measure = 0; measure < this.width; measure++) sum[measure]! += cells.values[at + measure] as number;
      }
    }
    return merged;
  }

  #covers(minute: number): boolean {
    return minute >= this.#first && minute <= this.#last;
  }

  #cellsOf(partition: string, minute: number): HeldCells {
    const partitions = entryOf(this.#minutes, minute, () => new Map<string, HeldCells>());
    return entryOf(partitions, partition, () => new HeldCells(this.width));
  }

  #removeCell(cells: HeldCells, slot: number, inside: boolean): void {
    if (inside) this.#add(cells, slot, -1);
    cells.remove(slot);
    this.#count(slot, -1, inside);
  }

  /** Takes all cells of a minute into the sums (1) or out of them (-1). */
  #shift(minute: number, sign: 1 | -1): void {
    for (const cells of this.#minutes.get(minute)?.values() ?? []) {
      for (const slot of cells.slots()) {
        this.#add(cells, slot, sign);
        this.#inside[slot]! += sign;
      }
    }
  }

  #add(cells: HeldCells, slot: number, sign: 1 | -1): void {
    const at = cells.place(slot);
    for (let measure = 0; measure < this.width; measure++) {
      this.#sums[slot * this.width + measure]! += sign * (cells.values[at + measure] as number);
    }
    this.changed.add(this.#keyOf[slot] as string);
  }

  #count(slot: number, sign: 1 | -1, inside: boolean): void {
    if (inside) this.#inside[slot]! += sign;
    this.#cells[slot]! += sign;
    if (this.#cells[slot] === 0) this.#forget(slot);
  }

  #slot(key: string): number {
    let slot = this.#slotOf.get(key);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#keyOf.length;
      this.#keyOf[slot] = key;
      this.#slotOf.set(key, slot);
      if (slot >= this.#cells.length) this.#grow();
    }
    return slot;
  }

  #forget(slot: number): void {
    const key = this.#keyOf[slot] as string;
    this.#slotOf.delete(key);
    this.#keyOf[slot] = '';
    this.#sums.fill(0, slot * this.width, (slot + 1) * this.width);
    this.#free.push(slot);
    this.onForget(key);
  }

  #grow(): void {
    const length = this.#cells.length * 2;
    const wider = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#cells = wider(this.#cells, new Uint32Array(length));
    this.#inside = wider(this.#inside, new Uint32Array(length));
    this.#sums = wider(this.#sums, new Float64Array(length * this.width));
  }
}
