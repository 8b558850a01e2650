/** The pause before a restart: none before the first, then full jitter. Pure: time and randomness come in. */

import type { BackoffSpec } from './child-spec.ts';

export class Backoff {
  #spec: BackoffSpec;
  #failures = 0;

  constructor(spec: BackoffSpec) {
    this.#spec = spec;
  }

  /** Other pauses from now on; what has failed so far stays known. */
  change(spec: BackoffSpec): void {
    this.#spec = spec;
  }

  /** Restarts in a row without a healthy time between them. */
  get failures(): number {
    return this.#failures;
  }

  /** The last failure turned out to be none of its own. */
  forgive(): void {
    this.#failures = Math.max(0, this.#failures - 1);
  }

  /**
   * The pause after an incarnation that was up for `upMs`. Jitter over the whole range keeps many children that fall
   * together from coming back together.
   */
  next(upMs: number, random: () => number): number {
    if (upMs >= this.#spec.healthyMs) this.#failures = 0;
    const failures = this.#failures++;
    if (failures === 0) return 0;
    const ceiling = Math.min(this.#spec.capMs, this.#spec.baseMs * 2 ** Math.min(failures - 1, 30));
    return Math.round(random() * ceiling);
  }
}
