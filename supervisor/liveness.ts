/**
 * Whether an actor's loop still turns, judged from the signs of life that can be seen without asking it: its beat, and
 * that its loop has waited for something to do. Only in doubt is it asked. Pure: the supervisor's tick brings what it
 * saw and how long it was away itself.
 */

/**
 * A tick that comes more than half an interval late says that this machine, or this thread, had no time: what the
 * actor did meanwhile proves nothing, so the interval does not count against it.
 */
const LATE_FACTOR = 1.5;

export function isLate(sinceTickMs: number, tickMs: number): boolean {
  return sinceTickMs > tickMs * LATE_FACTOR;
}

/** From this share of its limit on a silent actor is asked: late enough to be rare, early enough for an answer. */
const DOUBT_SHARE = 0.2;

/** `ask` comes once in a silence. */
export type Condition = 'well' | 'ask' | 'hung';

export class Liveness {
  readonly #limitMs: number;
  readonly #tickMs: number;
  readonly #seesRest: boolean;
  #sign: number;
  #silentMs = 0;
  #asked = false;

  /**
   * `sign` is any number that changes with every sign of life; `seesRest` says whether one that rests gives any. If
   * not, its silence proves nothing before it was asked.
   */
  constructor(
    options: { readonly limitMs: number; readonly tickMs: number; readonly seesRest: boolean },
    sign: number,
  ) {
    this.#limitMs = options.limitMs;
    this.#tickMs = options.tickMs;
    this.#seesRest = options.seesRest;
    this.#sign = sign;
  }

  /** Time without a sign of life, as far as it counts. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** `patience`: how many times its limit the actor may be silent. */
  look(sign: number, sinceTickMs: number, patience = 1): Condition {
    if (sign !== this.#sign) {
      this.#sign = sign;
      this.#silentMs = 0;
      this.#asked = false;
    } else if (!isLate(sinceTickMs, this.#tickMs)) {
      this.#silentMs += sinceTickMs;
    }
    if (this.#limitMs === 0) return 'well';
    if (this.#silentMs >= this.#limitMs * patience) return 'hung';
    if (this.#asked || this.#silentMs < this.#limitMs * DOUBT_SHARE) return 'well';
    this.#asked = true;
    if (!this.#seesRest) this.#silentMs = 0;
    return 'ask';
  }
}
