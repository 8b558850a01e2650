/** What is remembered of an actor between its incarnations; epochs survive even the deletion of the child. */

import type { Child } from './child-spec.ts';
import type { ExitReason, Failure, Work } from './exit.ts';
import type { HandledMessage } from './recent.ts';
import { Suspects } from './suspects.ts';

export type LastExit = {
  readonly reason: ExitReason;
  readonly detail: string;
  readonly at: number;
  /** What was thrown, if anything was. */
  readonly failure: Failure | null;
  /** What it was at, if it had said so. */
  readonly work: Work | null;
};

export type Past = {
  epoch: number;
  /** Under this name, since it was added last. */
  starts: number;
  lastExit: LastExit | null;
  /** Of a supervisor that keeps its dynamic children: those it has now. */
  children: readonly Child[] | undefined;
  /** What its owner left for it: every incarnation is born with it. */
  note: unknown;
  /** What its last incarnation that handled anything had handled last, newest first. */
  messages: readonly HandledMessage[];
};

/** Of so many deleted ids the epoch is remembered one by one; ids that come after older ones start above all of theirs. */
const KEPT_EPOCHS = 10_000;

export class Histories {
  readonly #epochs = new Map<string, number>();
  #floor = 0;
  readonly #pasts = new Map<string, Past>();
  readonly #suspects = new Map<string, Suspects>();

  of(id: string): Past {
    let past = this.#pasts.get(id);
    if (!past) {
      past = {
        epoch: this.#epochs.get(id) ?? this.#floor,
        starts: 0,
        lastExit: null,
        children: undefined,
        note: undefined,
        messages: [],
      };
      this.#epochs.delete(id);
      this.#pasts.set(id, past);
    }
    return past;
  }

  /** Of all who share their work under that name. */
  suspectsOf(workGroup: string): Suspects {
    let suspects = this.#suspects.get(workGroup);
    if (!suspects) {
      suspects = new Suspects();
      this.#suspects.set(workGroup, suspects);
    }
    return suspects;
  }

  nextEpoch(id: string): number {
    const past = this.of(id);
    past.starts++;
    return ++past.epoch;
  }

  /** A child of the same name that comes later starts afresh, but with a higher epoch and the same note. */
  forget(id: string): void {
    const past = this.#pasts.get(id);
    if (!past) return;
    if (past.note !== undefined) {
      Object.assign(past, { starts: 0, lastExit: null, children: undefined, messages: [] });
      return;
    }
    this.#pasts.delete(id);
    this.#epochs.set(id, past.epoch);
    if (this.#epochs.size > KEPT_EPOCHS) this.#forgetOldest();
  }

  #forgetOldest(): void {
    for (const [id, epoch] of this.#epochs) {
      this.#epochs.delete(id);
      this.#floor = Math.max(this.#floor, epoch);
      return;
    }
  }
}
