/** The topics on Kafka: made where they are missing, how many partitions each has, and how far each reaches. */
import type { Admin } from 'kafkajs';
import { AppError } from '../../protocol/errors.ts';
import type { LogExtent } from '../ports/event-log.ts';
import { connectKafka, kafkaError, within } from './kafka-client.ts';
import type { KafkaConfig } from './kafka-config.ts';

/** A record of 1 MiB and its key must fit. */
const MESSAGE_BYTES = 2 * 1024 * 1024;
const CALL_MS = 10_000;
const SERVED_MS = 8_000;
const LOOK_MS = 50;

/** Makes the topics that are missing, with so many partitions; those that are there keep theirs. Answers how many each has. */
export async function prepareTopics(
  config: KafkaConfig,
  topics: readonly string[],
  partitions: number,
): Promise<Readonly<Record<string, number>>> {
  const prepared = withAdmin(config, 'check the topics', async (admin) => {
    const present = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !present.has(topic));
    if (missing.length > 0) await create(admin, missing, partitions);
    return untilServed(admin, topics);
  });
  return prepared.catch((thrown: unknown) => {
    throw thrown instanceof AppError && thrown.code === 'unavailable' ? unreachable(config, thrown) : thrown;
  });
}

/** Before anything is started a server that is not there is a mistake of the configuration. */
function unreachable({ brokers }: KafkaConfig, cause: AppError): AppError {
  return new AppError(
    'bad-config',
    `Cannot start as KAFKA_BROKERS must name brokers that answer: ${brokers.join(',')} does not (${cause.message})`,
    { field: 'kafkaBrokers', cause },
  );
}

/** Another process may make them at the same time: then they are there as well. */
async function create(admin: Admin, topics: readonly string[], partitions: number): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: String(MESSAGE_BYTES) }];
  await admin.createTopics({
    // kafkajs takes a broker that has not heard of the new topic yet for a failure.
    waitForLeaders: false,
    topics: topics.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: -1, configEntries })),
  });
}

/** New topics have leaders a moment after they were made. */
async function untilServed(admin: Admin, topics: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const deadline = performance.now() + SERVED_MS;
  for (;;) {
    try {
      const counts = await countsOf(admin, topics);
      await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)));
      return counts;
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

/** How many partitions the topics have that are there. */
export function readTopicCounts(
  config: KafkaConfig,
  topics: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  return withAdmin(config, 'read the topics', async (admin) => {
    const present = new Set(await admin.listTopics());
    return countsOf(
      admin,
      topics.filter((topic) => present.has(topic)),
    );
  });
}

async function countsOf(admin: Admin, topics: readonly string[]): Promise<Readonly<Record<string, number>>> {
  if (topics.length === 0) return {};
  const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
  const counts = new Map(found.map(({ name, partitions }) => [name, partitions.length]));
  return Object.fromEntries(topics.map((topic) => [topic, counts.get(topic) ?? 0]));
}

/** Asks how far topics reach, over one connection that is made anew after a failure. */
export class KafkaExtents {
  #config: KafkaConfig;
  #admin: Admin | undefined;

  constructor(config: KafkaConfig) {
    this.#config = config;
  }

  async read(topics: readonly string[]): Promise<readonly LogExtent[]> {
    const admin = await this.#connected();
    try {
      const all = await within(
        CALL_MS,
        'read the ends of the topics',
        Promise.all(topics.map(async (topic) => extentsOf(admin, topic))),
      );
      return all.flat();
    } catch (thrown) {
      await this.close();
      throw kafkaError('read the ends of the topics', thrown);
    }
  }

  async #connected(): Promise<Admin> {
    if (this.#admin !== undefined) return this.#admin;
    const admin = connectKafka(this.#config).admin();
    try {
      await within(CALL_MS, 'reach Kafka', admin.connect());
    } catch (thrown) {
      void admin.disconnect().catch(() => undefined);
      throw kafkaError('reach Kafka', thrown);
    }
    this.#admin = admin;
    return admin;
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.disconnect().catch(() => undefined);
  }
}

async function extentsOf(admin: Admin, topic: string): Promise<LogExtent[]> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.map(({ partition, low, high }) => ({ topic, partition, start: Number(low), end: Number(high) }));
}

export async function readKafkaExtents(config: KafkaConfig, topics: readonly string[]): Promise<readonly LogExtent[]> {
  const reader = new KafkaExtents(config);
  try {
    return await reader.read(topics);
  } finally {
    await reader.close();
  }
}

async function withAdmin<T>(config: KafkaConfig, action: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = connectKafka(config).admin();
  try {
    await within(CALL_MS, `reach Kafka at ${config.brokers.join(',')}`, admin.connect());
    return await within(CALL_MS, action, work(admin));
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw kafkaError(`${action} at ${config.brokers.join(',')}`, thrown);
  } finally {
    void admin.disconnect().catch(() => undefined);
  }
}
