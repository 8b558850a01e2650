/** What happened in a tree, as data: a ring of the last thousand events and whoever listens. */

import type { Child } from './child-spec.ts';
import type { Clock } from './clock.ts';
import type { ExitReason } from './exit.ts';

/** Enough for the story of a bad hour, at about 200 bytes each. */
const KEPT_EVENTS = 1_000;

export type SupervisorEventKind =
  | 'starting'
  | 'running'
  | 'start-failed'
  | 'exited'
  | 'hung'
  | 'memory'
  | 'poison'
  | 'terminated'
  | 'zombie'
  | 'zombie-ended'
  | 'backing-off'
  | 'group-restart'
  | 'gave-up'
  | 'auto-shutdown'
  | 'stopping'
  | 'shutdown-error'
  | 'command'
  /** An ordered fault takes effect. */
  | 'struck'
  /** A link between two living actors was lost, and is laid again. */
  | 'relinked'
  | 'added'
  | 'changed'
  | 'deleted'
  | 'dropped';

/** OTP's progress and supervisor reports, on the events that stand for them. */
export type Report = {
  readonly context: 'progress' | 'start-error' | 'child-terminated' | 'shutdown-error' | 'shutdown';
  readonly supervisor: string;
  /** Null of progress. */
  readonly reason: ExitReason | null;
  readonly child: Pick<Child, 'id' | 'type' | 'restart' | 'shutdownMs' | 'significant'> & { readonly epoch: number };
};

export type SupervisorEvent = {
  /** Rises by one. */
  readonly id: number;
  readonly at: number;
  readonly kind: SupervisorEventKind;
  readonly actor: string;
  readonly epoch: number;
  readonly text: string;
  readonly report?: Report;
};

export type Level = 'info' | 'warn' | 'error';
/** Where the supervisor's reports go: one line each, with the event as its fields. */
export type Log = (level: Level, text: string, event: SupervisorEvent) => void;

const LEVELS: Partial<Record<SupervisorEventKind, Level>> = {
  'start-failed': 'error',
  hung: 'error',
  memory: 'warn',
  poison: 'error',
  'gave-up': 'error',
  'auto-shutdown': 'warn',
  terminated: 'warn',
  zombie: 'warn',
  'backing-off': 'warn',
  'group-restart': 'warn',
  'shutdown-error': 'warn',
  relinked: 'warn',
  dropped: 'warn',
};

/** A listener's own error is its author's: it is thrown again in a task of its own, and disturbs nothing here. */
export function callListener(clock: Clock, listener: () => void): void {
  try {
    listener();
  } catch (error) {
    clock.setTimeout(() => {
      throw error;
    }, 0);
  }
}

export class EventHistory {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<(event: SupervisorEvent) => void>();
  #events: SupervisorEvent[] = [];
  #next: number;

  /** Ids go on after those of a former tree, where there was one. */
  constructor(clock: Clock, log: Log, lastId = 0) {
    this.#clock = clock;
    this.#log = log;
    this.#next = lastId + 1;
  }

  /** The last thousand, oldest first. */
  list(): readonly SupervisorEvent[] {
    return this.#events.slice(-KEPT_EVENTS);
  }

  listen(listener: (event: SupervisorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(
    kind: SupervisorEventKind,
    actor: string,
    epoch: number,
    text: string,
    more: { level?: Level; report?: Report | undefined } = {},
  ): void {
    const { level = LEVELS[kind] ?? 'info', report } = more;
    const base: SupervisorEvent = { id: this.#next++, at: this.#clock.now(), kind, actor, epoch, text };
    const event = report ? { ...base, report } : base;
    this.#events.push(event);
    if (this.#events.length >= 2 * KEPT_EVENTS) this.#events = this.#events.slice(-KEPT_EVENTS);
    callListener(this.#clock, () => this.#log(level, text, event));
    for (const listener of this.#listeners) callListener(this.#clock, () => listener(event));
  }
}
