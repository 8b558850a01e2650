/**
 * Whether an actor whose loop turns gets on with its work: a handler whose promise never settles, and a mailbox that
 * nothing is taken from, look alive to a heartbeat. Pure: the supervisor's tick brings what it saw.
 */

import { isLate } from './liveness.ts';

export type Seen = {
  /** Since when its oldest handler has been in work, by the actor's own clock; 0 = none is. */
  readonly handlingSince: number;
  /** How often it took messages, and how many steps its long works have made: any numbers that change with it. */
  readonly takes: number;
  readonly steps: number;
  readonly depth: number;
  /** It has said what it waits for, and that it may. */
  readonly excused: boolean;
};

/** How it does not get on, and for how long. */
export type Stall = { readonly kind: 'handler' | 'mailbox'; readonly ms: number };

export class Progress {
  readonly #limitMs: number;
  readonly #tickMs: number;
  #handlingSince = 0;
  #takes = 0;
  #steps = 0;
  #handlerMs = 0;
  #mailboxMs = 0;

  constructor(options: { readonly limitMs: number; readonly tickMs: number }) {
    this.#limitMs = options.limitMs;
    this.#tickMs = options.tickMs;
  }

  /**
   * Only time that was seen to pass counts, in ticks that came in time: the machine may have slept, or been busy, and
   * two clocks need not agree. `patience`: how many times its limit the actor may take.
   */
  look(seen: Seen, sinceTickMs: number, patience = 1): Stall | undefined {
    const counted = seen.excused || isLate(sinceTickMs, this.#tickMs) ? 0 : sinceTickMs;
    const stood = seen.steps === this.#steps;
    const sameHandler = stood && seen.handlingSince !== 0 && seen.handlingSince === this.#handlingSince;
    const sameMailbox = stood && seen.depth > 0 && seen.takes === this.#takes;
    this.#handlerMs = sameHandler ? this.#handlerMs + counted : 0;
    this.#mailboxMs = sameMailbox ? this.#mailboxMs + counted : 0;
    this.#handlingSince = seen.handlingSince;
    this.#takes = seen.takes;
    this.#steps = seen.steps;
    const limitMs = this.#limitMs * patience;
    if (limitMs === 0) return undefined;
    if (this.#handlerMs >= limitMs) return { kind: 'handler', ms: this.#handlerMs };
    return this.#mailboxMs >= limitMs ? { kind: 'mailbox', ms: this.#mailboxMs } : undefined;
  }
}
