/** What all parts of one tree share: time, chance, threads, links, and the books that outlive an incarnation. */

import type { Child, Supervisor } from './child-spec.ts';
import type { Clock } from './clock.ts';
import type { ControlLine } from './control.ts';
import type { EventHistory } from './events.ts';
import type { Fences } from './fences.ts';
import type { Histories } from './history.ts';
import type { LinkBook } from './links.ts';
import type { HandledMessage } from './recent.ts';
import type { FirstStart, Run, RunEvents } from './run.ts';
import type { Spawner } from './spawn.ts';
import type { NodeStatus } from './status.ts';

/** What the tick looks at. */
export interface Ticking {
  tick(now: number, sinceTickMs: number): void;
}

export type Standing = number | null | 'restarting';

/** A child by its id, as the tree commands it. All but `status` throw `conflict` where the state forbids it. */
export interface ChildHandle {
  readonly spec: Child;
  /** The supervisor above it; the root has none. */
  readonly parent: Supervisor | undefined;
  /** As OTP's which_children tells: its epoch, null when it is down, `restarting` when it is to come back. */
  readonly standing: Standing;
  readonly epoch: number;
  status(): NodeStatus;
  messages(): readonly HandledMessage[];
  tell(body: unknown): boolean;
  /** For this incarnation and all that follow. */
  note(note: unknown): void;
  restart(): void;
  kill(): void;
  start(): void;
  /** `stopped` is called when it is down, and with whether it went in order. */
  stop(stopped: (orderly: boolean) => void, drained?: boolean): void;
  /** Of the incarnation that is up; `what` is for the refusal. */
  line(what: string): ControlLine;
  remove(): void;
  add(spec: Child, done: FirstStart): void;
  /** Starts it again and tells how that went; a start that fails leaves it down. */
  startAgain(done: FirstStart): void;
  /** Of a supervisor: another spec, from now on. */
  change(spec: Supervisor): void;
}

export type TreeContext = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly spawner: Spawner;
  readonly events: EventHistory;
  readonly histories: Histories;
  readonly links: LinkBook;
  /** Every child of the tree by id, those of supervisors that are down included. */
  readonly handles: Map<string, ChildHandle>;
  readonly live: Set<Ticking>;
  readonly tickMs: number;
  readonly fences: Fences;
  readonly counts: { dropped: number; zombies: number; zombiesEver: number };
  createRun(spec: Child, epoch: number, events: RunEvents): Run;
  /** Runs one turn after another, never one inside the other: so no state changes under a function's feet. */
  turn(run: () => void): void;
  told(id: string, epoch: number, body: unknown): void;
};
