/**
 * The last N order ids of a topic-partition by their 64-bit hashes: a ring in order of arrival and a hash table over it.
 * Packed: u8 version, then 8 bytes a hash, oldest first.
 */
import { AppError } from '../../protocol/errors.ts';

const VERSION = 1;
const SMALLEST = 64;

export class RememberedOrders {
  readonly #capacity: number;
  /** Low and high word of each hash, at the place of its turn modulo the length. */
  #ring = new Uint32Array(SMALLEST * 2);
  /** Place in the ring plus one, 0 where free; at most half full. */
  #slots = new Int32Array(SMALLEST * 2);
  #oldest = 0;
  #count = 0;

  constructor(capacity: number, packed: Uint8Array | null) {
    this.#capacity = capacity;
    if (packed) this.#read(packed);
  }

  /** Remembers an order; answers false when it was remembered already. */
  add(low: number, high: number): boolean {
    if (this.#slots[this.#slot(low, high)] !== 0) return false;
    if (this.#count === this.#capacity) this.#forgetOldest();
    else if (this.#count === this.#places) this.#grow();
    const place = (this.#oldest + this.#count++) % this.#places;
    this.#ring[place * 2] = low;
    this.#ring[place * 2 + 1] = high;
    this.#slots[this.#slot(low, high)] = place + 1;
    return true;
  }

  pack(): Uint8Array {
    const bytes = new Uint8Array(1 + this.#count * 8);
    const view = new DataView(bytes.buffer);
    bytes[0] = VERSION;
    for (let turn = 0; turn < this.#count; turn++) {
      const place = (this.#oldest + turn) % this.#places;
      view.setUint32(1 + turn * 8, this.#ring[place * 2] as number, true);
      view.setUint32(5 + turn * 8, this.#ring[place * 2 + 1] as number, true);
    }
    return bytes;
  }

  get #places(): number {
    return this.#ring.length >> 1;
  }

  #read(packed: Uint8Array): void {
    if (packed[0] !== VERSION || packed.length % 8 !== 1)
      throw new AppError('data-mismatch', 'Cannot read the remembered order ids as their bytes have another form');
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let at = 1; at < packed.length; at += 8) this.add(view.getUint32(at, true), view.getUint32(at + 4, true));
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slot(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let slot = home(low, high, mask);
    for (let held = this.#slots[slot] as number; held !== 0; held = this.#slots[slot] as number) {
      const at = (held - 1) * 2;
      if (this.#ring[at] === low && this.#ring[at + 1] === high) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #forgetOldest(): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const at = this.#oldest * 2;
    let gap = this.#slot(this.#ring[at] as number, this.#ring[at + 1] as number);
    // Closes the gap, so that no later hash is cut off from its home.
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const held = ((slots[slot] as number) - 1) * 2;
      const wanted = home(this.#ring[held] as number, this.#ring[held + 1] as number, mask);
      if (((slot - wanted) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = slots[slot] as number;
      gap = slot;
    }
    slots[gap] = 0;
    this.#oldest = (this.#oldest + 1) % this.#places;
    this.#count--;
  }

  #grow(): void {
    const places = Math.min(this.#places * 2, Math.max(this.#capacity, SMALLEST));
    // The ring has never turned yet: it only does once it holds all it may.
    const ring = new Uint32Array(places * 2);
    ring.set(this.#ring);
    this.#ring = ring;
    let slots = this.#slots.length;
    while (slots < places * 2) slots *= 2;
    this.#slots = new Int32Array(slots);
    for (let place = 0; place < this.#count; place++)
      this.#slots[this.#slot(ring[place * 2] as number, ring[place * 2 + 1] as number)] = place + 1;
  }
}

function home(low: number, high: number, mask: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) & mask;
}
