/** The tree as plain data: what a console shows. Read from memory; no actor is asked. */

import type { RestartType, Strategy } from './child-spec.ts';
import type { LastExit } from './history.ts';

export type ActorState =
  | 'starting'
  | 'running'
  /** Running, and waiting for something outside with a deadline. */
  | 'waiting'
  /** Going down or waiting its turn in order to come up again. */
  | 'restarting'
  | 'backing-off'
  | 'draining'
  /** Hung, and being terminated. */
  | 'unresponsive'
  | 'stopped'
  | 'failed';

export type NodeStatus = {
  readonly id: string;
  readonly type: 'worker' | 'supervisor';
  readonly strategy: Strategy | null;
  readonly state: ActorState;
  readonly epoch: number;
  readonly restarts: number;
  /** Of a supervisor: restarts spent within its period. */
  readonly budget: { readonly max: number; readonly periodMs: number; readonly used: number } | null;
  /** Messages waiting, their bytes, and the age of the oldest. */
  readonly depth: number;
  readonly bytes: number;
  readonly oldestMs: number;
  /** Messages handled: in all by this incarnation, and a second. */
  readonly handled: number;
  readonly rate: number;
  /** How long its oldest handler has been in work; 0 when none is. */
  readonly handlingMs: number;
  /** What 99 of 100 handlers of the last minute stayed below; null where none has ended. */
  readonly handleP99Ms: number | null;
  /** Share of the time at work, 0 to 1. */
  readonly busy: number;
  readonly heapBytes: number;
  /** Outside the heap: buffers. */
  readonly externalBytes: number;
  /** Of a worker: how long its loop may stand still, and a handler take; 0 is for ever. */
  readonly limits: { readonly heartbeatMs: number; readonly progressMs: number } | null;
  readonly waiting: { readonly what: string; readonly deadline: number } | null;
  readonly lastExit: LastExit | null;
  readonly nextRetryAt: number | null;
  readonly startedAt: number | null;
  readonly restart: RestartType;
  /** Whether it takes commands: every worker does, a supervisor only where its spec says so. */
  readonly commandable: boolean;
  readonly children: readonly NodeStatus[];
};

/** The root, with what counts for the whole tree. */
export type TreeStatus = NodeStatus & {
  readonly at: number;
  /** Terminated threads that have not ended. */
  readonly zombies: number;
  readonly zombiesEver: number;
  /** Messages of former incarnations, and such as no child sends. */
  readonly dropped: number;
  /** Attempts of former incarnations that were refused: messages, messages on old links, commits and appends. */
  readonly fenced: number;
};
