/**
 * Whether an actor's loop still turns, judged from the signs of life that can be seen without asking it. Pure: the
 * supervisor's tick brings what it saw and how long it was away itself.
 */

/**
 * A tick that comes more than half an interval late says that this machine, or this thread, had no time: what the
 * actor did meanwhile proves nothing, so the interval does not count against it.
 */
const LATE_FACTOR = 1.5;

/** From this share of its limit on a silent actor is looked at more closely: late enough to be rare. */
const DOUBT_SHARE = 0.3;

export class Liveness {
  readonly #limitMs: number;
  readonly #tickMs: number;
  #beat: number;
  #idleMs: number | undefined;
  #silentMs = 0;

  constructor(limitMs: number, tickMs: number, beat: number) {
    this.#limitMs = limitMs;
    this.#tickMs = tickMs;
    this.#beat = beat;
  }

  /** Time without a sign of life, as far as it counts. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /**
   * True when the actor has been silent for its limit, or so many times its limit. Whether its loop has waited since
   * is costly to see, so it is looked at only when beats are missing.
   */
  isHung(beat: number, sinceTickMs: number, idleMs: () => number, patience = 1): boolean {
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#silentMs = 0;
      this.#idleMs = undefined;
      return false;
    }
    if (sinceTickMs <= this.#tickMs * LATE_FACTOR) this.#silentMs += sinceTickMs;
    if (this.#silentMs >= this.#limitMs * DOUBT_SHARE) this.#lookForRest(idleMs());
    return this.#limitMs > 0 && this.#silentMs >= this.#limitMs * patience;
  }

  /** A loop that has waited since the last look has turned, and what came before that look is forgiven. */
  #lookForRest(idleMs: number): void {
    if (this.#idleMs !== undefined && idleMs > this.#idleMs) this.#silentMs = 0;
    this.#idleMs = idleMs;
  }
}
