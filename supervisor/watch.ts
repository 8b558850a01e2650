/** What a supervisor sees of one incarnation by looking: whether its loop turns, how much it does, how busy it is. */

import { Gauges } from './gauges.ts';
import { type Condition, Liveness } from './liveness.ts';
import type { BlockReader } from './shared-block.ts';
import type { Thread } from './spawn.ts';

export type WatchOptions = { readonly limitMs: number; readonly tickMs: number; readonly now: number };

export class Watch {
  readonly #block: BlockReader;
  readonly #thread: Pick<Thread, 'idleMs'>;
  readonly #tickMs: number;
  readonly #liveness: Liveness;
  readonly #gauges: Gauges;

  constructor(block: BlockReader, thread: Pick<Thread, 'idleMs'>, { limitMs, tickMs, now }: WatchOptions) {
    const idleMs = thread.idleMs();
    this.#block = block;
    this.#thread = thread;
    this.#tickMs = tickMs;
    this.#liveness = new Liveness({ limitMs, tickMs, seesRest: idleMs !== undefined }, block.beat + (idleMs ?? 0));
    this.#gauges = new Gauges(now, block.handled, idleMs === undefined ? block.busyMs : now - idleMs);
  }

  get silentMs(): number {
    return this.#liveness.silentMs;
  }

  get rate(): number {
    return this.#gauges.rate;
  }

  get busy(): number {
    return this.#gauges.busy;
  }

  look(now: number, sinceTickMs: number, patience: number): Condition {
    const idleMs = this.#thread.idleMs();
    const condition = this.#liveness.look(this.#block.beat + (idleMs ?? 0), sinceTickMs, patience);
    this.#gauges.sample(now, this.#block.handled, idleMs === undefined ? this.#countedMs() : now - idleMs);
    return condition;
  }

  /** Where its rest cannot be seen, an actor counts its own work; one that is blocked cannot, but is at work. */
  #countedMs(): number {
    return this.#block.busyMs + Math.max(0, this.#liveness.silentMs - 2 * this.#tickMs);
  }
}
