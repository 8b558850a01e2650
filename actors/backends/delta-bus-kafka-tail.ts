/** One reader of the bus's topic: a kafkajs consumer in a group that nobody else is in, from an offset of our own. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { BusHandlers } from '../ports/delta-bus.ts';

export type TailOptions = {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly groupId: string;
  /** Goes on here where the topic still has it; undefined = at its end. */
  readonly from: bigint | undefined;
};

const MAX_WAIT_MS = 100;
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
/** What this process has published must be heard by then, or the reader is taken for dead. */
const SILENCE_MS = 15_000;
const CLOSE_MS = 2_000;

export class KafkaTail {
  #options: TailOptions;
  #consumer: Consumer;
  #next: bigint | undefined;
  #reaches = 0n;
  #heardAt = performance.now();
  #ended = Promise.withResolvers<void>();
  #watch: NodeJS.Timeout | undefined;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#next = options.from;
    this.#consumer = options.kafka.consumer({
      groupId: options.groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      // A new reader with a new group is simpler than one that may or may not have come back.
      retry: { retries: 3, restartOnFailure: async () => false },
    });
    // Whether anybody waits for the end by then is another matter.
    this.#ended.promise.catch(() => undefined);
  }

  /** The offset that is read next; undefined before it is known. */
  get next(): bigint | undefined {
    return this.#next;
  }

  /** The topic is known to reach this far. */
  reaches(offset: bigint): void {
    if (offset > this.#reaches) this.#reaches = offset;
  }

  /** Once; reads until closed; fails when it cannot go on. */
  async run(handlers: BusHandlers): Promise<void> {
    const { topic } = this.#options;
    this.#next = await this.#startOffset();
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [topic] });
    let joined = false;
    this.#consumer.on('consumer.group_join', () => {
      this.#consumer.seek({ topic, partition: 0, offset: String(this.#next) });
      if (!joined) handlers.onFollowing();
      joined = true;
    });
    this.#consumer.on('consumer.crash', ({ payload }) => this.#ended.reject(payload.error));
    this.#watch = setInterval(() => this.#lookForSilence(), SILENCE_MS / 3);
    await this.#consumer.run({ autoCommit: false, eachBatch: async (payload) => this.#take(payload, handlers) });
    await this.#ended.promise;
  }

  /** The group goes too, as far as the broker can be reached in time. */
  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#ended.resolve();
    const { kafka, groupId } = this.#options;
    const leave = async () => {
      await this.#consumer.disconnect();
      const admin = kafka.admin({ retry: { retries: 0 } });
      await admin.connect();
      await admin.deleteGroups([groupId]).finally(() => admin.disconnect());
    };
    const limit = new AbortController();
    await Promise.race([leave().catch(() => undefined), wait(CLOSE_MS, undefined, limit).catch(() => undefined)]);
    limit.abort();
  }

  #take({ batch }: EachBatchPayload, handlers: BusHandlers): void {
    this.#heardAt = performance.now();
    for (const { key, value, offset } of batch.messages) {
      const at = BigInt(offset);
      if (batch.partition !== 0 || at < (this.#next ?? 0n)) continue;
      this.#next = at + 1n;
      if (key !== null && value !== null) handlers.onMessage({ key: key.toString(), value });
    }
  }

  /** Where a topic was made anew, or has let go of what came next, its end is as good as any place. */
  async #startOffset(): Promise<bigint> {
    const { kafka, topic, from } = this.#options;
    const admin = kafka.admin();
    await admin.connect();
    try {
      const { low = '0', high = '0' } = (await admin.fetchTopicOffsets(topic)).find((at) => at.partition === 0) ?? {};
      const inside = from !== undefined && from >= BigInt(low) && from <= BigInt(high);
      return inside ? from : BigInt(high);
    } finally {
      await admin.disconnect();
    }
  }

  /** kafkajs may stop reading without a word: what this process has published must come back. */
  #lookForSilence(): void {
    if (this.#reaches <= (this.#next ?? 0n) || performance.now() - this.#heardAt < SILENCE_MS) return;
    this.#ended.reject(new Error(`Nothing was heard for ${SILENCE_MS} ms although the topic has grown`));
  }
}
