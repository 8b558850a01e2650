/** Ordered faults, as they strike inside the actor. Those that take the loop do so after the order was answered. */

import { assertNever } from '../protocol/errors.ts';
import type { Death, FaultKind } from '../protocol/fault.ts';

/** A handler that comes within this takes the fault; an actor with nothing to do takes it in a turn of its own. */
const IDLE_MS = 100;
const SLOW_BY_MS = 200;
const SLOW_FOR_MS = 10_000;
/** Up to 400 MB a second, in steps short enough for the loop to turn: only the memory gives it away. */
const GROW_EVERY_MS = 10;
const GROW_ENTRIES = 16;
/** A quarter of a megabyte: large enough for V8 never to copy it, which would take all the time. */
const GROW_NUMBERS = 32_768;

export type Faulty = {
  /** Runs in a handler of its own. */
  handle(work: () => void, type: string): unknown;
  alive(): void;
  dropLinks(): void;
  /** At this moment, so that whoever measures the recovery knows where it begins. */
  struck(kind: FaultKind): void;
};

export class Faults {
  readonly #actor: Faulty;
  #next: 'crash' | 'stall' | undefined;
  #struck = false;
  #slowUntil = Number.NEGATIVE_INFINITY;
  #sleptThisTurn = false;

  constructor(actor: Faulty) {
    this.#actor = actor;
  }

  order(kind: FaultKind): void {
    switch (kind) {
      case 'crash':
      case 'stall':
        this.#next = kind;
        setTimeout(() => this.#actor.handle(() => {}, kind), IDLE_MS);
        break;
      case 'slow':
        this.#slowUntil = performance.now() + SLOW_FOR_MS;
        this.#actor.struck(kind);
        break;
      case 'hang':
        this.#afterAnswer(kind, loop);
        break;
      case 'block':
        this.#afterAnswer(kind, () => sleep(Number.POSITIVE_INFINITY));
        break;
      case 'oom':
        this.#afterAnswer(kind, () => grow(new Map()));
        break;
      case 'drop-link':
        this.#afterAnswer(kind, () => this.#actor.dropLinks());
        break;
      default:
        assertNever(kind);
    }
  }

  /**
   * At the beginning of every handler: throws, or answers what the handler is to wait for. A stall holds whatever comes
   * after it too, as no message may overtake the one that is stuck; slowness blocks the thread for the same reason.
   */
  strike(): Promise<never> | undefined {
    if (this.#next !== undefined) return this.#strikeHandler(this.#next);
    if (performance.now() < this.#slowUntil && !this.#sleptThisTurn) this.#sleep();
    return undefined;
  }

  #strikeHandler(kind: 'crash' | 'stall'): Promise<never> {
    if (!this.#struck) this.#actor.struck(kind);
    this.#struck = true;
    if (kind === 'crash') throw new OrderedCrash();
    return new Promise(() => {});
  }

  #afterAnswer(kind: FaultKind, strike: () => void): void {
    setImmediate(() => {
      this.#actor.struck(kind);
      strike();
    });
  }

  /** Once a turn of the loop: small messages that came together count as one batch, and what waits for a turn gets it. */
  #sleep(): void {
    this.#sleptThisTurn = true;
    setImmediate(() => {
      this.#sleptThisTurn = false;
    });
    sleep(SLOW_BY_MS);
    this.#actor.alive();
  }
}

class OrderedCrash extends Error {
  constructor() {
    super('a crash was ordered');
    this.name = 'OrderedCrash';
  }
}

function loop(): never {
  for (;;);
}

/** Blocks this thread. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function grow(held: Map<number, readonly number[]>): void {
  for (let i = 0; i < GROW_ENTRIES; i++) held.set(held.size, new Array(GROW_NUMBERS).fill(held.size));
  setTimeout(() => grow(held), GROW_EVERY_MS);
}

/** Strikes in the handler that waits for it. */
export async function die(death: Death): Promise<never> {
  switch (death) {
    case 'crash':
      throw new OrderedCrash();
    case 'hang':
      return loop();
    case 'block':
      sleep(Number.POSITIVE_INFINITY);
      break;
    case 'oom':
      grow(new Map());
      break;
    case 'stall':
      break;
    default:
      assertNever(death);
  }
  return new Promise(() => {});
}
