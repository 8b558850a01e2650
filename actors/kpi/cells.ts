/**
 * The cells of one cube in one window: a hash table of 32-bit keys over columns of numbers. Looking a cell up and adding
 * to it allocates nothing. Which cells changed is remembered until `clearChanges`.
 */

const SMALLEST = 4;

export class CellTable {
  readonly width: number;
  #count = 0;
  #keys: Int32Array;
  /** Row by row, `width` numbers each. Replaced when the table grows: take it after `at`, not before. */
  values: Float64Array;
  /** Place of the cell plus one, 0 where free; at most half full. */
  #slots: Int32Array;
  #changedFlags: Uint8Array;
  #changed: Int32Array;
  #changedCount = 0;
  /** The last order counted in each cell, for what counts once an order. */
  #orders: Uint32Array | undefined;

  constructor(width: number) {
    this.width = width;
    this.#keys = new Int32Array(SMALLEST);
    this.values = new Float64Array(SMALLEST * width);
    this.#slots = new Int32Array(SMALLEST * 2);
    this.#changedFlags = new Uint8Array(SMALLEST);
    this.#changed = new Int32Array(SMALLEST);
  }

  get count(): number {
    return this.#count;
  }

  get changedCount(): number {
    return this.#changedCount;
  }

  key(cell: number): number {
    return this.#keys[cell] as number;
  }

  changed(place: number): number {
    return this.#changed[place] as number;
  }

  /** The cell of a key, -1 when there is none. */
  find(key: number): number {
    return (this.#slots[this.#slot(key)] as number) - 1;
  }

  /** The cell of a key, made of zeros where there is none; it counts as changed. */
  at(key: number): number {
    let cell = this.find(key);
    if (cell < 0) cell = this.#insert(key);
    this.touch(cell);
    return cell;
  }

  touch(cell: number): void {
    if (this.#changedFlags[cell]) return;
    this.#changedFlags[cell] = 1;
    this.#changed[this.#changedCount++] = cell;
  }

  /** Whether the cell sees this order for the first time; orders are numbered from 1. */
  firstOf(order: number, cell: number): boolean {
    this.#orders ??= new Uint32Array(this.#keys.length);
    if (this.#orders[cell] === order) return false;
    this.#orders[cell] = order;
    return true;
  }

  /** Makes the cell forget which order it saw. */
  forgetOrder(cell: number): void {
    if (this.#orders) this.#orders[cell] = 0;
  }

  clearChanges(): void {
    for (let place = 0; place < this.#changedCount; place++) this.#changedFlags[this.changed(place)] = 0;
    this.#changedCount = 0;
  }

  /** The slot that holds the key, or the free one where it belongs. */
  #slot(key: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = home(key, mask);
    for (let cell = slots[slot] as number; cell !== 0; cell = slots[slot] as number) {
      if (this.#keys[cell - 1] === key) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Makes room for this many cells at once. */
  reserve(cells: number): void {
    let capacity = this.#keys.length;
    while (capacity < cells) capacity *= 2;
    if (capacity > this.#keys.length) this.#resize(capacity);
  }

  #insert(key: number): number {
    if (this.#count === this.#keys.length) this.#resize(this.#count * 2);
    const cell = this.#count++;
    this.#slots[this.#slot(key)] = cell + 1;
    this.#keys[cell] = key;
    return cell;
  }

  #resize(capacity: number): void {
    const copy = <T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#keys = copy(this.#keys, new Int32Array(capacity));
    this.values = copy(this.values, new Float64Array(capacity * this.width));
    this.#changedFlags = copy(this.#changedFlags, new Uint8Array(capacity));
    this.#changed = copy(this.#changed, new Int32Array(capacity));
    if (this.#orders) this.#orders = copy(this.#orders, new Uint32Array(capacity));
    this.#slots = new Int32Array(capacity * 2);
    for (let cell = 0; cell < this.#count; cell++) this.#slots[this.#slot(this.key(cell))] = cell + 1;
  }
}

function home(key: number, mask: number): number {
  const mixed = Math.imul(key ^ (key >>> 15), 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) & mask;
}
