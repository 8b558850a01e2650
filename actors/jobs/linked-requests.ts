/** Questions over a link that is laid anew with every restart of an end: those of a job wait for their answers here. */
import type { MessagePort } from 'node:worker_threads';
import { fromWireError } from '../../protocol/errors.ts';
import type { Answer, Ask } from '../../protocol/message.ts';
import { Requests } from '../requests.ts';

/** Whoever does not answer within this time is in trouble; the job is tried again. */
const ASK_MS = 15_000;

export class LinkedRequests<Query> {
  #requests: Requests;

  constructor(peer: string) {
    this.#requests = new Requests(peer);
  }

  connect(port: MessagePort | undefined): void {
    port?.on('message', (message: Answer | { readonly type: 'archive-changed' }) => {
      if (message.type === 'answer') this.#requests.settle(message.id, { value: message.value });
      else if (message.type === 'refusal') this.#requests.settle(message.id, { error: fromWireError(message.error) });
    });
    this.#requests.connect(port);
  }

  async ask<T>(body: Query, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const answer = this.#requests.ask<T>((id) => ({ type: 'ask', id, body }) satisfies Ask<Query>, ASK_MS);
    return Promise.race([answer, promise]).finally(() => signal.removeEventListener('abort', stop));
  }
}
