/**
 * A child's place in its supervisor: the spec, the incarnation that is up now, what was asked of it, and the pause
 * before its next start. The supervisor decides; the cell does and remembers.
 */

import { assertNever } from '../protocol/errors.ts';
import { Backoff } from './backoff.ts';
import type { Child, Supervisor } from './child-spec.ts';
import type { Timer } from './clock.ts';
import type { Standing, TreeContext } from './context.ts';
import type { Report } from './events.ts';
import { type Exit, type ExitReason, isOrderly } from './exit.ts';
import type { Past } from './history.ts';
import type { HandledMessage } from './recent.ts';
import { type FirstStart, NO_MEASURES, type Run } from './run.ts';
import type { ActorState, NodeStatus } from './status.ts';

/** Why a child goes down; undefined when nobody asked it to. */
export type Asked = 'stop' | 'restart' | 'group' | undefined;

/** The supervisor, as its cells see it. */
export interface CellOwner {
  /** None above the root. */
  readonly spec: Supervisor | undefined;
  /** False from the moment it begins to end. */
  readonly open: boolean;
  /** A group restart is still to start this child. */
  isDue(cell: Cell): boolean;
  up(cell: Cell, info: unknown): void;
  down(cell: Cell, exit: Exit): void;
  retryDue(cell: Cell): void;
}

const SHOWN_MESSAGES = 20;

export class Cell {
  #spec: Child;
  readonly #past: Past;
  readonly #tree: TreeContext;
  readonly #owner: CellOwner;
  readonly #backoff: Backoff;
  #run: Run | undefined;
  /** The one before, for the status of a supervisor's children while it is down. */
  #last: Run | undefined;
  #asked: Asked;
  #killed = false;
  #retry: { readonly timer: Timer; readonly at: number } | undefined;
  #startedAt = 0;
  #launchedAt = 0;
  #upAt: number | undefined;
  #everUp = false;
  #failed = false;
  #first: FirstStart | undefined;
  #isNew = false;
  #onDown: (() => void)[] = [];

  constructor(spec: Child, tree: TreeContext, owner: CellOwner) {
    this.#spec = spec;
    this.#tree = tree;
    this.#owner = owner;
    this.#backoff = new Backoff(spec.backoff);
    this.#past = tree.histories.of(spec.id);
  }

  get spec(): Child {
    return this.#spec;
  }

  get id(): string {
    return this.#spec.id;
  }

  get epoch(): number {
    return this.#past.epoch;
  }

  get run(): Run | undefined {
    return this.#run;
  }

  get running(): boolean {
    return this.#run?.phase === 'running';
  }

  get asked(): Asked {
    return this.#asked;
  }

  get backingOff(): boolean {
    return this.#retry !== undefined;
  }

  /** Was up at least once under this incarnation of its supervisor. */
  get everUp(): boolean {
    return this.#everUp;
  }

  /** Its end is an operator's doing. */
  get killed(): boolean {
    return this.#killed;
  }

  get temporary(): boolean {
    return this.#spec.restart === 'temporary';
  }

