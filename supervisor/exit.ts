/** How an incarnation ended, as data. Pure. */

/** What is left of an error that crossed a thread. */
export type Failure = {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
};

export type ExitReason =
  /** Ended by itself, in order. */
  | 'normal'
  /** Asked by the supervisor, and ended in time. */
  | 'shutdown'
  /** Terminated by a command, or because it did not stop in time. */
  | 'killed'
  | 'crashed'
  | 'hung'
  /** Terminated, as it used more memory than it may. */
  | 'memory'
  /** V8 found its heap full. */
  | 'out-of-memory'
  | 'start-timeout'
  /** Supervisors: too many restarts, a child that cannot start, the end of significant children. */
  | 'gave-up'
  | 'failed-to-start'
  | 'auto-shutdown';

/** Where the actor stood when it died, from its shared block: the clue to an event that kills whoever handles it. */
export type Work = { readonly offset: number; readonly slot: number };

export type Exit = {
  readonly reason: ExitReason;
  /** One line for people. */
  readonly detail: string;
  /** Whether it had been running. */
  readonly started: boolean;
  /** It declined to start (OTP's ignore): the spec stays, nothing failed. */
  readonly ignored: boolean;
  readonly failure?: Failure;
  readonly work?: Work;
};

export type Ending = {
  readonly started: boolean;
  /** The supervisor had asked it to stop. */
  readonly asked: boolean;
  readonly bye: boolean;
  readonly code: number;
  readonly failure: Failure | undefined;
  /** Why the supervisor terminated it, if it did. */
  readonly terminated: { readonly reason: ExitReason; readonly detail: string } | undefined;
};

/** What the signs of a thread's end add up to. An orderly goodbye outweighs a terminate that came after it. */
export function classifyExit(ending: Ending): Exit {
  const base = { started: ending.started, ignored: false };
  const failure = ending.failure === undefined ? {} : { failure: ending.failure };
  if (ending.bye) {
    if (ending.asked) return { ...base, reason: 'shutdown', detail: 'stopped as asked' };
    return { ...base, ignored: !ending.started, reason: 'normal', detail: 'ended by itself' };
  }
  if (ending.terminated) return { ...base, ...ending.terminated, ...failure };
  if (ending.failure) {
    const reason = ending.failure.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out-of-memory' : 'crashed';
    return { ...base, ...failure, reason, detail: `${ending.failure.name}: ${ending.failure.message}` };
  }
  if (ending.code !== 0) return { ...base, reason: 'crashed', detail: `exit code ${ending.code}` };
  if (ending.asked) return { ...base, reason: 'shutdown', detail: 'stopped as asked' };
  return { ...base, reason: ending.started ? 'normal' : 'crashed', detail: 'exit code 0' };
}

/** Ends that a transient child does not come back from; a supervisor that gave up exits with `shutdown` in OTP. */
export function isOrderly(reason: ExitReason): boolean {
  return reason === 'normal' || reason === 'shutdown' || reason === 'gave-up' || reason === 'auto-shutdown';
}

/** Anything thrown, as data. Never throws, whatever the value's getters do. */
export function toFailure(thrown: unknown): Failure {
  try {
    if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: String(thrown) };
    const { name, message, stack, code } = thrown as Partial<Record<keyof Failure, unknown>>;
    return {
      name: typeof name === 'string' ? name : 'Error',
      message: typeof message === 'string' ? message : String(thrown),
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(typeof code === 'string' ? { code } : {}),
    };
  } catch {
    return { name: 'Error', message: 'an error that cannot be read' };
  }
}
