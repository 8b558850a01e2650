/** Where a stream's records go: lines of NDJSON, or frames already routed to their topic-partition. */
import type { PartitionCounts } from '../../protocol/event.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { partitionOf } from '../../protocol/hash.ts';
import type { AppendRequest } from '../../protocol/message.ts';
import { routeCounts, TOPICS, type Topic, targetTopics } from '../../protocol/route.ts';
import { ByteWriter } from './byte-writer.ts';
import type { EventSink } from './core.ts';

const LINE_FEED = 10;

/** Collects lines until they are taken. */
export class LineSink implements EventSink {
  readonly out = new ByteWriter();
  /** Records beyond this many are dropped. */
  #left: number;

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#left = most;
  }

  record(_topic: Topic, start: number): void {
    if (this.#left <= 0) {
      this.out.length = start;
      return;
    }
    this.#left--;
    this.out.ensure();
    this.out.byte(LINE_FEED);
  }

  /** The lines so far, in a buffer of their own. */
  take(): Uint8Array<ArrayBuffer> {
    const lines = this.out.bytes.slice(0, this.out.length);
    this.out.length = 0;
    return lines;
  }
}

/** Collects frames by topic-partition until they are taken. */
export class FrameSink implements EventSink {
  readonly out = new ByteWriter();
  readonly #counts: Readonly<Record<Topic, number>>;
  readonly #targets: Readonly<Record<Topic, string>>;
  readonly #writers: ReadonlyMap<Topic, readonly FrameWriter[]>;

  constructor(partitions: PartitionCounts, topics: readonly string[] = TOPICS) {
    this.#targets = targetTopics(topics);
    this.#counts = routeCounts(topics, partitions);
    this.#writers = new Map(
      TOPICS.map((topic) => [topic, Array.from({ length: this.#counts[topic] }, () => new FrameWriter())]),
    );
  }

  /** Bytes collected. */
  get byteLength(): number {
    let bytes = 0;
    for (const writers of this.#writers.values()) for (const writer of writers) bytes += writer.byteLength;
    return bytes;
  }

  record(topic: Topic, start: number, keyStart: number, keyEnd: number): void {
    const { out } = this;
    const partition = partitionOf(out.bytes.subarray(keyStart, keyEnd), this.#counts[topic]);
    this.#writers.get(topic)?.[partition]?.add(out.bytes.subarray(start, out.length));
    out.length = start;
  }

  /** What was collected, ready to be appended; only topic-partitions that got something. */
  take(): AppendRequest['appends'] {
    return [...this.#writers].flatMap(([topic, writers]) =>
      writers.flatMap((writer, partition) => {
        const { count } = writer;
        if (count === 0) return [];
        return [{ topic: this.#targets[topic], partition, count, frames: writer.take() }];
      }),
    );
  }
}
