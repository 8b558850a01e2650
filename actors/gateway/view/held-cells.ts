/** The cells of one cube in one window of one partition: a few numbers for each slot (a slot is a known key). */

export class HeldCells {
  readonly width: number;
  #rowOf = new Map<number, number>();
  #values: Float64Array;
  #free: number[] = [];
  #rows = 0;

  constructor(width: number) {
    this.width = width;
    this.#values = new Float64Array(width * 4);
  }

  get size(): number {
    return this.#rowOf.size;
  }

  slots(): MapIterator<number> {
    return this.#rowOf.keys();
  }

  has(slot: number): boolean {
    return this.#rowOf.has(slot);
  }

  /** Where the slot's numbers begin in `values`; the slot is added with zeros when it is new. */
  place(slot: number): number {
    let row = this.#rowOf.get(slot);
    if (row === undefined) {
      row = this.#free.pop() ?? this.#rows++;
      this.#rowOf.set(slot, row);
      this.#grow(row);
      this.#values.fill(0, row * this.width, (row + 1) * this.width);
    }
    return row * this.width;
  }

  /** Changes with `place`: do not keep it over a call of that. */
  get values(): Float64Array {
    return this.#values;
  }

  remove(slot: number): void {
    const row = this.#rowOf.get(slot);
    if (row === undefined) return;
    this.#rowOf.delete(slot);
    this.#free.push(row);
  }

  #grow(row: number): void {
    if ((row + 1) * this.width <= this.#values.length) return;
    const grown = new Float64Array(Math.max(this.#values.length * 2, (row + 1) * this.width));
    grown.set(this.#values);
    this.#values = grown;
  }
}