  launch(): void {
    const { clock, events, histories } = this.#tree;
    this.cancelRetry();
    this.#last?.discard();
    this.#asked = undefined;
    this.#killed = false;
    this.#failed = false;
    this.#upAt = undefined;
    this.#startedAt = clock.now();
    this.#launchedAt = clock.monotonic();
    const epoch = histories.nextEpoch(this.id);
    events.add('starting', this.id, epoch, `${this.id} starts, epoch ${epoch}`);
    const run: Run = this.#tree.createRun(this.#spec, epoch, {
      up: (info) => this.#up(info),
      down: (exit) => this.#down(exit),
      worn: () => this.#worn(),
    });
    this.#run = run;
    this.#last = run;
    run.start();
  }

  /** Asks it to go down in order; the reason decides what follows. The last asker wins. */
  ask(asked: Exclude<Asked, undefined>, drained = false): void {
    this.#asked = asked;
    this.#run?.stop(drained);
  }

  /** Terminates it. Nobody having asked, it counts as a failure, but says nothing about the child's health. */
  kill(detail: string): void {
    this.#killed = true;
    this.#run?.kill(detail);
  }

  /** Starts it after a pause that grows with its failures; at once where this one and the last were not its own. */
  retry(forgiven = false): void {
    const { clock, events, random } = this.#tree;
    const upMs = this.#upAt === undefined ? 0 : clock.monotonic() - this.#upAt;
    if (forgiven) this.#backoff.forgive();
    const pauseMs = this.#killed || forgiven ? 0 : this.#backoff.next(upMs, random);
    this.cancelRetry();
    if (pauseMs === 0) {
      this.#owner.retryDue(this);
      return;
    }
    const timer = clock.setTimeout(() => this.#tree.turn(() => this.#retryDue()), pauseMs);
    this.#retry = { timer, at: clock.now() + pauseMs };
    events.add('backing-off', this.id, this.epoch, `${this.id} backs off, next start in ${pauseMs} ms`);
  }

  /** Every incarnation is born with it; the one that is up is told. */
  note(note: unknown): void {
    this.#past.note = note;
    this.#run?.note(note);
  }

  cancelRetry(): void {
    if (this.#retry) this.#tree.clock.clearTimeout(this.#retry.timer);
    this.#retry = undefined;
  }

  /** From its next start on, and its pauses at once. */
  respec(spec: Child): void {
    this.#spec = spec;
    this.#backoff.change(spec.backoff);
  }

  get standing(): Standing {
    if (this.#run) return this.epoch;
    return this.backingOff || (this.#owner.isDue(this) && this.#past.starts > 0) ? 'restarting' : null;
  }

  report(context: Report['context'], reason: ExitReason | null): Report | undefined {
    const { id, epoch } = this;
    const { type, restart, shutdownMs, significant } = this.#spec;
    const supervisor = this.#owner.spec?.id;
    return supervisor === undefined
      ? undefined
      : { context, supervisor, reason, child: { id, epoch, type, restart, shutdownMs, significant } };
  }

  /** Down, until someone starts it. */
  settle(failed = false): void {
    this.cancelRetry();
    this.#failed = failed;
  }

  /** Called once, when the incarnation that is up now has gone, whatever follows. */
  onDown(down: () => void): void {
    this.#onDown.push(down);
  }

  /** Someone waits for it to be up, and is told once how that went; a new child that cannot start is none. */
  expect(first: FirstStart, isNew: boolean): void {
    this.#first = first;
    this.#isNew = isNew;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  get expected(): boolean {
    return this.#first !== undefined;
  }

  settleFirst(outcome: Parameters<FirstStart>[0]): void {
    const first = this.#first;
    this.#first = undefined;
    this.#isNew = false;
    first?.(outcome);
  }

  /** Its place goes: nothing is left behind in the tree's books. */
  discard(): void {
    this.cancelRetry();
    this.#last?.discard();
  }

  get state(): ActorState {
    if (!this.#run) {
      if (this.#retry) return 'backing-off';
      if (this.#owner.isDue(this)) return this.#past.starts === 0 ? 'starting' : 'restarting';
      return this.#failed ? 'failed' : 'stopped';
    }
    const { phase } = this.#run;
    switch (phase) {
      case 'starting':
      case 'unresponsive':
        return phase;
      case 'running':
        return this.#spec.type === 'worker' && this.#waits(this.#run) ? 'waiting' : 'running';
      case 'draining':
      case 'ended':
        return this.#asked === 'restart' || this.#asked === 'group' ? 'restarting' : 'draining';
      default:
        return assertNever(phase);
    }
  }

  status(): NodeStatus {
    const { epoch, starts, lastExit } = this.#past;
    return {
      id: this.id,
      type: this.#spec.type,
      strategy: this.#spec.type === 'supervisor' ? this.#spec.strategy : null,
      state: this.state,
      epoch,
      restarts: Math.max(0, starts - 1),
      ...(this.#last?.measure() ?? NO_MEASURES),
      lastExit,
      nextRetryAt: this.#retry?.at ?? null,
      startedAt: this.#run ? this.#startedAt : null,
      restart: this.spec.restart,
      limits: limitsOf(this.spec),
      commandable: this.spec.type === 'worker' || this.spec.restartable,
    };
  }

  /** What it has handled last, newest first; behind that what its former incarnation had, and all that this died of. */
  messages(): HandledMessage[] {
    const own = this.#run?.messages() ?? [];
    const former = this.#past.messages.filter(({ ms }, index) => ms === null || own.length + index < SHOWN_MESSAGES);
    return [...own, ...former];
  }

  /** One that has waited longer than it said it would is not excused any more. */
  #waits(run: Run): boolean {
    return (run.measure().waiting?.deadline ?? 0) > this.#tree.clock.now();
  }

  #up(info: unknown): void {
    const { clock, events } = this.#tree;
    this.#upAt = clock.monotonic();
    this.#everUp = true;
    const tookMs = Math.round(this.#upAt - this.#launchedAt);
    events.add('running', this.id, this.epoch, `${this.id} runs after ${tookMs} ms`, {
      report: this.report('progress', null),
    });
    this.#owner.up(this, info);
  }

  /** As if somebody had commanded it; whoever has asked for something already is obeyed instead. */
  #worn(): void {
    if (this.#owner.open && this.#asked === undefined) this.ask('restart');
  }

  #down(exit: Exit): void {
    const messages = this.#run?.messages() ?? [];
    if (messages.length > 0) this.#past.messages = messages;
    this.#run = undefined;
    const { reason, detail, failure = null, work = null } = exit;
    this.#past.lastExit = { reason, detail, at: this.#tree.clock.now(), failure, work };
    const expected = this.#asked !== undefined || reason === 'normal' || reason === 'shutdown';
    const text = `${this.id} has ended (${reason}): ${detail}`;
    this.#tree.events.add('exited', this.id, this.epoch, text, {
      level: expected ? 'info' : 'error',
      report: this.#reportOfEnd(exit),
    });
    this.#owner.down(this, exit);
    for (const down of this.#onDown.splice(0)) down();
  }

  /** S22: an end that nobody asked for, but for one that was to be expected of its type. */
  #reportOfEnd({ reason, started, ignored }: Exit): Report | undefined {
    if (this.#asked !== undefined || ignored || !this.#owner.open) return undefined;
    if (!started && reason !== 'killed') return this.report('start-error', reason);
    const usual = isOrderly(reason) && this.#spec.restart !== 'permanent';
    return usual ? undefined : this.report('child-terminated', reason);
  }

  #retryDue(): void {
    this.#retry = undefined;
    this.#owner.retryDue(this);
  }
}

function limitsOf(spec: Child): NodeStatus['limits'] {
  if (spec.type === 'supervisor') return null;
  const { heartbeatMs, progressMs } = spec;
  return { heartbeatMs, progressMs };
}
