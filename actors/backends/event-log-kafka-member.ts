/**
 * Membership of a consumer group that lasts: a kafkajs consumer that ends, for whatever reason, is followed by a new
 * one after a pause. What the group gives is told at once, before anything of it is fetched, and all of it is paused.
 */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { TopicPartition } from '../../protocol/event.ts';
import { type Held, stickyAssigner } from './event-log-kafka-assigner.ts';
import { kafkaError, within } from './kafka-client.ts';

export type MemberOptions = {
  readonly kafka: Kafka;
  readonly group: string;
  readonly topics: readonly string[];
  /** Null: it is no member any more. */
  readonly assigned: (partitions: readonly TopicPartition[] | null) => void;
  readonly batch: (payload: EachBatchPayload) => void;
  /** Offsets [first, last] were fetched and hold no record. */
  readonly passed: (at: TopicPartition & { readonly first: number; readonly last: number }) => void;
  readonly waiting: (reason: string | null) => void;
};

/** A member that is gone for so long has lost its partitions; decision 6. */
const SESSION_MS = 6_000;
const HEARTBEAT_MS = 1_000;
/** Also how long a partition that goes on waits while all others stand: kafkajs sleeps so long then. */
const FETCH_WAIT_MS = 50;
/** As they stand in the log: zstd makes seven times as much of it. */
const PARTITION_BYTES = 256 * 1024;
/** What comes with one answer and is not compressed is decoded in one turn of the loop: some 15 ms. */
const FETCH_BYTES = 2 * 1024 * 1024;
const METADATA_MS = 60_000;
const PAUSE_MS = { first: 250, most: 4_000 };
const LEAVE_MS = 3_000;

export class GroupMembership {
  #options: MemberOptions;
  #consumer: Consumer | undefined;
  #held: Held = { owned: [], since: 0 };
  #pauseMs = PAUSE_MS.first;
  #closing = Promise.withResolvers<void>();
  #closed = false;
  #done: Promise<void> | undefined;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  join(): void {
    this.#done ??= this.#stay();
  }

  /** Fetches this partition from here on. */
  read({ topic, partition }: TopicPartition, offset: number): void {
    this.#consumer?.seek({ topic, partition, offset: String(offset) });
    this.resume({ topic, partition });
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#consumer?.pause(byTopic(partitions));
  }

  resume(partition: TopicPartition): void {
    this.#consumer?.resume(byTopic([partition]));
  }

  /** For tools that show lag; nothing rests on it, so a refusal is nobody's trouble. */
  async commit(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    const offsets = positions.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
    await this.#consumer?.commitOffsets(offsets).catch(() => undefined);
  }

  /** Leaves the group, so that the others have its partitions at once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    await this.#done;
  }

  async #stay(): Promise<void> {
    while (!this.#closed) {
      this.#options.waiting('');
      const reason = await this.#live();
      if (this.#closed) return;
      this.#options.waiting(reason);
      await Promise.race([new Promise((resolve) => setTimeout(resolve, this.#pauseMs)), this.#closing.promise]);
      this.#pauseMs = Math.min(PAUSE_MS.most, this.#pauseMs * 2);
    }
  }

  /** The life of one consumer; answers what ended it. */
  async #live(): Promise<string> {
    const { kafka, group, topics, batch } = this.#options;
    const consumer = kafka.consumer({
      groupId: group,
      partitionAssigners: [stickyAssigner(() => this.#held)],
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      maxBytesPerPartition: PARTITION_BYTES,
      metadataMaxAge: METADATA_MS,
      allowAutoTopicCreation: false,
      readUncommitted: false,
      // A consumer that has ended is replaced by a new one here, whatever ended it.
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    const ended = this.#listen(consumer);
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => batch(payload),
      });
      return await Promise.race([ended, this.#closing.promise.then(() => 'closed')]);
    } catch (thrown) {
      return kafkaError('join the group', thrown).message;
    } finally {
      this.#consumer = undefined;
      await within(LEAVE_MS, 'leave the group', consumer.disconnect()).catch(() => undefined);
      if (!this.#closed) this.#options.assigned(null);
    }
  }

  #listen(consumer: Consumer): Promise<string> {
    const { GROUP_JOIN, CRASH, END_BATCH_PROCESS } = consumer.events;
    // Called in the same turn as the answer to the join: what is paused here is not fetched before it is sought.
    consumer.on(GROUP_JOIN, ({ payload }) => {
      if (this.#consumer === consumer) this.#joined(payload.memberAssignment);
    });
    consumer.on(END_BATCH_PROCESS, ({ payload }) => {
      const { topic, partition, batchSize, firstOffset, lastOffset } = payload;
      if (batchSize > 0 || firstOffset === null) return;
      this.#options.passed({ topic, partition, first: Number(firstOffset), last: Number(lastOffset) });
    });
    return new Promise((resolve) => consumer.on(CRASH, ({ payload }) => resolve(payload.error.message)));
  }

  #joined(assignment: Readonly<Record<string, number[]>>): void {
    const partitions = Object.entries(assignment).flatMap(([topic, indices]) =>
      indices.map((partition) => ({ topic, partition })),
    );
    this.pause(partitions);
    this.#held = { owned: [...new Set(partitions.map(({ partition }) => partition))], since: Date.now() };
    this.#pauseMs = PAUSE_MS.first;
    this.#options.waiting(null);
    this.#options.assigned(partitions);
  }
}

function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, all]) => ({
    topic,
    partitions: all.map(({ partition }) => partition),
  }));
}
