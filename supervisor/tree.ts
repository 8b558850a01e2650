/**
 * The supervision tree, as its owner holds it: starts and stops it, watches it, commands it. Everything happens in
 * this thread, in turns that never nest; whatever its workers do, it stays in charge.
 */

import { AppError } from '../protocol/errors.ts';
import { Cell, type CellOwner } from './cell.ts';
import {
  type Child,
  type ChildSpec,
  checkUnique,
  resolveSpec,
  type Supervisor,
  type SupervisorSpec,
} from './child-spec.ts';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { type CommandOwner, Commands } from './commands.ts';
import type { ChildHandle, Standing, Ticking, TreeContext } from './context.ts';
import { type ControlCall, ControlClient } from './control.ts';
import { callListener, EventHistory, type Log, type SupervisorEvent } from './events.ts';
import type { Exit, ExitReason } from './exit.ts';
import { Fences } from './fences.ts';
import { Histories } from './history.ts';
import { LinkBook } from './links.ts';
import type { HandledMessage } from './recent.ts';
import type { FirstStart, Started } from './run.ts';
import { type Spawner, threadSpawner } from './spawn.ts';
import type { TreeStatus } from './status.ts';
import { SupervisorRun } from './supervisor-run.ts';
import { Turns } from './turns.ts';
import { WorkerRun } from './worker-run.ts';

/** Fine enough to see a heartbeat limit of 500 ms pass within 600, coarse enough to cost nothing. */
const TICK_MS = 100;

export type TreeOptions = {
  readonly clock?: Clock;
  /** For the jitter of pauses: from 0 to below 1. */
  readonly random?: () => number;
  readonly log?: Log;
  readonly spawn?: Spawner;
  readonly tickMs?: number;
  /** Events are numbered from here on, so that those of a former tree may stand before them. */
  readonly lastEventId?: number;
};

export type Command = 'restart' | 'stop' | 'start' | 'kill' | 'drain';

/** `epoch` is that of the incarnation that the command was for; with `start`, of the one that it made. */
export type Acceptance = {
  readonly accepted: true;
  readonly epoch: number;
  /** With `drain`: whether it ended in order within its limit, or had to be killed. */
  readonly drained?: boolean;
};

/** A child as OTP's which_children shows it; `standing` is its epoch, null when it is down, or `restarting`. */
export type ChildEntry = { readonly id: string; readonly type: 'worker' | 'supervisor'; readonly standing: Standing };

/** As OTP's count_children: those that are down or restarting count, but for `active`. */
export type ChildCount = {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
};

export type TreeEnd = { readonly reason: ExitReason; readonly detail: string };

/**
 * @example
 * const tree = new SupervisorTree({ id: 'root', type: 'supervisor', children: [
 *   { id: 'greeter', type: 'worker', entry: new URL('./greeter.ts', import.meta.url) },
 * ] });
 * await tree.start();
 * await tree.stop();
 */
export class SupervisorTree {
  /** Settles when the root has ended: stopped, gave up, or could not start. Never rejects. */
  readonly done: Promise<TreeEnd>;
  readonly #spec: Supervisor;
  readonly #context: TreeContext;
  readonly #root: Cell;
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<TreeEnd>();
  readonly #turns = new Turns();
  readonly #toldListeners = new Set<(id: string, epoch: number, body: unknown) => void>();
  #phase: 'new' | 'alive' | 'ended' = 'new';
  #ticker: Timer;

  constructor(spec: SupervisorSpec, options: TreeOptions = {}) {
    const root = resolveSpec(spec);
    if (root.type !== 'supervisor') throw new TypeError('Cannot make a tree as its root must be a supervisor');
    checkUnique([root]);
    this.#spec = root;
    this.done = this.#ended.promise;
    this.#started.promise.catch(() => {});
    this.#context = this.#createContext(options);
    const owner = this.#rootOwner();
    this.#root = new Cell(root, this.#context, owner);
    this.#context.handles.set(root.id, new Commands(this.#root, owner));
  }

