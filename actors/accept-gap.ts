/** A person's word that what the log has lost is to be skipped: asked of the aggregator that owns the partition. */
import { AppError } from '../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../protocol/event.ts';
import type { KnownGap } from './group.ts';
import type { AcceptGap } from './window-aggregator/worker.ts';

const DEADLINE_MS = 10_000;

/** Throws where there is nothing that could be skipped. */
export function acceptable(partition: TopicPartition, gap: KnownGap | undefined): KnownGap {
  const key = partitionKey(partition);
  if (gap === undefined) throw new AppError('conflict', `Cannot accept a gap of ${key} as it has none`);
  if (gap.start > gap.offset) return gap;
  throw new AppError(
    'conflict',
    `Cannot accept a gap of ${key} as the log ends at ${gap.end}, before what is stored: ${gap.offset}`,
  );
}

export class Acceptances {
  #tell: (lane: number, body: AcceptGap) => void;
  #waiting = new Map<number, (accepted: boolean) => void>();
  #nextId = 1;

  constructor(tell: (lane: number, body: AcceptGap) => void) {
    this.#tell = tell;
  }

  /** Settles when the offsets are skipped and that is committed. */
  async ask({ lane, topic, partition, start: offset }: KnownGap): Promise<void> {
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const deadline = setTimeout(() => resolve(false), DEADLINE_MS);
    this.#waiting.set(id, resolve);
    this.#tell(lane, { type: 'accept-gap', id, topic, partition, offset });
    const accepted = await promise;
    clearTimeout(deadline);
    this.#waiting.delete(id);
    if (accepted) return;
    const key = partitionKey({ topic, partition });
    throw new AppError('unavailable', `Cannot accept the gap of ${key} as lane-${lane} does not own it now`);
  }

  answered(id: number, accepted: boolean): void {
    this.#waiting.get(id)?.(accepted);
  }
}
