/**
 * What waits to be appended, who asked for it, and what each is told. Everything that came in while the last commit
 * ran goes into the next one: the more load, the larger the group.
 */
import { AppError, toWireError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { AppendReply, AppendRequest, Offset } from '../../protocol/message.ts';

/** Above this the log's disk does not keep up; producers are told so instead of filling the memory. */
const QUEUE_BYTES = 64 * 1024 * 1024;
/** One commit of this size takes some 20 ms: the answers of small requests do not wait for all of a large queue. */
const GROUP_BYTES = 8 * 1024 * 1024;

type Queued<Producer> = {
  readonly producer: Producer;
  readonly request: AppendRequest;
  readonly bytes: number;
  readonly at: number;
};

export type Told<Producer> = { readonly producer: Producer; readonly reply: AppendReply };

export class AppendQueue<Producer> {
  #queue: Queued<Producer>[] = [];
  #bytes = 0;
  #closed = false;
  /** What may wait. */
  mostBytes: number;
  #groupBytes: number;

  constructor(limits = { queueBytes: QUEUE_BYTES, groupBytes: GROUP_BYTES }) {
    this.mostBytes = limits.queueBytes;
    this.#groupBytes = limits.groupBytes;
  }

  get depth(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest that waits came in; `now` when nothing waits. */
  oldest(now: number): number {
    return this.#queue[0]?.at ?? now;
  }

  /** Queues the request, or answers the refusal. A single request larger than the queue is taken when nothing waits. */
  offer(producer: Producer, request: AppendRequest, now: number): AppendReply | undefined {
    if (this.#closed) return failed(request, new AppError('unavailable', 'Cannot append as the log is being closed'));
    const bytes = request.appends.reduce((sum, { frames }) => sum + frames.length, 0);
    if (this.#bytes > 0 && this.#bytes + bytes > this.mostBytes) {
      const text = `Cannot append as at most ${this.mostBytes} bytes may wait for the log: ${this.#bytes} wait`;
      return failed(request, new AppError('too-many-requests', text, { retryable: true }));
    }
    this.#queue.push({ producer, request, bytes, at: now });
    this.#bytes += bytes;
    return undefined;
  }

  /** Takes nothing new from now on; what waits stays to be taken. */
  close(): void {
    this.#closed = true;
  }

  /** The next requests for one commit, oldest first; at least one when any waits. */
  takeGroup(): AppendGroup<Producer> {
    let bytes = 0;
    let count = 0;
    for (const queued of this.#queue) {
      if (count > 0 && bytes + queued.bytes > this.#groupBytes) break;
      bytes += queued.bytes;
      count++;
    }
    this.#bytes -= bytes;
    return new AppendGroup(this.#queue.splice(0, count));
  }
}

/** Requests that go into the log with one commit. */
export class AppendGroup<Producer> {
  readonly appends: AppendRequest['appends'];
  readonly records: number;
  readonly bytes: number;
  #queued: readonly { readonly producer: Producer; readonly request: AppendRequest }[];

  constructor(queued: readonly { readonly producer: Producer; readonly request: AppendRequest }[]) {
    this.#queued = queued;
    this.appends = queued.flatMap(({ request }) => request.appends);
    this.records = this.appends.reduce((sum, { count }) => sum + count, 0);
    this.bytes = this.appends.reduce((sum, { frames }) => sum + frames.length, 0);
  }

  get size(): number {
    return this.#queued.length;
  }

  /** Each request alone: when one of them is broken the others must not suffer. */
  singly(): AppendGroup<Producer>[] {
    return this.#queued.map((queued) => new AppendGroup([queued]));
  }

  /** Given the first offset of each append, in order. */
  appended(firsts: readonly number[]): Told<Producer>[] {
    let at = 0;
    return this.#queued.map(({ producer, request }) => {
      const offsets = firsts.slice(at, at + request.appends.length);
      at += request.appends.length;
      return { producer, reply: { type: 'appended', id: request.id, offsets } };
    });
  }

  failed(thrown: unknown): Told<Producer>[] {
    return this.#queued.map(({ producer, request }) => ({ producer, reply: failed(request, thrown) }));
  }

  /** How far the log reaches now, of the topic-partitions that have grown. */
  ends(firsts: readonly number[]): Offset[] {
    const ends = new Map<string, Offset>();
    this.appends.forEach(({ topic, partition, count }, index) => {
      if (count === 0) return;
      ends.set(partitionKey({ topic, partition }), { topic, partition, offset: (firsts[index] as number) + count });
    });
    return [...ends.values()];
  }
}

export function failed(request: AppendRequest, thrown: unknown): AppendReply {
  return { type: 'append-failed', id: request.id, error: toWireError(thrown) };
}

/** What every lane has committed: below these offsets the log may let go. */
export class ConsumedPositions {
  #positions = new Map<string, Offset>();
  #news = false;

  note(positions: readonly Offset[]): void {
    for (const position of positions) {
      const key = partitionKey(position);
      if ((this.#positions.get(key)?.offset ?? -1) >= position.offset) continue;
      this.#positions.set(key, position);
      this.#news = true;
    }
  }

  /** All of them when something is new since the last call. */
  takeNews(): readonly Offset[] | undefined {
    if (!this.#news) return undefined;
    this.#news = false;
    return [...this.#positions.values()];
  }
}
