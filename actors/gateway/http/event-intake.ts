/**
 * `POST /events`: lines of NDJSON as they stream in, each routed to its topic-partition, appended together and durable
 * when answered. Nothing of a body is appended before all of it is here, so a refused body leaves nothing behind.
 */
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../../protocol/errors.ts';
import { LIMITS, type PartitionCounts, partitionKey, type TopicPartition } from '../../../protocol/event.ts';
import { FrameWriter } from '../../../protocol/frames.ts';
import { type Line, LineSplitter } from '../../../protocol/lines.ts';
import type { AppendRequest, Offset } from '../../../protocol/message.ts';
import { route, routeCounts, targetTopics } from '../../../protocol/route.ts';
import { entryOf } from '../entry.ts';

export const MOST_BODY_BYTES = 16 * 1024 * 1024;
/** Bodies under way at any time, all together: above this the next one is asked to come again. */
const MOST_BYTES_UNDER_WAY = 64 * 1024 * 1024;
const FIRST_FRAMES_BYTES = 16 * 1024;
/** Lines are read for so long at a stretch; the clock is looked at every so many. */
const TURN_MS = 5;
const LINES_BETWEEN_LOOKS = 128;

export type Rejected = { readonly line: number; readonly reason: string };
export type Taken = { readonly accepted: number; readonly rejected: readonly Rejected[] };

export type IntakeOptions = {
  readonly topics: readonly string[];
  readonly partitions: PartitionCounts;
  readonly append: (appends: AppendRequest['appends']) => Promise<readonly number[]>;
  /** The log reaches this far now. */
  readonly onEnds: (ends: readonly Offset[]) => void;
  readonly mostBytesUnderWay?: number;
};

type Batch = TopicPartition & { readonly frames: FrameWriter };

export class EventIntake {
  #options: IntakeOptions;
  #bytes = 0;
  #accepted = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  get bytesUnderWay(): number {
    return this.#bytes;
  }

  /** Events accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** `declared` is the Content-Length, when there is one. */
  async take(body: AsyncIterable<Uint8Array>, declared: number | undefined): Promise<Taken> {
    if ((declared ?? 0) > MOST_BODY_BYTES) throw tooLarge();
    this.#checkPressure(declared ?? 0);
    const collected = new Collected(this.#options);
    let length = 0;
    try {
      for await (const chunk of body) {
        length += chunk.length;
        this.#bytes += chunk.length;
        if (length > MOST_BODY_BYTES) throw tooLarge();
        // Many that began together were none of them too many when they said how long they are.
        if (this.#bytes > length) this.#checkPressure(0);
        await collected.push(chunk);
      }
      return await this.#append(collected);
    } finally {
      this.#bytes -= length;
    }
  }

  async #append(collected: Collected): Promise<Taken> {
    const appends = collected.end();
    if (appends.length > 0) {
      const firsts = await this.#options.append(appends);
      this.#options.onEnds(
        appends.map(({ topic, partition, count }, at) => ({ topic, partition, offset: (firsts[at] ?? 0) + count })),
      );
    }
    this.#accepted += collected.accepted;
    return { accepted: collected.accepted, rejected: collected.rejected };
  }

  /** One body alone is always taken. */
  #checkPressure(more: number): void {
    const most = this.#options.mostBytesUnderWay ?? MOST_BYTES_UNDER_WAY;
    if (this.#bytes === 0 || this.#bytes + more <= most) return;
    throw new AppError(
      'too-many-requests',
      `Cannot take more events now as ${this.#bytes} bytes are under way: try again`,
      {
        retryable: true,
      },
    );
  }
}

/** The lines of one body, by topic-partition, in their order. */
class Collected {
  accepted = 0;
  readonly rejected: Rejected[] = [];
  #counts: ReturnType<typeof routeCounts>;
  #targets: ReturnType<typeof targetTopics>;
  #lines = new LineSplitter();
  #batches = new Map<string, Batch>();
  #sinceTurn = 0;
  #turnBegan = performance.now();

  constructor(options: IntakeOptions) {
    this.#counts = routeCounts(options.topics, options.partitions);
    this.#targets = targetTopics(options.topics);
  }

  /** Millions of tiny broken lines cost seconds: others get their turn meanwhile. */
  async push(chunk: Uint8Array): Promise<void> {
    for (const line of this.#lines.push(chunk)) {
      this.#add(line);
      if (++this.#sinceTurn < LINES_BETWEEN_LOOKS) continue;
      this.#sinceTurn = 0;
      if (performance.now() - this.#turnBegan < TURN_MS) continue;
      await setImmediate();
      this.#turnBegan = performance.now();
    }
  }

  end(): AppendRequest['appends'] {
    for (const line of this.#lines.end()) this.#add(line);
    return [...this.#batches.values()].map(({ topic, partition, frames }) => {
      const { count } = frames;
      return { topic, partition, count, frames: frames.take() };
    });
  }

  #add({ bytes, number, tooLarge }: Line): void {
    if (tooLarge) {
      this.rejected.push({ line: number, reason: 'too-large' });
      return;
    }
    this.accepted++;
    this.#batchOf(bytes).frames.add(bytes);
  }

  #batchOf(record: Uint8Array): Batch {
    const routed = route(record, this.#counts);
    const topic = this.#targets[routed.topic];
    const key = partitionKey({ topic, partition: routed.partition });
    return entryOf(this.#batches, key, () => ({
      topic,
      partition: routed.partition,
      frames: new FrameWriter(FIRST_FRAMES_BYTES),
    }));
  }
}

function tooLarge(): AppError {
  return new AppError(
    'too-large',
    `Cannot take a body of more than ${MOST_BODY_BYTES} bytes: send it in parts (a line may have ${LIMITS.recordBytes})`,
  );
}
