/**
 * What an operator may ask of a child, and when it must be refused. A command asks and returns; what follows is the
 * supervisor's business.
 */

import { AppError } from '../protocol/errors.ts';
import type { Cell } from './cell.ts';
import type { Child, Supervisor } from './child-spec.ts';
import type { ChildHandle, Standing } from './context.ts';
import type { ControlLine } from './control.ts';
import { isOrderly } from './exit.ts';
import type { HandledMessage } from './recent.ts';
import type { FirstStart } from './run.ts';
import type { NodeStatus } from './status.ts';

/** The supervisor, as commands see it. */
export interface CommandOwner {
  readonly spec: Supervisor | undefined;
  readonly open: boolean;
  isDue(cell: Cell): boolean;
  excuse(cell: Cell): void;
  remove(cell: Cell): void;
}

export class Commands implements ChildHandle {
  readonly #cell: Cell;
  readonly #owner: CommandOwner;

  constructor(cell: Cell, owner: CommandOwner) {
    this.#cell = cell;
    this.#owner = owner;
  }

  get spec(): Child {
    return this.#cell.spec;
  }

  get epoch(): number {
    return this.#cell.epoch;
  }

  get parent(): Supervisor | undefined {
    return this.#owner.spec;
  }

  get standing(): Standing {
    return this.#cell.standing;
  }

  status(): NodeStatus {
    return this.#cell.status();
  }

  messages(): HandledMessage[] {
    return this.#cell.messages();
  }

  tell(body: unknown): boolean {
    return this.#cell.run?.tell(body) ?? false;
  }

  note(note: unknown): void {
    this.#cell.note(note);
  }

  restart(): void {
    this.#requireOpen('restart');
    const { run, asked } = this.#cell;
    if (!run) {
      if (!this.#owner.isDue(this.#cell) || this.#cell.backingOff) this.#cell.launch();
    } else if (asked === undefined || asked === 'stop') this.#cell.ask('restart');
  }

  kill(): void {
    this.#requireOpen('kill');
    if (!this.#cell.run) throw this.#conflict('kill', `it is ${this.#cell.state}`);
    this.#cell.kill('killed by command');
  }

  start(): void {
    this.#requireOpen('start');
    if (this.#cell.run) throw this.#conflict('start', `it is ${this.#cell.state}`);
    if (!this.#owner.isDue(this.#cell) || this.#cell.backingOff) this.#cell.launch();
  }

  stop(stopped: (orderly: boolean) => void, drained = false): void {
    this.#requireOpen(drained ? 'drain' : 'stop');
    const down = () => stopped(isOrderly(this.#cell.status().lastExit?.reason ?? 'normal'));
    if (this.#cell.run) {
      this.#cell.onDown(down);
      this.#cell.ask('stop', drained);
    } else {
      this.#cell.settle();
      down();
    }
    this.#owner.excuse(this.#cell);
  }

  line(what: string): ControlLine {
    const { run, spec, state } = this.#cell;
    if (spec.type === 'supervisor') throw this.#conflict(what, 'it is a supervisor: speak to its children');
    if (run?.line === undefined || run.phase === 'unresponsive' || run.phase === 'ended')
      throw this.#conflict(what, `it is ${state}`);
    return run.line;
  }

  remove(): void {
    this.#requireOpen('delete');
    const { run, backingOff, state } = this.#cell;
    if (run || backingOff || this.#owner.isDue(this.#cell)) throw this.#conflict('delete', `it is ${state}`);
    this.#owner.remove(this.#cell);
  }

  add(spec: Child, done: FirstStart): void {
    const { run, state } = this.#cell;
    if (!run?.add(spec, done)) throw this.#conflict('add a child to', `it is no running supervisor but ${state}`);
  }

  startAgain(done: FirstStart): void {
    this.#requireOpen('restart');
    const { state, standing } = this.#cell;
    if (standing !== null || this.#owner.isDue(this.#cell)) throw this.#conflict('start', `it is ${state}`);
    this.#cell.expect(done, false);
    this.#cell.launch();
  }

  change(spec: Supervisor): void {
    const { run, state } = this.#cell;
    if (!run?.change(spec)) throw this.#conflict('change', `it is no running supervisor but ${state}`);
    this.#cell.respec(spec);
  }

  #requireOpen(what: string): void {
    if (!this.#owner.open) throw this.#conflict(what, 'its supervisor is not running');
  }

  #conflict(what: string, why: string): AppError {
    return new AppError('conflict', `Cannot ${what} "${this.#cell.id}" as ${why}`);
  }
}
