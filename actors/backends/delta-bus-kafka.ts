/**
 * The delta bus on Kafka: a compacted topic of one partition, `<group>-partials`, which every process reads whole from
 * where it ended when the process began to listen. kafkajs cannot read without a group, so each reader has one of its
 * own that is thrown away; nothing is ever committed to it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kafka, Producer } from 'kafkajs';
import type { BusHandlers, BusMessage, DeltaBus } from '../ports/delta-bus.ts';
import { KafkaTail } from './delta-bus-kafka-tail.ts';
import { CompressionTypes, connectKafka, kafkaError, within } from './kafka-client.ts';
import type { KafkaConfig } from './kafka-config.ts';

/** A broker takes a batch of 1 MB by default, and what is sent together to a partition is one batch. */
const MOST_BYTES = 256 * 1024;
const MOST_BATCH_BYTES = 768 * 1024;
/** Longer than that, and what is told is old anyway: the lanes gather what changes meanwhile. */
const SEND_MS = 10_000;
const CLOSE_MS = 2_500;
/** Small segments, so that compaction keeps up; and nothing is worth keeping for long: the store has it all. */
const TOPIC_SETTINGS = [
  { name: 'cleanup.policy', value: 'compact,delete' },
  { name: 'segment.bytes', value: String(32 * 1024 * 1024) },
  { name: 'segment.ms', value: String(10 * 60_000) },
  { name: 'retention.ms', value: String(60 * 60_000) },
  { name: 'min.cleanable.dirty.ratio', value: '0.1' },
];
const LEAST_RETRY_MS = 200;
const MOST_RETRY_MS = 3_000;

export class KafkaDeltaBus implements DeltaBus {
  readonly mostBytes = MOST_BYTES;
  readonly topic: string;
  #group: string;
  #kafka: Kafka;
  #producer: Promise<Producer> | undefined;
  #tail: KafkaTail | undefined;
  #closed = new AbortController();
  #following: Promise<void> | undefined;
  /** Where the next reader goes on; undefined = at the end. */
  #next: bigint | undefined;

  constructor(config: KafkaConfig, group: string) {
    this.topic = `${group}-partials`;
    this.#group = group;
    this.#kafka = connectKafka(config);
  }

  /** kafkajs may go on with a connection that is dead: after a failure it gets a new producer. */
  async publish(messages: readonly BusMessage[]): Promise<void> {
    this.#producer ??= this.#newProducer();
    const producer = this.#producer;
    try {
      await within(SEND_MS, 'tell other processes', this.#send(producer, messages));
    } catch (thrown) {
      if (this.#producer === producer) this.#producer = undefined;
      void disconnect(producer);
      throw kafkaError('tell other processes', thrown);
    }
  }

  follow(handlers: BusHandlers): void {
    this.#following = this.#keepFollowing(handlers);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const producer = this.#producer && disconnect(this.#producer);
    await Promise.race([
      Promise.allSettled([this.#tail?.close(), producer, this.#following]),
      wait(CLOSE_MS, undefined, { ref: false }),
    ]);
  }

  async #newProducer(): Promise<Producer> {
    await this.#ensureTopic();
    const producer = this.#kafka.producer({ allowAutoTopicCreation: false, maxInFlightRequests: 1 });
    await producer.connect();
    return producer;
  }

  async #send(made: Promise<Producer>, messages: readonly BusMessage[]): Promise<void> {
    const producer = await made;
    for (const batch of batchesOf(messages)) {
      const sent = await producer.send({
        topic: this.topic,
        acks: -1,
        compression: CompressionTypes.ZSTD,
        messages: batch.map(({ key, value }) => ({ key, value: asBuffer(value), partition: 0 })),
      });
      const base = sent[0]?.baseOffset;
      if (base !== undefined) this.#tail?.reaches(BigInt(base) + BigInt(batch.length));
    }
  }

  /** Reader after reader, each going on where the one before ended, until closed. */
  async #keepFollowing(handlers: BusHandlers): Promise<void> {
    const { signal } = this.#closed;
    let retryMs = LEAST_RETRY_MS;
    const onFollowing = () => {
      retryMs = LEAST_RETRY_MS;
      handlers.onFollowing();
    };
    while (!signal.aborted) {
      const groupId = `${this.#group}-partials-${randomUUID()}`;
      const tail = new KafkaTail({ kafka: this.#kafka, topic: this.topic, groupId, from: this.#next });
      this.#tail = tail;
      try {
        await this.#ensureTopic();
        await tail.run({ ...handlers, onFollowing });
      } catch (thrown) {
        if (!signal.aborted) handlers.onTrouble(kafkaError('hear other processes', thrown));
      }
      this.#next = tail.next;
      await tail.close();
      await wait(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, MOST_RETRY_MS);
    }
  }

  async #ensureTopic(): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      await admin.connect();
      const topics = await admin.listTopics();
      if (topics.includes(this.topic)) return;
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic: this.topic, numPartitions: 1, replicationFactor: -1, configEntries: TOPIC_SETTINGS }],
      });
    } finally {
      await admin.disconnect();
    }
  }
}

async function disconnect(producer: Promise<Producer>): Promise<void> {
  await producer.then((made) => made.disconnect()).catch(() => undefined);
}

/** In order, each small enough for a broker. */
function* batchesOf(messages: readonly BusMessage[]): Generator<BusMessage[]> {
  let batch: BusMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (batch.length > 0 && bytes + message.value.length > MOST_BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += message.value.length + 100;
  }
  if (batch.length > 0) yield batch;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
