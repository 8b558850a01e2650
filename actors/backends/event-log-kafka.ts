/**
 * The writer of a log on Kafka: an idempotent producer, all replicas, one call at a time. After any failure that leaves
 * open what the broker has, the producer is thrown away: its sequence numbers could make the broker take new records
 * for ones that it has already.
 */
import type { Producer, RecordMetadata } from 'kafkajs';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { Append, LogExtent, LogWriter } from '../ports/event-log.ts';
import { type Place, type Plan, planSends, type Send } from './event-log-kafka-records.ts';
import { CompressionTypes, connectKafka, kafkaError, within } from './kafka-client.ts';
import type { KafkaConfig } from './kafka-config.ts';
import { KafkaExtents } from './kafka-topics.ts';

export type KafkaLogConfig = {
  readonly kafka: KafkaConfig;
  readonly topics: readonly string[];
  /** Partitions by topic. */
  readonly counts: Readonly<Record<string, number>>;
};

export type KafkaLogOptions = {
  readonly now?: () => number;
  readonly appendMs?: number;
  /** Asked before each send: of a writer whose successor may be at work nothing is to go out any more. */
  readonly givenUp?: () => boolean;
};

/** Whoever asked over HTTP waits 15 s at most. */
const APPEND_MS = 10_000;
const CLOSE_MS = 2_000;

export class KafkaLogWriter implements LogWriter {
  #config: KafkaLogConfig;
  #now: () => number;
  #appendMs: number;
  #givenUp: () => boolean;
  #producer: Producer | undefined;
  #extents: KafkaExtents;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(config: KafkaLogConfig, options: KafkaLogOptions = {}) {
    const { now = Date.now, appendMs = APPEND_MS, givenUp = () => false } = options;
    this.#config = config;
    this.#now = now;
    this.#appendMs = appendMs;
    this.#givenUp = givenUp;
    this.#extents = new KafkaExtents(config.kafka);
  }

  /** One call after the other: a second one under way would reuse the sequence numbers of one that fails. */
  append(appends: readonly Append[]): Promise<readonly number[]> {
    const done = this.#turn.then(() => this.#append(appends));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(appends: readonly Append[]): Promise<readonly number[]> {
    const plan = planSends(appends, this.#config.counts, this.#now());
    try {
      const bases = await within(this.#appendMs, 'append to Kafka', this.#send(plan));
      return plan.places.map((place) => offsetOf(place, bases));
    } catch (thrown) {
      this.#giveUpProducer();
      throw kafkaError('append', thrown);
    }
  }

  /** Answers the first offset of each send, by topic-partition. The next sends of all go out together. */
  async #send({ sends }: Plan): Promise<Map<string, number[]>> {
    const producer = await this.#connected();
    const bases = new Map<string, number[]>([...sends.keys()].map((key) => [key, []]));
    const rounds = Math.max(0, ...[...sends.values()].map(({ length }) => length));
    for (let round = 0; round < rounds; round++) {
      if (this.#givenUp())
        throw new AppError('fenced', 'Cannot append to Kafka as this log-writer was terminated: its successor appends');
      const due = [...sends.values()].flatMap((all) => all[round] ?? []);
      const told = await producer.sendBatch({
        acks: -1,
        compression: CompressionTypes.ZSTD,
        topicMessages: byTopic(due),
      });
      for (const metadata of told) bases.get(keyOf(metadata))?.push(Number(metadata.baseOffset));
    }
    return bases;
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = connectKafka(this.#config.kafka).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 10 },
    });
    this.#producer = producer;
    await producer.connect();
    return producer;
  }

  #giveUpProducer(): void {
    const producer = this.#producer;
    this.#producer = undefined;
    void producer?.disconnect().catch(() => undefined);
  }

  /** Kafka lets go of records by its own rules. */
  async retain(): Promise<number> {
    return 0;
  }

  extents(): Promise<readonly LogExtent[]> {
    return this.#extents.read(this.#config.topics);
  }

  async close(): Promise<void> {
    await this.#turn;
    const ended = Promise.all([this.#producer?.disconnect(), this.#extents.close()]);
    await within(CLOSE_MS, 'leave Kafka', ended).catch(() => undefined);
  }
}

function byTopic(sends: readonly Send[]): { topic: string; messages: Send['messages'][number][] }[] {
  return [...Map.groupBy(sends, ({ topic }) => topic)].map(([topic, all]) => ({
    topic,
    messages: all.flatMap(({ messages }) => messages),
  }));
}

function keyOf({ topicName, partition }: RecordMetadata): string {
  return partitionKey({ topic: topicName, partition });
}

function offsetOf(place: Place | undefined, bases: ReadonlyMap<string, readonly number[]>): number {
  if (place === undefined) return 0;
  return (bases.get(place.key)?.[place.send] ?? 0) + place.index;
}
