/** Time limits that a supervisor sets itself and may be late for. */

import type { Clock, Timer } from './clock.ts';

/** Longest that a timer may be late before its lateness is taken for a blocked main thread. */
const LATE_MS = 100;
/** Time for the messages that came in meanwhile to be seen, before the limit is held against anyone. */
const GRACE_MS = 50;

/**
 * One limit at a time. When the main thread itself was blocked past it, the answer may be waiting in the queue behind
 * the timer: it gets a moment more.
 */
export class Deadline {
  readonly #clock: Clock;
  #timer: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(ms: number, passed: () => void): void {
    const due = this.#clock.monotonic() + ms;
    this.#wait(ms, () => {
      if (this.#clock.monotonic() - due > LATE_MS) this.#wait(GRACE_MS, passed);
      else passed();
    });
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number, then: () => void): void {
    this.clear();
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      then();
    }, ms);
  }
}
