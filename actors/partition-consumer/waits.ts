/** What an actor waits for, where that may be several things at a time: its meter shows the one that it waited for first. */

import type { Child } from '../../supervisor/child.ts';

type OneWait = Pick<Child<unknown>['meter'], 'waiting' | 'waited'>;

export class Waits {
  readonly #meter: OneWait;
  readonly #until = new Map<string, number>();

  constructor(meter: OneWait) {
    this.#meter = meter;
  }

  begin(what: string, deadlineMs: number): void {
    this.#until.set(what, Date.now() + deadlineMs);
    this.#show();
  }

  end(what: string): void {
    if (this.#until.delete(what)) this.#show();
  }

  #show(): void {
    const first = this.#until.entries().next().value;
    if (first === undefined) this.#meter.waited();
    else this.#meter.waiting(first[0], first[1] - Date.now());
  }
}
