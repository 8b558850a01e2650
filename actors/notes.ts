/** An actor has one note, and several may have something to say in it: each says its part, and the others' stay. */
import { AppError } from '../protocol/errors.ts';

export class Notes {
  readonly #leave: (actor: string, note: object) => void;
  readonly #notes = new Map<string, object>();

  /** `leave` leaves a note for an actor; throws where there is none of that name. */
  constructor(leave: (actor: string, note: object) => void) {
    this.#leave = leave;
  }

  put(actor: string, part: object): void {
    const note = { ...this.#notes.get(actor), ...part };
    this.#leave(actor, note);
    this.#notes.set(actor, note);
  }

  /** Nothing where there is none of that name. */
  offer(actor: string, part: object): void {
    try {
      this.put(actor, part);
    } catch (thrown) {
      if (!(thrown instanceof AppError && thrown.code === 'not-found')) throw thrown;
    }
  }
}
