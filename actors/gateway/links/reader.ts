/** The link `queries`: what the gateway asks of the reader. */
import { fromWireError } from '../../../protocol/errors.ts';
import type { Answer, Ask, ReaderQuery } from '../../../protocol/message.ts';
import { type Port, Requests } from '../../requests.ts';

/** A query over months of windows may take seconds; whoever asked has given up after this. */
const QUERY_MS = 20_000;

export class ReaderLink {
  #requests = new Requests('reader');

  get connected(): boolean {
    return this.#requests.connected;
  }

  connect(port: Port | undefined): void {
    this.#requests.connect(port);
  }

  receive(message: Answer): void {
    if (message.type === 'answer') this.#requests.settle(message.id, { value: message.value });
    else this.#requests.settle(message.id, { error: fromWireError(message.error) });
  }

  ask<T>(body: ReaderQuery): Promise<T> {
    return this.#requests.ask<T>((id) => ({ type: 'ask', id, body }) satisfies Ask<ReaderQuery>, QUERY_MS);
  }
}
