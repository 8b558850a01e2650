/** The link `jobs`: how the jobs stand, their history, and running one now. */
import { fromWireError } from '../../../protocol/errors.ts';
import type { Answer, Ask, JobsChanged, JobsQuery, JobView } from '../../../protocol/message.ts';
import { type Port, Requests } from '../../requests.ts';

/** The history is read from a store that may be busy. */
const ASK_MS = 10_000;

export class JobsLink {
  #requests = new Requests('jobs');
  /** As last told. */
  jobs: readonly JobView[] = [];
  /** Grows whenever they were told. */
  version = 0;

  connect(port: Port | undefined): void {
    this.#requests.connect(port);
  }

  receive(message: Answer | JobsChanged): void {
    switch (message.type) {
      case 'jobs-changed':
        this.jobs = message.jobs;
        this.version++;
        break;
      case 'answer':
        this.#requests.settle(message.id, { value: message.value });
        break;
      case 'refusal':
        this.#requests.settle(message.id, { error: fromWireError(message.error) });
        break;
    }
  }

  ask<T>(body: JobsQuery): Promise<T> {
    return this.#requests.ask<T>((id) => ({ type: 'ask', id, body }) satisfies Ask<JobsQuery>, ASK_MS);
  }
}
