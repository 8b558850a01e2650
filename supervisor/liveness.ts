/**
 * Whether an actor's loop still turns, judged from its beat alone. Pure: the supervisor's tick brings what it saw and
 * how long it was away itself.
 */

/**
 * A tick that comes more than half an interval late says that this machine, or this thread, had no time: what the
 * actor did meanwhile proves nothing, so the interval does not count against it.
 */
const LATE_FACTOR = 1.5;

export class Liveness {
  readonly #limitMs: number;
  readonly #tickMs: number;
  #beat: number;
  #silentMs = 0;

  constructor(limitMs: number, tickMs: number, beat: number) {
    this.#limitMs = limitMs;
    this.#tickMs = tickMs;
    this.#beat = beat;
  }

  /** Time without a beat, as far as it counts. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** True when the actor has been silent for its limit, or so many times its limit. */
  isHung(beat: number, sinceTickMs: number, patience = 1): boolean {
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#silentMs = 0;
    } else if (sinceTickMs <= this.#tickMs * LATE_FACTOR) {
      this.#silentMs += sinceTickMs;
    }
    return this.#limitMs > 0 && this.#silentMs >= this.#limitMs * patience;
  }
}
