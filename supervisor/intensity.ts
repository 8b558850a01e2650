/**
 * How many restarts a supervisor may make within a period: OTP's rule, one counter for all its children. Pure: the
 * caller brings a monotonic time.
 */

export class RestartBudget {
  max: number;
  periodMs: number;
  #attempts: number[] = [];

  constructor(max: number, periodMs: number) {
    this.max = max;
    this.periodMs = periodMs;
  }

  /** Counts an attempt; false when it is one more than allowed, and the supervisor has to give up. */
  spend(now: number): boolean {
    this.#forget(now);
    this.#attempts.push(now);
    return this.#attempts.length <= this.max;
  }

  /** Gives back the attempt of that moment: it turned out to be none of the child's fault. */
  refund(at: number): void {
    const index = this.#attempts.indexOf(at);
    if (index >= 0) this.#attempts.splice(index, 1);
  }

  /** Another limit from now on; what was spent stays spent. */
  change(max: number, periodMs: number): void {
    this.max = max;
    this.periodMs = periodMs;
  }

  used(now: number): number {
    this.#forget(now);
    return this.#attempts.length;
  }

  /** An attempt exactly one period old still counts. */
  #forget(now: number): void {
    this.#attempts = this.#attempts.filter((at) => at >= now - this.periodMs);
  }
}
