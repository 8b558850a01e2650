/**
 * Time as the supervisor sees it, handed in so that tests can own it. `now` is for people (it can jump when the
 * machine's time is set), `monotonic` is for every decision (it cannot).
 */

/** What `setTimeout` gave; only the clock that made it knows what it is. */
export type Timer = unknown;

export type Clock = {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since some fixed instant, never going back. */
  monotonic(): number;
  setTimeout(run: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
};

/**
 * The machine's own clock.
 * @example new SupervisorTree(spec, { clock: systemClock });
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};
