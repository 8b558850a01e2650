/** Raw events of the embedded store as the archiver reads them, over connections that cannot write. */
import type { DeadLetter, TopicPartition } from '../../protocol/event.ts';
import type { RawChunk, RawExtent, RawReader } from '../ports/hot-store.ts';
import type { PartitionFile } from './partition-file.ts';
import { type DeadLetterRow, withoutNulls } from './store-embedded-dead-letters.ts';
import { rawSumsOf } from './store-embedded-raw-sums.ts';
import { type EmbeddedStoreConfig, rawKeys, splitRawKey, storeFiles } from './store-embedded-schema.ts';

type Size = { readonly key: number; readonly bytes: number };
type Row = {
  readonly key: number;
  readonly next: number;
  readonly records: number;
  readonly zstd: number;
  readonly frames: Uint8Array;
  readonly orders: number | null;
  readonly min_time: number;
  readonly max_time: number;
  readonly order_hashes: Uint8Array;
  readonly marks: string | null;
};

const FIRST = 'SELECT key FROM raw WHERE key >= ? AND key < ? ORDER BY key LIMIT 1';
const LAST = 'SELECT next FROM raw WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1';
const HOLDING = 'SELECT key, next FROM raw WHERE key >= ? AND key <= ? ORDER BY key DESC LIMIT 1';
const SIZES = 'SELECT key, length(frames) AS bytes FROM raw WHERE key >= ? AND key < ? ORDER BY key LIMIT ? OFFSET ?';
const CHUNKS = `
  SELECT raw.key, next, records, zstd, frames, orders, min_time, max_time, order_hashes, marks
    FROM raw LEFT JOIN raw_orders USING (key) WHERE raw.key >= ? AND raw.key <= ? ORDER BY raw.key`;
const DEAD = `
  SELECT offset, element, reason, field, excerpt, at, attempts, error FROM dead_letter
    WHERE topic = ? AND offset >= ? AND offset < ? ORDER BY offset, element`;

const SIZES_AT_ONCE = 256;

export class EmbeddedRawReader implements RawReader {
  #files: readonly PartitionFile[];

  constructor(config: EmbeddedStoreConfig) {
    this.#files = storeFiles(config).openAllToRead();
  }

  async rawExtents(): Promise<readonly RawExtent[]> {
    return this.#files.flatMap((opened) =>
      opened.file.snapshot(() => [...opened.topics].map(([topic, id]) => extentOf(opened, topic, id))),
    );
  }

  async raw({ topic, partition }: TopicPartition, from: number, maxBytes: number): Promise<readonly RawChunk[]> {
    const found = this.#find(topic, partition);
    if (found === undefined) return [];
    const [{ file }, topicId] = found;
    return file.snapshot(() => {
      const [first, end] = rawKeys(topicId);
      const holding = file.row<{ key: number; next: number }>(HOLDING, first, rawKeys(topicId, from)[0]);
      const start = holding !== undefined && holding.next > from ? holding.key : rawKeys(topicId, from)[0];
      const last = lastThatFits((skip) => file.rows<Size>(SIZES, start, end, SIZES_AT_ONCE, skip), maxBytes);
      return last === undefined ? [] : file.rows<Row>(CHUNKS, start, last).map(chunkOf);
    });
  }

  async deadLettersIn({ topic, partition }: TopicPartition, from: number, to: number): Promise<readonly DeadLetter[]> {
    const found = this.#find(topic, partition);
    if (found === undefined) return [];
    const rows = found[0].file.rows<DeadLetterRow>(DEAD, found[1], from, to);
    return rows.map((row) => ({ topic, partition, ...withoutNulls(row) }));
  }

  async close(): Promise<void> {
    for (const { file } of this.#files) file.close();
  }

  #find(topic: string, partition: number): [PartitionFile, number] | undefined {
    const opened = this.#files.find((file) => file.partition === partition);
    const topicId = opened?.topics.get(topic);
    return opened === undefined || topicId === undefined ? undefined : [opened, topicId];
  }
}

function extentOf({ file, partition }: PartitionFile, topic: string, topicId: number): RawExtent {
  const { bytes, records, horizon } = rawSumsOf(file, topicId);
  const [first, end] = rawKeys(topicId);
  const oldest = file.row<{ key: number }>(FIRST, first, end);
  const newest = file.row<{ next: number }>(LAST, first, end);
  const from = oldest === undefined ? horizon : splitRawKey(oldest.key).offset;
  return { topic, partition, bytes, records, from, next: newest?.next ?? from, horizon };
}

/** Key of the last chunk up to which all fit; of the first when not even that does. */
function lastThatFits(sizes: (skip: number) => readonly Size[], maxBytes: number): number | undefined {
  let last: number | undefined;
  let sum = 0;
  for (let skip = 0; ; skip += SIZES_AT_ONCE) {
    const some = sizes(skip);
    for (const { key, bytes } of some) {
      sum += bytes;
      if (last !== undefined && sum > maxBytes) return last;
      last = key;
    }
    if (some.length < SIZES_AT_ONCE) return last;
  }
}

function chunkOf(row: Row): RawChunk {
  const { key, next, records, zstd, frames } = row;
  const base = splitRawKey(key).offset;
  const found =
    row.orders === null
      ? { orders: 0, minTime: 0, maxTime: -1, orderHashes: new Uint32Array(0), marks: [] }
      : {
          orders: row.orders,
          minTime: row.min_time,
          maxTime: row.max_time,
          // A copy: four-byte numbers need a place that four divides.
          orderHashes: new Uint32Array(row.order_hashes.slice().buffer),
          marks: row.marks === null ? [] : (JSON.parse(row.marks) as RawChunk['marks']),
        };
  return { base, next, records, zstd: zstd === 1, frames, ...found };
}
