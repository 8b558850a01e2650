/** The one place that loads kafkajs: a client from plain settings, its errors as sentences, and the codecs it lacks. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs, { type Kafka, type RetryOptions } from 'kafkajs';
import { AppError } from '../../protocol/errors.ts';
import { unpackLz4, unpackSnappy } from './kafka-codecs.ts';
import { type KafkaConfig, loginOf } from './kafka-config.ts';

const CONNECT_MS = 3_000;
const REQUEST_MS = 8_000;
/** Tried again within a call for some two seconds; what lasts longer is the caller's to wait for. */
const RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 4 };

export const { CompressionTypes, AssignerProtocol } = kafkajs;

kafkajs.CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) =>
    zstdCompressSync(buffer, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  // kafkajs decodes all that one fetch has brought without ever leaving the turn: here it can.
  decompress: async (buffer: Buffer) => {
    await nextTurn();
    return zstdDecompressSync(buffer);
  },
});

for (const [type, unpack] of [
  [CompressionTypes.Snappy, unpackSnappy],
  [CompressionTypes.LZ4, unpackLz4],
] as const) {
  kafkajs.CompressionCodecs[type] = () => ({
    compress: () => Promise.reject(new AppError('internal', 'Cannot pack for Kafka but by zstd or gzip')),
    decompress: async (buffer: Buffer) => {
      await nextTurn();
      return unpack(buffer);
    },
  });
}

/** A client that logs nothing by itself: whoever uses it says what matters. */
export function connectKafka({ brokers, ssl, sasl }: KafkaConfig): Kafka {
  return new kafkajs.Kafka({
    clientId: 'pulso',
    brokers: [...brokers],
    ssl,
    ...(sasl === undefined ? {} : { sasl: loginOf(sasl) }),
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    logCreator: () => () => undefined,
  });
}

/** What went wrong with the brokers, as an error that says what was tried. */
export function kafkaError(action: string, thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const { message, type } = thrown as { message?: string; type?: string };
  if (type === 'MESSAGE_TOO_LARGE') {
    return new AppError('too-large', `Cannot ${action} as a record is larger than the topic takes`, { cause: thrown });
  }
  const why = type ?? message ?? String(thrown);
  return new AppError('unavailable', `Cannot ${action} as Kafka does not answer as it should: ${why}`, {
    retryable: true,
    cause: thrown,
  });
}

/** Rejects when it takes longer; what was begun goes on unseen. */
export async function within<T>(ms: number, action: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new AppError('unavailable', `Cannot ${action} within ${ms} ms`, { retryable: true })),
    ms,
  );
  work.catch(() => undefined);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
