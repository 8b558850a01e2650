/** Topics of a test: made, filled and read without the product. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs, { type Kafka } from 'kafkajs';
import type { LogRecord } from '../model/log.ts';
import { placeOf } from '../model/model.ts';
import { until } from '../system/exactness.ts';
import { address } from './servers.ts';

/** Records a request; large enough for speed, small enough for the broker's limit of 1 MB with hostile records. */
const BATCH = 500;
const BATCH_BYTES = 500_000;
const RETRIES = 20;
/** A killed member keeps its group alive for its session timeout. */
const GROUP_LEFT_MS = 20_000;
const CREATED_MS = 20_000;
const READ_LIMIT_MS = 120_000;

/** What pulso writes is compressed; its own codec is not to be leant on here. */
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async (buffer: Buffer) => zstdDecompressSync(buffer),
});

function client(): Kafka {
  return new kafkajs.Kafka({
    clientId: 'pulso-test',
    brokers: address('KAFKA_BROKERS').split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: RETRIES, initialRetryTime: 100, maxRetryTime: 2000 },
  });
}

export async function withAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = client().admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

export async function createTopics(topics: readonly string[], partitions: number): Promise<void> {
  await withAdmin(async (admin) => {
    await admin.createTopics({
      // kafkajs takes a broker that has not heard of the new topic yet for a failure.
      waitForLeaders: false,
      topics: topics.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: 1 })),
    });
    await until('the topics have leaders', CREATED_MS, async () => {
      const looks = await Promise.allSettled(topics.map((topic) => admin.fetchTopicOffsets(topic)));
      return { done: looks.every(({ status }) => status === 'fulfilled'), state: looks };
    });
  });
}

/** Removes every topic and group with this mark in its name. */
export async function removeTopics(mark: string): Promise<void> {
  await withAdmin(async (admin) => {
    const topics = (await admin.listTopics()).filter((topic) => topic.includes(mark));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await until(`groups with ${mark} removed`, GROUP_LEFT_MS, async () => {
      const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter((id) => id.includes(mark));
      if (groups.length > 0) await admin.deleteGroups(groups).catch(() => undefined);
      return { done: groups.length === 0, state: groups };
    });
  });
}

/** In order, each record in the topic-partition of its type and key. */
export async function produce(
  records: readonly Uint8Array[],
  topics: readonly [string, string, string],
  partitions: number,
): Promise<void> {
  const producer = client().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    for (const batch of batches(records)) {
      const placed = Map.groupBy(
        batch.map((value) => ({ value: Buffer.from(value), ...placeOf(value, topics, partitions) })),
        ({ topic }) => topic,
      );
      await producer.sendBatch({
        acks: -1,
        topicMessages: [...placed].map(([topic, messages]) => ({
          topic,
          messages: messages.map(({ value, key, partition }) => ({ value, key: key ?? null, partition })),
        })),
      });
    }
  } finally {
    await producer.disconnect();
  }
}

function* batches(records: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const record of records) {
    if (batch.length > 0 && (batch.length === BATCH || bytes + record.length > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += record.length;
  }
  if (batch.length > 0) yield batch;
}

/** From the first record to the ends as they are now, sorted by topic, partition and offset. */
export async function readLog(topics: readonly string[]): Promise<LogRecord[]> {
  const ends = await withAdmin(async (admin) => {
    const found = await Promise.all(
      topics.map(async (topic) =>
        (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [`${topic}/${partition}`, Number(high)]),
      ),
    );
    return new Map(found.flat().filter(([, end]) => (end as number) > 0) as [string, number][]);
  });
  const records: LogRecord[] = [];
  if (ends.size === 0) return records;
  const groupId = `${topics[0]}-read-${crypto.randomUUID()}`;
  // A consumer leaves when its last question is answered: it must not ask for long.
  const consumer = client().consumer({ groupId, maxWaitTimeInMs: 200 });
  let crash: Error | undefined;
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    crash = payload.error;
  });
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        const offset = Number(message.offset);
        const end = ends.get(`${topic}/${partition}`) ?? 0;
        if (offset < end) {
          records.push({ topic, partition, offset, at: Number(message.timestamp), bytes: message.value as Buffer });
        }
      },
    });
    const all = [...ends.values()].reduce((sum, end) => sum + end, 0);
    await until(`${all} records read from Kafka`, READ_LIMIT_MS, async () => {
      if (crash) throw crash;
      return { done: records.length >= all, state: records.length };
    });
  } finally {
    await consumer.disconnect();
  }
  const rank = (record: LogRecord) => topics.indexOf(record.topic);
  return records.sort((a, b) => rank(a) - rank(b) || a.partition - b.partition || a.offset - b.offset);
}
