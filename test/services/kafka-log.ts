/** A log on Kafka for tests: topics of their own that the test calls by short names, and sources that are in their group. */
import { randomBytes } from 'node:crypto';
import { type KafkaLogOptions, KafkaLogWriter } from '../../actors/backends/event-log-kafka.ts';
import { KafkaLogSource } from '../../actors/backends/event-log-kafka-source.ts';
import { prepareTopics } from '../../actors/backends/kafka-topics.ts';
import type { LogSource, LogWriter, SourceEvents } from '../../actors/ports/event-log.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { LogGap } from '../../protocol/message.ts';
import { until } from '../system/exactness.ts';
import { removeTopics, withAdmin } from './kafka-place.ts';
import { address } from './servers.ts';

const JOIN_MS = 30_000;

export class KafkaTestLog {
  readonly mark = `t-kafka-${randomBytes(4).toString('hex')}`;
  readonly gaps: LogGap[] = [];
  readonly topics: readonly string[];
  readonly kafka = { brokers: address('KAFKA_BROKERS').split(','), ssl: false };
  readonly counts: Readonly<Record<string, number>>;
  #open: { close(): Promise<void> }[] = [];

  private constructor(counts: Readonly<Record<string, number>>) {
    this.topics = Object.keys(counts).map((topic) => this.long(topic));
    this.counts = Object.fromEntries(Object.entries(counts).map(([topic, count]) => [this.long(topic), count]));
  }

  static async make(counts: Readonly<Record<string, number>>): Promise<KafkaTestLog> {
    const log = new KafkaTestLog(counts);
    for (const [topic, count] of Object.entries(log.counts)) await prepareTopics(log.kafka, [topic], count);
    return log;
  }

  long(topic: string): string {
    return `${this.mark}-${topic}`;
  }

  #short<T extends TopicPartition>(at: T): T {
    return { ...at, topic: at.topic.slice(this.mark.length + 1) };
  }

  writer(options: KafkaLogOptions = {}): LogWriter {
    const writer = new KafkaLogWriter(this, options);
    this.#open.push(writer);
    return {
      append: (appends) => writer.append(appends.map((append) => ({ ...append, topic: this.long(append.topic) }))),
      retain: () => writer.retain(),
      extents: async () => (await writer.extents()).map((extent) => this.#short(extent)),
      close: () => writer.close(),
    };
  }

  /** A member of the group; what it is given is told to `assigned` by short names. */
  member(group: string, events: Partial<SourceEvents> = {}): LogSource {
    const source = new KafkaLogSource({ ...this, group: `${this.mark}-${group}` });
    this.#open.push(source);
    source.join({
      assigned: (partitions) => events.assigned?.(partitions === null ? null : partitions.map((at) => this.#short(at))),
      arrived: () => events.arrived?.(),
      gap: (gap) => {
        this.gaps.push(this.#short(gap));
        events.gap?.(this.#short(gap));
      },
      waiting: (reason) => events.waiting?.(reason),
    });
    return {
      seek: (positions) => source.seek(positions.map((at) => ({ ...at, topic: this.long(at.topic) }))),
      take: async (maxBytes) => {
        const chunk = await source.take(maxBytes);
        return chunk && this.#short(chunk);
      },
      notify: (ends) => source.notify(ends.map((at) => ({ ...at, topic: this.long(at.topic) }))),
      refresh: () => source.refresh(),
      consumed: (positions) => source.consumed(positions.map((at) => ({ ...at, topic: this.long(at.topic) }))),
      extents: async () => (await source.extents()).map((extent) => this.#short(extent)),
      close: () => source.close(),
    };
  }

  /** Alone in a group of its own, once it has all partitions. */
  async source(): Promise<LogSource> {
    let given = new Set<string>();
    const source = this.member(randomBytes(4).toString('hex'), {
      assigned: (partitions) => {
        given = new Set(partitions?.map(partitionKey));
      },
    });
    const all = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    await until('all partitions assigned', JOIN_MS, async () => ({ done: given.size === all, state: [...given] }));
    return source;
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((open) => open.close()));
    await removeTopics(this.mark);
  }
}

/** What a tool that shows lag sees of the first partition. */
export function committedOffset(topic: string, groupId: string): Promise<string | undefined> {
  return withAdmin(async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return found?.partitions.find(({ partition }) => partition === 0)?.offset;
  });
}

/** The log lets go of everything below this offset, as it does when records are too old. */
export function expire(topic: string, partition: number, offset: number): Promise<void> {
  return withAdmin(async (admin) => {
    // Without this kafkajs does not know the topic.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });
}