  /** Resolves when every child is up, or the root declined to start; rejects, with everything stopped again, when one cannot start. */
  start(): Promise<void> {
    if (this.#phase !== 'new') throw new AppError('conflict', 'Cannot start the tree as it was started before');
    this.#phase = 'alive';
    this.#tickLater(this.#context.clock.monotonic());
    this.#context.turn(() => this.#root.launch());
    return this.#started.promise;
  }

  /** Reverse order, each child within its own limit; after `limitMs` whatever is left is terminated at once. */
  async stop(limitMs = Number.POSITIVE_INFINITY): Promise<void> {
    const { clock, turn } = this.#context;
    if (this.#phase === 'new') this.#end({ reason: 'shutdown', detail: 'never started' });
    if (this.#phase === 'ended') return;
    turn(() => this.#root.ask('stop'));
    const detail = `did not stop within ${limitMs} ms`;
    const timer = Number.isFinite(limitMs)
      ? clock.setTimeout(() => turn(() => this.#root.kill(detail)), limitMs)
      : undefined;
    await this.done;
    if (timer !== undefined) clock.clearTimeout(timer);
  }

  /** The whole tree, read from memory. */
  status(): TreeStatus {
    const { clock, counts, fences } = this.#context;
    return { ...this.#root.status(), at: clock.now(), ...counts, fenced: fences.total };
  }

  /** The last thousand events, oldest first. */
  events(): readonly SupervisorEvent[] {
    return this.#context.events.list();
  }

  /** Returns what ends the listening. */
  onEvent(listener: (event: SupervisorEvent) => void): () => void {
    return this.#context.events.listen(listener);
  }

  /** What it has handled last, newest first, and what the one before died of: kind, size, time. It is not asked. */
  messages(id: string): readonly HandledMessage[] {
    return this.#handle(id).messages();
  }

  /** False when the actor has no incarnation that could hear it. */
  tell(id: string, body: unknown): boolean {
    return this.#handle(id).tell(body);
  }

  /** Leaves a note for an actor: every incarnation from the next on is born with it, and the one that is up is told. */
  note(id: string, note: unknown): void {
    this.#handle(id).note(note);
  }

  /** What actors tell their owner; only living incarnations are heard. */
  onTell(listener: (id: string, epoch: number, body: unknown) => void): () => void {
    this.#toldListeners.add(listener);
    return () => this.#toldListeners.delete(listener);
  }

  /** Resolves when the supervisor has taken it on, not when it is carried out; `drain` when the actor is down. */
  command(id: string, command: Command): Promise<Acceptance> {
    return this.#ask((settle) => {
      const handle = this.#commanded(id, command);
      const { epoch } = handle;
      this.#context.events.add('command', id, epoch, `${command} ${id}`);
      if (command === 'drain') return handle.stop((drained) => settle({ accepted: true, epoch, drained }), true);
      if (command === 'stop') handle.stop(() => {});
      else handle[command]();
      settle({ accepted: true, epoch: command === 'start' ? handle.epoch : epoch });
    });
  }

  /**
   * The control interface of an actor: ask it about itself, change its settings, drain it, order a fault. Each call ends
   * by its deadline, and when the incarnation that it went to ends.
   */
  control<Own = unknown>(id: string, { deadlineMs }: { readonly deadlineMs?: number } = {}): ControlClient<Own> {
    const line = (what: string, ordered: boolean) =>
      this.#ask<ControlCall>((settle) => {
        const handle = this.#handle(id);
        const call = { line: handle.line(what), epoch: handle.epoch };
        if (ordered) this.#context.events.add('command', id, handle.epoch, `${what} ${id}`);
        settle(call);
      });
    return new ControlClient(
      {
        ask: (what) => line(what, false),
        order: (what) => line(what, true),
        drain: () => this.command(id, 'drain'),
      },
      deadlineMs,
    );
  }

  /** Resolves once the child is up; when it cannot start there is no trace of it left. */
  startChild(parentId: string, spec: ChildSpec): Promise<Started> {
    return this.#ask((settle, fail) => {
      const { handle, spec: parent } = this.#supervisor(parentId);
      const child = resolveSpec(spec, parent);
      const sibling = this.#context.handles.get(child.id);
      if (sibling?.parent?.id === parentId) throw alreadyThere(sibling);
      handle.add(child, answer(settle, fail));
    });
  }

  /** Only of a stopped child, which stays down when it cannot start. `command(id, 'restart')` restarts a running one. */
  restartChild(id: string): Promise<Started> {
    return this.#ask((settle, fail) => this.#handle(id).startAgain(answer(settle, fail)));
  }

  /** Resolves when it is down; also when it was already. */
  stopChild(id: string): Promise<void> {
    return this.#ask((settle) => this.#handle(id).stop(() => settle()));
  }

  /** Only of a stopped child. Its id may be used again; epochs go on rising. */
  deleteChild(id: string): Promise<void> {
    return this.#ask((settle) => {
      this.#handle(id).remove();
      settle();
    });
  }

  /** Newest first, as OTP lists them. */
  whichChildren(id: string): readonly ChildEntry[] {
    return this.#childrenOf(id).map(({ spec, standing }) => ({ id: spec.id, type: spec.type, standing }));
  }

  countChildren(id: string): ChildCount {
    const children = this.whichChildren(id);
    const count = (counts: (child: ChildEntry) => boolean) => children.filter(counts).length;
    return {
      specs: children.length,
      active: count(({ standing }) => typeof standing === 'number'),
      supervisors: count(({ type }) => type === 'supervisor'),
      workers: count(({ type }) => type === 'worker'),
    };
  }

  /**
   * Another spec for a running supervisor, as OTP's code change: new children wait to be started, those that are
   * missing stay, those that are there go on and take their new spec at their next start. The children of a supervisor
   * below are its own affair. A bad spec changes nothing.
   */
  changeSpec(id: string, spec: SupervisorSpec): Promise<void> {
    return this.#ask((settle) => {
      const { handle } = this.#supervisor(id);
      const changed = resolveSpec({ ...spec, id }, handle.parent) as Supervisor;
      const children = changed.children.map((child) => this.#merged(child, id));
      checkUnique(children, (taken) => this.#isTaken(taken, changed));
      handle.change({ ...changed, children });
      settle();
    });
  }

  /** A supervisor that is there keeps its children; what a child is does not change. */
  #merged(child: Child, parentId: string): Child {
    const former = this.#context.handles.get(child.id);
    if (former?.parent?.id !== parentId) return child;
    const { spec } = former;
    if (spec.type !== child.type) {
      throw new AppError(
        'bad-config',
        `Cannot change "${child.id}" as its type must stay: current value is ${child.type}`,
      );
    }
    return child.type === 'supervisor' && spec.type === 'supervisor' ? { ...child, children: spec.children } : child;
  }

  /** Whether somebody else than that supervisor's own children, or those below them, is called so. */
  #isTaken(id: string, supervisor: Supervisor): boolean {
    let handle = this.#context.handles.get(id);
    if (!handle) return false;
    while (handle?.parent) {
      if (handle.parent.id === supervisor.id) return false;
      handle = this.#context.handles.get(handle.parent.id);
    }
    return true;
  }

  #childrenOf(id: string): ChildHandle[] {
    const { handle } = this.#supervisor(id);
    return handle
      .status()
      .children.map((child) => this.#handle(child.id))
      .reverse();
  }

  #supervisor(id: string): { readonly handle: ChildHandle; readonly spec: Supervisor } {
    const handle = this.#handle(id);
    const { spec } = handle;
    if (spec.type === 'supervisor') return { handle, spec };
    throw new AppError('conflict', `Cannot take "${id}" for a supervisor as it is none: current value is ${spec.type}`);
  }

  #ask<Value>(run: (settle: (value: Value) => void, fail: (error: Error) => void) => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#context.turn(() => {
        try {
          run(resolve, reject);
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #handle(id: string): ChildHandle {
    const handle = this.#context.handles.get(id);
    if (!handle) throw new AppError('not-found', `Cannot find an actor as none is called so: current value is ${id}`);
    return handle;
  }

  #commanded(id: string, command: Command): ChildHandle {
    const handle = this.#handle(id);
    if (handle.spec.type === 'supervisor' && !(handle.spec.restartable && id !== this.#spec.id)) {
      throw new AppError('conflict', `Cannot ${command} "${id}" as it is a supervisor: command its children`);
    }
    return handle;
  }

  #createContext(options: TreeOptions): TreeContext {
    const { clock = systemClock, random = Math.random, log = () => {}, spawn = threadSpawner } = options;
    const context: TreeContext = {
      clock,
      random,
      spawner: spawn,
      events: new EventHistory(clock, log, options.lastEventId),
      histories: new Histories(),
      links: new LinkBook(spawn),
      handles: new Map<string, ChildHandle>(),
      live: new Set<Ticking>(),
      tickMs: options.tickMs ?? TICK_MS,
      fences: new Fences(),
      counts: { dropped: 0, zombies: 0, zombiesEver: 0 },
      createRun: (spec, epoch, events) =>
        spec.type === 'worker'
          ? new WorkerRun(spec, epoch, context, events)
          : new SupervisorRun(spec, epoch, context, events),
      turn: (run) => this.#turns.run(run),
      told: (id, epoch, body) => {
        for (const listener of this.#toldListeners) callListener(clock, () => listener(id, epoch, body));
      },
    };
    return context;
  }

  /** The root has nobody above it: its end is the tree's. */
  #rootOwner(): CellOwner & CommandOwner {
    return {
      open: false,
      spec: undefined,
      isDue: () => false,
      excuse: () => {},
      remove: () => {},
      up: () => this.#started.resolve(),
      retryDue: () => {},
      down: (_root: Cell, exit: Exit) => {
        if (exit.ignored) this.#started.resolve();
        this.#end({ reason: exit.reason, detail: exit.detail });
      },
    };
  }

  #end(end: TreeEnd): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    if (this.#ticker !== undefined) this.#context.clock.clearTimeout(this.#ticker);
    this.#root.settle(end.reason !== 'shutdown');
    this.#started.reject(new AppError('unavailable', `Cannot start the tree as ${end.detail}`));
    this.#ended.resolve(end);
  }

  #tickLater(before: number): void {
    const { clock, tickMs, live, turn } = this.#context;
    this.#ticker = clock.setTimeout(() => {
      const now = clock.monotonic();
      turn(() => {
        for (const run of [...live]) run.tick(now, now - before);
      });
      if (this.#phase === 'alive') this.#tickLater(now);
    }, tickMs);
  }
}

function answer(settle: (started: Started) => void, fail: (error: Error) => void): FirstStart {
  return (outcome) => ('error' in outcome ? fail(outcome.error) : settle(outcome));
}

function alreadyThere({ spec, standing, epoch }: ChildHandle): AppError {
  const rule = standing === null ? 'it is there and stopped' : 'it is started';
  return new AppError('conflict', `Cannot add "${spec.id}" as ${rule}: current value is epoch ${epoch}`);
}
