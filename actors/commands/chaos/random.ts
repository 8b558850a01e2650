/** Seeded randomness (mulberry32): the same seed gives the same numbers on every runtime. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Of a list that is not empty. */
  pick<Item>(list: readonly Item[]): Item {
    return list[Math.floor(this.next() * list.length)] as Item;
  }

  shuffled<Item>(list: readonly Item[]): Item[] {
    const out = [...list];
    for (let last = out.length - 1; last > 0; last--) {
      const other = Math.floor(this.next() * (last + 1));
      [out[last], out[other]] = [out[other] as Item, out[last] as Item];
    }
    return out;
  }
}
