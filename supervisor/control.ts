/**
 * The supervisor's side of an actor's control interface. Comlink never settles a call to a thread that has ended, knows
 * no deadline and never closes a port; here every call has its deadline, and ends at the latest with the incarnation.
 */

import type { MessagePort } from 'node:worker_threads';
import { type Remote, wrap } from 'comlink';
import { AppError, toWireError } from '../protocol/errors.ts';
import type { FaultKind } from '../protocol/fault.ts';
import type { Clock, Timer } from './clock.ts';
import { type ControlApi, type ControlOutcome, resultOf, supervisorEnd } from './control-port.ts';
import type { Acceptance } from './tree.ts';
import type { Peer } from './wire.ts';

/** Long enough for the first call, for which the actor loads comlink, on a busy machine. */
const DEADLINE_MS = 2_000;
/** For what an actor has answered before its end: its port closes behind that, but where it was left behind. */
const LAST_ANSWER_MS = 100;

/** What any actor says of itself; `own` is what this kind of actor adds. */
export type Inspection<Own = unknown> = {
  readonly id: string;
  readonly epoch: number;
  readonly up_ms: number;
  readonly heap_bytes: number;
  readonly external_bytes: number;
  readonly links: readonly { readonly name: string; readonly peer: string; readonly epoch: number }[];
  /** What `configure` may change, as it is now. */
  readonly settings: Settings;
  readonly own: Own;
};

export type Settings = Readonly<Record<string, unknown>>;

/** One incarnation's port. */
export class ControlLine {
  readonly #peer: Peer;
  readonly #port: MessagePort;
  readonly #clock: Clock;
  /** Held here: a proxy that is collected takes its calls with it. */
  readonly #remote: Remote<ControlApi>;
  readonly #pending = new Set<() => void>();
  #ended = false;
  #closing: Timer;

  constructor(peer: Peer, port: MessagePort, clock: Clock) {
    this.#peer = peer;
    this.#port = port;
    this.#clock = clock;
    this.#remote = wrap<ControlApi>(supervisorEnd(port));
    port.on('close', () => this.#closed());
  }

  get pending(): number {
    return this.#pending.size;
  }

  call(
    what: string,
    send: (remote: Remote<ControlApi>) => Promise<ControlOutcome>,
    deadlineMs: number,
  ): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#gone(what));
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void) => {
        this.#clock.clearTimeout(timer);
        if (this.#pending.delete(end)) outcome();
      };
      const end = () => settle(() => reject(this.#gone(what)));
      const timer = this.#clock.setTimeout(() => settle(() => reject(this.#late(what, deadlineMs))), deadlineMs);
      this.#pending.add(end);
      send(this.#remote)
        .then(resultOf)
        .then(
          (value) => settle(() => resolve(value)),
          (thrown: unknown) => settle(() => reject(asAppError(thrown))),
        );
    });
  }

  /** The incarnation has ended. Its last answer may come after that is known, as it goes another way. */
  end(): void {
    this.#ended = true;
    if (this.#pending.size === 0) this.#port.close();
    else this.#closing = this.#clock.setTimeout(() => this.#port.close(), LAST_ANSWER_MS);
  }

  /** Nothing more can come. */
  #closed(): void {
    this.#ended = true;
    if (this.#closing !== undefined) this.#clock.clearTimeout(this.#closing);
    for (const end of [...this.#pending]) end();
  }

  #gone(what: string): AppError {
    const { id, epoch } = this.#peer;
    return new AppError('unavailable', `Cannot ${what} "${id}" as it has ended meanwhile: it was of epoch ${epoch}`);
  }

  #late(what: string, deadlineMs: number): AppError {
    const text = `Cannot ${what} "${this.#peer.id}" as it has not answered within ${deadlineMs} ms`;
    return new AppError('deadline-exceeded', text);
  }
}

/** The port of the incarnation that is there now. */
export type ControlCall = { readonly line: ControlLine; readonly epoch: number };

/** The tree, as a client needs it. All refuse where there is nobody who could answer. */
export type ControlDesk = {
  ask(what: string): Promise<ControlCall>;
  /** It stands among the events. */
  order(what: string): Promise<ControlCall>;
  drain(): Promise<Acceptance>;
};

/**
 * An actor's control interface, by its id: each call goes to the incarnation that is there at that moment.
 * @example const { own } = await tree.control<{ rate: number }>('generator').inspect();
 */
export class ControlClient<Own = unknown> {
  readonly #desk: ControlDesk;
  readonly #deadlineMs: number;

  constructor(desk: ControlDesk, deadlineMs = DEADLINE_MS) {
    this.#desk = desk;
    this.#deadlineMs = deadlineMs;
  }

  async inspect(): Promise<Inspection<Own>> {
    const { line } = await this.#desk.ask('inspect');
    return (await line.call('inspect', (remote) => remote.inspect(), this.#deadlineMs)) as Inspection<Own>;
  }

  /** All of them or, where one is refused, none. Answers all settings as they are then; they end with the incarnation. */
  async configure(settings: Settings): Promise<Settings> {
    const { line } = await this.#desk.order('configure');
    return (await line.call('configure', (remote) => remote.configure(settings), this.#deadlineMs)) as Settings;
  }

  /** Resolves when the actor has taken it on; it strikes right after that, or with the next handler. */
  async fault(kind: FaultKind): Promise<Acceptance> {
    const { line, epoch } = await this.#desk.order(`fault ${kind}`);
    await line.call(`fault ${kind}`, (remote) => remote.fault(kind), this.#deadlineMs);
    return { accepted: true, epoch };
  }

  /** Lets it finish what it has in hand and end; it stays down. Resolves when it is down, within its limit for stopping. */
  drain(): Promise<Acceptance> {
    return this.#desk.drain();
  }
}

/** Comlink's own refusals, such as that of an answer that cannot be cloned. */
function asAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('internal', toWireError(thrown).message, { cause: thrown });
}
