/** One incarnation of a child, worker or supervisor, as whoever started it sees it. */

import type { Child, Supervisor } from './child-spec.ts';
import type { ControlLine } from './control.ts';
import type { Exit } from './exit.ts';
import type { HandledMessage } from './recent.ts';
import type { NodeStatus } from './status.ts';

export type RunPhase = 'starting' | 'running' | 'draining' | 'unresponsive' | 'ended';

/** What a status knows of an incarnation by looking at it. */
export type Measures = Pick<
  NodeStatus,
  | 'budget'
  | 'depth'
  | 'bytes'
  | 'oldestMs'
  | 'handled'
  | 'handlingMs'
  | 'handleP99Ms'
  | 'rate'
  | 'busy'
  | 'heapBytes'
  | 'externalBytes'
  | 'waiting'
  | 'children'
>;

export const NO_MEASURES: Measures = {
  budget: null,
  depth: 0,
  bytes: 0,
  oldestMs: 0,
  handled: 0,
  handlingMs: 0,
  handleP99Ms: null,
  rate: 0,
  busy: 0,
  heapBytes: 0,
  externalBytes: 0,
  waiting: null,
  children: [],
};

/** A child that is up: its epoch, or null when it declined to start; and what it said about itself, if anything. */
export type Started = { readonly epoch: number | null; readonly info?: unknown };

/** How a start that someone waits for went. */
export type FirstStart = (outcome: Started | { readonly error: Error }) => void;

export interface Run {
  readonly epoch: number;
  readonly phase: RunPhase;
  start(): void;
  /** In order and within its time limit; `down` follows. `drained`: asked over its control port to drain first. */
  stop(drained?: boolean): void;
  /** At once; `down` follows, for a thread that does not end after a short patience. */
  kill(detail: string): void;
  /** To its control interface; undefined where there is none: a supervisor is spoken to in person. */
  readonly line: ControlLine | undefined;
  measure(): Measures;
  /** What it has handled last, newest first; of a former incarnation still. */
  messages(): readonly HandledMessage[];
  /** False when there is nobody to hear it. */
  tell(body: unknown): boolean;
  /** What its owner has left for it is another now. */
  note(note: unknown): void;
  /** A child at run time; false when this is no supervisor that can take one. */
  add(spec: Child, done: FirstStart): boolean;
  /** Another spec at run time; false when this is no supervisor that can take one. */
  change(spec: Supervisor): boolean;
  /** Its last word was said and its place is taken: leaves the tree's books. */
  discard(): void;
}

/**
 * `up` at most once, `down` exactly once and last; neither within a call of the run's own methods. `worn`: it should be
 * replaced in order, though it has not failed.
 */
export type RunEvents = { up(info?: unknown): void; down(exit: Exit): void; worn(): void };
