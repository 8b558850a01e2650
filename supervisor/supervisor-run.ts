/**
 * One incarnation of a supervisor: starts its children in order, restarts those that fail by its strategy and within
 * its budget, stops them in reverse order. A state machine without waiting: every event changes the state and then
 * `#advance` does the next step that the state allows.
 */

import { AppError, assertNever } from '../protocol/errors.ts';
import type { Asked, Cell, CellOwner } from './cell.ts';
import { type Child, checkUnique, type Supervisor } from './child-spec.ts';
import { Children } from './children.ts';
import type { TreeContext } from './context.ts';
import { Deadline } from './deadline.ts';
import type { Report, SupervisorEventKind } from './events.ts';
import { type Exit, type ExitReason, isOrderly, toFailure } from './exit.ts';
import { excused, type Group, regroup, stopped } from './group.ts';
import { RestartBudget } from './intensity.ts';
import { type FirstStart, type Measures, NO_MEASURES, type Run, type RunEvents, type RunPhase } from './run.ts';
import { planRestart } from './strategy.ts';
import { proves, Suspects } from './suspects.ts';
import { endsSupervisor, judgeEnd } from './verdict.ts';

export class SupervisorRun implements Run, CellOwner {
  readonly epoch: number;
  #spec: Supervisor;
  readonly #tree: TreeContext;
  readonly #events: RunEvents;
  readonly #budget: RestartBudget;
  readonly #deadline: Deadline;
  readonly #children: Children;
  #phase: RunPhase = 'starting';
  #group: Group | undefined;
  /** Whom the group is to start; how many of them, from the first on, are known to be up. */
  #due: ReadonlySet<string> = new Set();
  #upInGroup = 0;
  /** Somebody failed since the group began, and may be backing off. */
  #failedInGroup = false;
  /** While it ends: those that may have to be stopped still, the next one last. */
  #toStop: Cell[] | undefined;
  /** Why it ends, from the moment it begins to. */
  #ending: Exit | undefined;
  #killed = false;
  #started = false;

  constructor(spec: Supervisor, epoch: number, tree: TreeContext, events: RunEvents) {
    this.#spec = spec;
    this.epoch = epoch;
    this.#tree = tree;
    this.#events = events;
    this.#budget = new RestartBudget(spec.intensity, spec.periodMs);
    this.#deadline = new Deadline(tree.clock);
    this.#children = new Children(spec, tree, this);
  }

