/** The link `archive`: how the archive stands, its batches, and archiving now. */
import { fromWireError } from '../../../protocol/errors.ts';
import type { Answer, ArchiveChanged, ArchiveQuery, ArchiveStatus, Ask } from '../../../protocol/message.ts';
import { type Port, Requests } from '../../requests.ts';

/** The manifest is read from a store that may be busy. */
const ASK_MS = 10_000;

export class ArchiveLink {
  #requests = new Requests('archiver');
  #fresh: ArchiveChanged['batches'][number][] = [];
  /** As last told. */
  status: ArchiveStatus | undefined;

  connect(port: Port | undefined): void {
    this.#requests.connect(port);
  }

  receive(message: Answer | ArchiveChanged): void {
    switch (message.type) {
      case 'archive-changed':
        this.status = message.status;
        this.#fresh.push(...message.batches);
        break;
      case 'answer':
        this.#requests.settle(message.id, { value: message.value });
        break;
      case 'refusal':
        this.#requests.settle(message.id, { error: fromWireError(message.error) });
        break;
    }
  }

  /** Batches told since the last call. */
  takeFresh(): readonly ArchiveChanged['batches'][number][] {
    return this.#fresh.splice(0);
  }

  ask<T>(body: ArchiveQuery): Promise<T> {
    return this.#requests.ask<T>((id) => ({ type: 'ask', id, body }) satisfies Ask<ArchiveQuery>, ASK_MS);
  }
}
