/** Sums that stay exact beyond 2^53, at the cost of one comparison a number. */

const FLUSH_ABOVE = 2 ** 52;

export class ExactSum {
  #low = 0;
  #rest = 0n;

  /** A whole number from 0 to 2^52. */
  add(value: number): void {
    this.#low += value;
    if (this.#low < FLUSH_ABOVE) return;
    this.#rest += BigInt(this.#low);
    this.#low = 0;
  }

  get value(): bigint {
    return this.#rest + BigInt(this.#low);
  }
}
