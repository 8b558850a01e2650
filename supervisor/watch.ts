/** What a supervisor sees of one incarnation by looking: whether it lives and gets on, how much it does, how busy it is. */

import { DurationWindow } from './durations.ts';
import { Gauges } from './gauges.ts';
import { Liveness } from './liveness.ts';
import { Progress } from './progress.ts';
import type { BlockReader } from './shared-block.ts';
import type { Activity, Thread } from './spawn.ts';

export type WatchOptions = {
  readonly heartbeatMs: number;
  readonly progressMs: number;
  readonly tickMs: number;
  readonly now: number;
};

/** What kind of hang it is: a loop that does not turn, a handler that does not settle, a mailbox that stays full. */
export type Hang = { readonly kind: 'loop' | 'handler' | 'mailbox'; readonly ms: number };

export type Look = {
  readonly now: number;
  readonly sinceTickMs: number;
  /** How many times its limits the actor may take. */
  readonly patience: number;
  /** It has said what it waits for, and that it may. */
  readonly waits: boolean;
};

export class Watch {
  readonly #block: BlockReader;
  readonly #thread: Pick<Thread, 'idleMs'>;
  readonly #tickMs: number;
  readonly #liveness: Liveness;
  readonly #progress: Progress;
  readonly #gauges: Gauges;
  readonly #durations: DurationWindow;

  constructor(block: BlockReader, thread: Pick<Thread, 'idleMs'>, options: WatchOptions) {
    const { heartbeatMs, progressMs, tickMs, now } = options;
    const idleMs = thread.idleMs();
    const seesRest = idleMs !== undefined;
    this.#block = block;
    this.#thread = thread;
    this.#tickMs = tickMs;
    this.#liveness = new Liveness({ limitMs: heartbeatMs, tickMs, seesRest }, block.beat + (idleMs ?? 0));
    this.#progress = new Progress({ limitMs: progressMs, tickMs });
    this.#gauges = new Gauges(now, block.handled, idleMs === undefined ? block.busyMs : now - idleMs);
    this.#durations = new DurationWindow(block.durations, now);
  }

  get rate(): number {
    return this.#gauges.rate;
  }

  get busy(): number {
    return this.#gauges.busy;
  }

  /** What 99 of 100 handlers of the last minute stayed below; null where none has ended. */
  get handleP99Ms(): number | null {
    return this.#durations.quantile(0.99);
  }

  /** `ask` when it must be asked for a sign of life. */
  look({ now, sinceTickMs, patience, waits }: Look): 'well' | 'ask' | Hang {
    const { beat, handled, handlingSince, takes, steps, depth } = this.#block;
    const idleMs = this.#thread.idleMs();
    const condition = this.#liveness.look(beat + (idleMs ?? 0), sinceTickMs, patience);
    const seen = { handlingSince, takes, steps, depth, excused: waits };
    const stall = this.#progress.look(seen, sinceTickMs, patience);
    this.#gauges.sample(now, handled, idleMs === undefined ? this.#countedMs() : now - idleMs);
    this.#durations.sample(now);
    return condition === 'hung' ? { kind: 'loop', ms: this.#liveness.silentMs } : (stall ?? condition);
  }

  /** Where its rest cannot be seen, an actor counts its own work; one that is blocked cannot, but is at work. */
  #countedMs(): number {
    return this.#block.busyMs + Math.max(0, this.#liveness.silentMs - 2 * this.#tickMs);
  }
}

const ACTIVITIES = { runs: ', it runs without end', blocked: ', it is blocked' } as const;

/** `activity` is what its thread was doing just then, where the machine tells. */
export function describeHang({ kind, ms }: Hang, activity: Activity | '' | undefined): string {
  const span = `${Math.round(ms)} ms`;
  switch (kind) {
    case 'loop':
      return `its loop has not turned for ${span}${activity ? ACTIVITIES[activity] : ''}`;
    case 'handler':
      return `a handler has been in work for ${span}`;
    case 'mailbox':
      return `it has handled nothing for ${span} while messages are waiting`;
  }
}
