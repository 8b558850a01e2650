/** Rate and busy share of an actor, from what its shared block counts. Pure: the supervisor's tick feeds it. */

/** One second: short enough to look live, long enough that a rate of one message a second is not noise. */
const SAMPLE_MS = 1_000;

export class Gauges {
  #at: number;
  #handled: number;
  #busyMs: number;
  /** Messages a second. */
  rate = 0;
  /** Share of the time that the loop was at work, 0 to 1. */
  busy = 0;

  constructor(at: number, handled: number, busyMs: number) {
    this.#at = at;
    this.#handled = handled;
    this.#busyMs = busyMs;
  }

  /** `busyMs` counts from any beginning. */
  sample(at: number, handled: number, busyMs: number): void {
    const span = at - this.#at;
    if (span < SAMPLE_MS) return;
    this.rate = (((handled - this.#handled) >>> 0) * 1_000) / span;
    this.busy = Math.min(1, Math.max(0, (busyMs - this.#busyMs) / span));
    this.#at = at;
    this.#handled = handled;
    this.#busyMs = busyMs;
  }
}