  get spec(): Supervisor {
    return this.#spec;
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  readonly line = undefined;

  /** Whether it takes commands for its children. */
  get open(): boolean {
    return this.#phase === 'starting' || this.#phase === 'running';
  }

  start(): void {
    if (!this.#asksToStart()) return;
    this.#children.addStatic();
    this.#setGroup({ stop: [], start: this.#children.ids });
    this.#advance();
  }

  /** Its spec may say that there is nothing to do, or throw as code does. */
  #asksToStart(): boolean {
    try {
      if (!this.#spec.declines()) return true;
      this.#declined({ ...this.#exit('normal', 'declined to start'), ignored: true });
    } catch (error) {
      const failure = toFailure(error);
      this.#declined({ ...this.#exit('crashed', `${failure.name}: ${failure.message}`), failure });
    }
    return false;
  }

  #declined(exit: Exit): void {
    this.#phase = 'ended';
    this.#tree.turn(() => this.#events.down(exit));
  }

  stop(): void {
    if (!this.open) return;
    const { shutdownMs } = this.#spec;
    if (shutdownMs === 'kill') {
      this.kill('stopped without grace');
    } else {
      this.#deadline.set(shutdownMs, () => this.#tree.turn(() => this.kill(`did not stop within ${shutdownMs} ms`)));
      this.#end('shutdown', 'stopped as asked');
    }
  }

  kill(detail: string): void {
    if (this.#phase === 'ended' || this.#killed) return;
    this.#killed = true;
    for (const cell of this.#children.list) cell.kill(detail);
    if (this.#ending?.reason === 'shutdown') this.#ending = undefined;
    this.#end('killed', detail);
  }

  measure(): Measures {
    const { max, periodMs } = this.#budget;
    const used = this.#budget.used(this.#tree.clock.monotonic());
    return {
      ...NO_MEASURES,
      budget: { max, periodMs, used },
      children: this.#children.list.map((cell) => cell.status()),
    };
  }

  messages(): never[] {
    return [];
  }

  tell(): boolean {
    return false;
  }

  note(): void {}

  add(spec: Child, done: FirstStart): boolean {
    if (!this.open) return false;
    checkUnique([spec], (id) => this.#tree.handles.has(id));
    const cell = this.#children.add(spec);
    this.#tree.events.add('added', cell.id, cell.epoch, `${cell.id} is added to ${this.#spec.id}`);
    cell.expect(done, true);
    cell.launch();
    return true;
  }

  change(spec: Supervisor): boolean {
    if (!this.open) return false;
    this.#spec = spec;
    this.#budget.change(spec.intensity, spec.periodMs);
    this.#children.change(spec);
    this.#report('changed', `${spec.id} has another spec`);
    return true;
  }

  remove(cell: Cell): void {
    this.#children.remove(cell);
    this.#tree.events.add('deleted', cell.id, cell.epoch, `${cell.id} is deleted from ${this.#spec.id}`);
  }

  discard(): void {
    this.#children.discard();
  }

  isDue(cell: Cell): boolean {
    return this.open && this.#due.has(cell.id);
  }

  /** No group restart is to start it any more. */
  excuse(cell: Cell): void {
    this.#excuse(cell);
    this.#tree.turn(() => this.#advance());
  }

  up(cell: Cell, info: unknown): void {
    cell.settleFirst({ epoch: cell.epoch, ...(info === undefined ? {} : { info }) });
    this.#advance();
  }

  retryDue(cell: Cell): void {
    if (!this.open) return;
    if (!cell.run && !this.isDue(cell)) cell.launch();
    this.#advance();
  }

  down(cell: Cell, exit: Exit): void {
    // One that ends while its turn to be stopped is still to come is down as wanted, and counts no more.
    const wanted = cell.asked ?? (this.#group?.stop.includes(cell.id) ? 'group' : undefined);
    if (this.#group?.stop.length) this.#group = stopped(this.#group, cell.id);
    this.#upInGroup = 0;
    if (!this.open) {
      if (!this.#killed) this.#reportShutdown(cell, exit);
      cell.settle();
    } else if (cell.isNew) this.#neverCameUp(cell, exit);
    else if (wanted !== undefined) this.#wentAsAsked(cell, exit, wanted);
    else if (cell.expected) this.#notBackAgain(cell, exit);
    else this.#ended(cell, exit);
    this.#advance();
  }

  /** An added child whose first start came to nothing: whoever added it is told, and there is no trace of it. */
  #neverCameUp(cell: Cell, exit: Exit): void {
    cell.settle();
    if (!exit.ignored || cell.temporary) this.remove(cell);
    cell.settleFirst(this.#outcome(cell, exit));
  }

  /** A child that was to be started again on request: it stays down, and that costs nothing but the answer. */
  #notBackAgain(cell: Cell, exit: Exit): void {
    cell.settle(!exit.ignored);
    cell.settleFirst(this.#outcome(cell, exit));
  }

  #outcome(cell: Cell, exit: Exit): Parameters<FirstStart>[0] {
    return exit.ignored ? { epoch: null } : { error: new AppError('unavailable', couldNotStart(cell, exit)) };
  }

  #wentAsAsked(cell: Cell, exit: Exit, asked: Asked): void {
    this.#reportShutdown(cell, exit);
    if (asked === 'restart') {
      if (!this.isDue(cell)) cell.launch();
      return;
    }
    if (asked === 'stop') {
      cell.settle();
      cell.settleFirst({ error: new AppError('unavailable', `${cell.id} was stopped while it started`) });
    }
    if (cell.temporary) this.remove(cell);
  }

  #ended(cell: Cell, exit: Exit): void {
    const { restart } = cell.spec;
    const verdict = judgeEnd({ restart, booting: !this.#started, proven: cell.everUp || cell.killed }, exit);
    switch (verdict) {
      case 'boot-failed':
        this.#failBoot(cell, exit);
        break;
      case 'stays-down':
        this.#letGo(cell, exit);
        break;
      case 'restart':
        this.#failed(cell, exit, this.#tree.clock.monotonic());
        break;
      default:
        assertNever(verdict);
    }
  }

  #failed(cell: Cell, exit: Exit, now: number): void {
    if (this.#findsPoison(cell, exit, now)) this.#restart(cell, true);
    else if (this.#budget.spend(now)) this.#restart(cell);
    else this.#giveUp(cell, exit);
  }

  /** A death that names its culprit is none of the child's fault, nor was the one before: they cost nothing. */
  #findsPoison(cell: Cell, exit: Exit, now: number): boolean {
    if (cell.killed || cell.spec.type !== 'worker' || !Suspects.isEvidence(exit)) return false;
    const { histories, events } = this.#tree;
    const evidence = histories.suspectsOf(cell.spec.workGroup ?? cell.id).note(exit, now);
    if (!proves(evidence)) return false;
    this.#budget.refund(evidence.firstAt);
    const { offset, slot } = exit.work;
    const text = `${cell.id} has died for the second time at offset ${offset} (slot ${slot}), which is passed from now on`;
    events.add('poison', cell.id, cell.epoch, text);
    return true;
  }

  #restart(cell: Cell, forgiven = false): void {
    const { strategy } = this.#spec;
    if (strategy !== 'one_for_one') {
      const { ids, list } = this.#children;
      const members = list.map(({ id, run, temporary }) => ({ id, alive: run !== undefined, temporary }));
      const group = regroup(planRestart(strategy, cell.id, ids), members, this.#group);
      this.#setGroup(group);
      this.#report('group-restart', `${cell.id} takes ${group.stop.join(', ') || 'nobody'} down (${strategy})`);
    }
    this.#failedInGroup = this.#group !== undefined;
    cell.retry(forgiven);
  }

  /** A child that stays down of its own accord, and may take its supervisor with it. */
  #letGo(cell: Cell, exit: Exit): void {
    this.#excuse(cell);
    cell.settle(!exit.ignored && !isOrderly(exit.reason));
    if (cell.temporary) this.remove(cell);
    if (!cell.spec.significant || exit.ignored) return;
    const others = this.#children.list.some(
      (other) => other !== cell && other.spec.significant && other.standing !== null,
    );
    if (!endsSupervisor(this.#spec.autoShutdown, others)) return;
    const text = `${this.#spec.id} ends with its significant child ${cell.id}`;
    this.#report('auto-shutdown', text);
    this.#end('auto-shutdown', text);
  }

  #failBoot(cell: Cell, exit: Exit): void {
    const text = couldNotStart(cell, exit);
    this.#report('start-failed', text, cell.report('start-error', exit.reason));
    cell.settle(true);
    this.#end('failed-to-start', text);
  }

  #giveUp(cell: Cell, exit: Exit): void {
    const { intensity, periodMs, id } = this.#spec;
    const last = `${cell.id} (${exit.reason}): ${exit.detail}`;
    const text = `${id} gives up: more than ${intensity} restarts in ${periodMs} ms, last ${last}`;
    this.#report('gave-up', text, cell.report('shutdown', 'gave-up'));
    cell.settle(true);
    this.#end('gave-up', text);
  }

  #end(reason: ExitReason, detail: string): void {
    this.#ending ??= this.#exit(reason, detail);
    this.#setGroup(undefined);
    this.#phase = 'draining';
    for (const cell of this.#children.list) cell.cancelRetry();
    this.#advance();
  }

  #advance(): void {
    if (this.#phase === 'ended') return;
    if (!this.open) this.#stopNext();
    else if (this.#stopOfGroup() && this.#startOfGroup()) this.#groupIsUp();
  }

  #groupIsUp(): void {
    this.#setGroup(undefined);
    if (this.#started) return;
    this.#started = true;
    this.#phase = 'running';
    this.#tree.turn(() => this.#events.up());
  }

  /** Reverse order, each one gone before the next is asked. Nobody starts any more, so each is looked at once. */
  #stopNext(): void {
    this.#toStop ??= this.#children.list;
    while (this.#toStop.length > 0 && !this.#toStop.at(-1)?.run) this.#toStop.pop();
    const last = this.#toStop.at(-1);
    if (last) last.run?.stop();
    else this.#allStopped(this.#ending ?? this.#exit('shutdown', 'stopped as asked'));
  }

  #allStopped(exit: Exit): void {
    this.#phase = 'ended';
    this.#deadline.clear();
    const error = new AppError('unavailable', `${this.#spec.id} has ended: ${exit.detail}`);
    for (const cell of this.#children.list) cell.settleFirst({ error });
    this.#tree.turn(() => this.#events.down(exit));
  }

  /** True when nobody is left to stop. */
  #stopOfGroup(): boolean {
    const cell = this.#children.get(this.#group?.stop[0]);
    if (!cell) return true;
    if (cell.asked === undefined) cell.ask('group');
    return false;
  }

  /** True when all are up. One at a time, and none while the one that failed is backing off. */
  #startOfGroup(): boolean {
    const start = this.#group?.start ?? [];
    if (this.#failedInGroup && start.some((id) => this.#children.get(id)?.backingOff)) return false;
    while (this.#isUp(start[this.#upInGroup])) this.#upInGroup++;
    const next = this.#children.get(start[this.#upInGroup]);
    if (next && !next.run) next.launch();
    return next === undefined && start.every((id) => this.#isUp(id));
  }

  #isUp(id: string | undefined): boolean {
    return this.#children.get(id)?.running === true;
  }

  #setGroup(group: Group | undefined): void {
    this.#group = group;
    this.#due = new Set(group?.start);
    this.#upInGroup = 0;
    this.#failedInGroup &&= group !== undefined;
  }

  #excuse(cell: Cell): void {
    if (this.#due.has(cell.id)) this.#setGroup(excused(this.#group, cell.id));
  }

  #exit(reason: ExitReason, detail: string): Exit {
    return { reason, detail, started: this.#started, ignored: false };
  }

  #report(kind: SupervisorEventKind, text: string, report?: Report): void {
    this.#tree.events.add(kind, this.#spec.id, this.epoch, text, { report });
  }

  /** S15. One that was to be killed has ended as it was to. */
  #reportShutdown(cell: Cell, exit: Exit): void {
    const wanted = exit.reason === 'killed' && cell.spec.shutdownMs === 'kill';
    if (wanted || isOrderly(exit.reason)) return;
    const text = `${cell.id} did not stop in order (${exit.reason}): ${exit.detail}`;
    const report = cell.report('shutdown-error', exit.reason);
    this.#tree.events.add('shutdown-error', cell.id, cell.epoch, text, { report });
  }
}

function couldNotStart(cell: Cell, exit: Exit): string {
  return `${cell.id} could not start (${exit.reason}): ${exit.detail}`;
}
