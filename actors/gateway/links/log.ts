/** The link `appends`: events that came in over HTTP, on their way into the log. */
import { fromWireError } from '../../../protocol/errors.ts';
import type { AppendReply, AppendRequest } from '../../../protocol/message.ts';
import { type Port, Requests } from '../../requests.ts';

/** A group of this size commits in well under a second; a disk that takes longer is in trouble. */
const APPEND_MS = 15_000;

export class LogLink {
  #requests = new Requests('log-writer');

  get connected(): boolean {
    return this.#requests.connected;
  }

  connect(port: Port | undefined): void {
    this.#requests.connect(port);
  }

  receive(message: AppendReply): void {
    if (message.type === 'appended') this.#requests.settle(message.id, { value: message.offsets });
    else this.#requests.settle(message.id, { error: fromWireError(message.error) });
  }

  /** The frames' buffers are given away. Answers the first offset of each append, once durable. */
  append(appends: AppendRequest['appends']): Promise<readonly number[]> {
    const buffers = appends.map(({ frames }) => frames.buffer as ArrayBuffer);
    return this.#requests.ask((id) => ({ type: 'append', id, appends }) satisfies AppendRequest, APPEND_MS, buffers);
  }
}
