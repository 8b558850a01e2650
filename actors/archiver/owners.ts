/** The owners of partitions as the archiver knows them: who has what, and asking one to let go of what is archived. */
import { AppError, fromWireError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { LetGo, LettingGo } from '../../protocol/message.ts';
import { type Port, Requests } from '../requests.ts';

/** Letting go of a batch takes a second or two; it is asked for again after this. */
const LET_GO_MS = 30_000;

type Owner = { readonly requests: Requests; readonly partitions: ReadonlySet<string> };

export class Owners {
  #owners = new Map<string, Owner>();
  #partitions = new Map<string, TopicPartition>();
  #onChange: (partitions: readonly TopicPartition[]) => void;

  constructor(onChange: (partitions: readonly TopicPartition[]) => void) {
    this.#onChange = onChange;
  }

  laid(id: string, port: Port): void {
    const requests = this.#owners.get(id)?.requests ?? new Requests(id);
    requests.connect(port);
    this.#owners.set(id, { requests, partitions: new Set() });
  }

  lost(id: string): void {
    this.#owners.get(id)?.requests.connect(undefined);
    this.#owners.delete(id);
    this.#tell();
  }

  receive(id: string, message: LettingGo): void {
    const owner = this.#owners.get(id);
    if (owner === undefined) return;
    if (message.type === 'owns') {
      for (const place of message.partitions) this.#partitions.set(partitionKey(place), place);
      this.#owners.set(id, { ...owner, partitions: new Set(message.partitions.map(partitionKey)) });
      this.#tell();
      return;
    }
    const { error } = message;
    owner.requests.settle(message.id, error === null ? { value: true } : { error: fromWireError(error) });
  }

  /** Resolves when all is gone; throws when the owner is away, is another, or cannot now. */
  async letGo(place: TopicPartition, what: LetGo['what'], before: number): Promise<void> {
    const key = partitionKey(place);
    const owner = [...this.#owners.values()].find(({ partitions }) => partitions.has(key));
    if (owner === undefined) throw new AppError('unavailable', `Cannot let go of ${key} as its owner is away`);
    const { topic, partition } = place;
    await owner.requests.ask(
      (id) => ({ type: 'let-go', id, topic, partition, what, before }) satisfies LetGo,
      LET_GO_MS,
    );
  }

  #tell(): void {
    const owned = new Set([...this.#owners.values()].flatMap(({ partitions }) => [...partitions]));
    this.#onChange([...owned].map((key) => this.#partitions.get(key) as TopicPartition));
  }
}
