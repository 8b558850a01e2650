/**
 * Requests over a link that may be laid anew at any time. Each is answered, refused, or given up after its deadline;
 * what is under way when the other end goes is refused at once, never left hanging.
 */
import { AppError } from '../protocol/errors.ts';

/** The end of a MessagePort that requests need. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
}

type Pending = {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
};

export class Requests {
  #peer: string;
  #port: Port | undefined;
  #pending = new Map<number, Pending>();
  #nextId: number;

  /** `peer` is whom errors speak of. Ids begin at `firstId`: a late answer to an earlier asker must match none. */
  constructor(peer: string, firstId = 1) {
    this.#peer = peer;
    this.#nextId = firstId;
  }

  get connected(): boolean {
    return this.#port !== undefined;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** The link was laid, or is gone (undefined). */
  connect(port: Port | undefined): void {
    this.#port = port;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new AppError('unavailable', `Cannot get an answer as the ${this.#peer} went away meanwhile`));
    }
    this.#pending.clear();
  }

  /** `message` makes the message of an id. */
  ask<T>(message: (id: number) => unknown, deadlineMs: number, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    const port = this.#port;
    if (port === undefined) {
      return Promise.reject(new AppError('unavailable', `Cannot ask the ${this.#peer} as it is not running`));
    }
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(
          new AppError(
            'deadline-exceeded',
            `Cannot get an answer as the ${this.#peer} took longer than ${deadlineMs} ms`,
          ),
        );
      }, deadlineMs);
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      port.postMessage(message(id), transfer);
    });
  }

  /** An answer has come; one that nobody waits for any more is dropped. */
  settle(id: number, outcome: { readonly value: unknown } | { readonly error: Error }): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if ('error' in outcome) pending.reject(outcome.error);
    else pending.resolve(outcome.value);
  }
}
