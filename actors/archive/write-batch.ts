/** A batch of raw events as the files of the archive: orders as Parquet, every record as NDJSON, one of each a day. */
import { createHash } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { BatchFile } from '../ports/archive.ts';
import type { RawChunk, RawReader } from '../ports/hot-store.ts';
import type { DayOf } from './days.ts';
import { ChunkDecoder, type DecodedChunk } from './decode-chunk.ts';
import { OrderIds } from './order-ids.ts';
import { OrderSums } from './order-sums.ts';
import { OrderTable } from './order-table.ts';
import { idsPathOf, indexPathOf, rawPath, tablePath } from './paths.ts';
import { RawWriter } from './raw-file.ts';
import { SCHEMA_VERSION, type Turn } from './tables.ts';

/** Records [fromOffset, toOffset) of a topic-partition, whole chunks. */
export type BatchRange = TopicPartition & {
  readonly id: string;
  readonly fromOffset: number;
  readonly toOffset: number;
};

export type ChunkSource = Pick<RawReader, 'raw' | 'deadLettersIn'>;

export type DraftFile = BatchFile & { readonly content: Uint8Array };

export type Draft = {
  readonly files: readonly DraftFile[];
  readonly records: number;
  readonly orders: number;
  readonly rows: number;
  readonly sums: Readonly<Record<string, number>>;
  readonly from: number | null;
  readonly to: number | null;
};

/** Read from the store at once. */
const READ_BYTES = 4 * 1024 * 1024;

/** The chunks of the range, in order; throws where the store has not what the range says. */
export async function* chunksOf(source: ChunkSource, range: BatchRange): AsyncGenerator<RawChunk> {
  let at = range.fromOffset;
  while (at < range.toOffset) {
    const chunks = await source.raw(range, at, READ_BYTES);
    if (chunks.length === 0) throw notThere(range, at);
    for (const chunk of chunks) {
      if (at >= range.toOffset) return;
      if (chunk.base < at || chunk.next > range.toOffset) throw notThere(range, chunk.base);
      yield chunk;
      at = chunk.next;
    }
  }
}

function notThere(range: BatchRange, at: number): AppError {
  const what = `${partitionKey(range)} [${range.fromOffset}, ${range.toOffset})`;
  return new AppError(
    'data-mismatch',
    `Cannot archive ${what} as the hot store does not hold just that: it differs at ${at}`,
  );
}

export async function writeBatch(source: ChunkSource, range: BatchRange, dayOf: DayOf, turn: Turn): Promise<Draft> {
  const dead = await source.deadLettersIn(range, range.fromOffset, range.toOffset);
  const decoder = new ChunkDecoder(range, dead);
  const days = new Days(range, dayOf, turn);
  const sums = new OrderSums();
  for await (const chunk of chunksOf(source, range)) {
    const decoded = decoder.decode(chunk);
    await turn();
    sums.addChunk(decoded);
    await days.add(decoded, chunk.orderHashes);
    await turn();
  }
  const files = await days.finish();
  const { orders, rows, values, from, to } = sums;
  return { files, records: days.records, orders, rows, sums: values, from, to };
}

/** The open files of a batch. */
class Days {
  records = 0;
  #range: BatchRange;
  #dayOf: DayOf;
  #turn: Turn;
  #orders = new Map<string, OrderTable>();
  #raw = new Map<string, RawWriter>();
  #ids = new OrderIds();
  #hash = createHash('sha256');

  constructor(range: BatchRange, dayOf: DayOf, turn: Turn) {
    this.#range = range;
    this.#dayOf = dayOf;
    this.#turn = turn;
  }

  async add(decoded: DecodedChunk, orderHashes: Uint32Array): Promise<void> {
    this.#ids.add(orderHashes);
    const { frames, records, base, batch, orders } = decoded;
    this.#hash.update(frames);
    for (const [index, { start, end, at }] of records.entries()) {
      const raw = entryOf(this.#raw, this.#dayOf(at), () => new RawWriter());
      raw.add(base + index, at, frames, start, end);
    }
    this.records += records.length;
    for (const [index, row] of orders.entries()) {
      const date = this.#dayOf(batch.time[row] as number);
      const table = entryOf(this.#orders, date, () => new OrderTable(this.#range, this.#turn));
      table.add(decoded, index);
    }
    for (const raw of this.#raw.values()) await raw.flush();
    for (const table of this.#orders.values()) if (table.full) await table.flush();
  }

  async finish(): Promise<DraftFile[]> {
    const metadata = this.#metadata();
    const files: DraftFile[] = [];
    for (const [orderDate, table] of this.#orders) {
      const content = await table.finish(metadata);
      const path = tablePath('orders', orderDate, this.#range.id);
      const { rows, from, to } = table;
      files.push({ ...fileOf(path, content), table: 'orders', orderDate, rows, from, to });
      await this.#turn();
    }
    for (const [orderDate, raw] of this.#raw) {
      const { lines, index } = await raw.finish();
      const path = rawPath(this.#range, orderDate, this.#range.id);
      const common = { table: 'raw', orderDate, rows: raw.records, from: null, to: null } as const;
      files.push({ ...fileOf(path, lines), ...common }, { ...fileOf(indexPathOf(path), index), ...common });
      await this.#turn();
    }
    return [...files, ...this.#idsFile()];
  }

  #idsFile(): DraftFile[] {
    const content = this.#ids.finish();
    const [orderDate] = this.#raw.keys();
    if (content.length === 0 || orderDate === undefined) return [];
    const path = idsPathOf(rawPath(this.#range, orderDate, this.#range.id));
    return [{ ...fileOf(path, content), table: 'raw', orderDate, rows: content.length / 4, from: null, to: null }];
  }

  #metadata(): Record<string, string> {
    const { id, topic, partition, fromOffset, toOffset } = this.#range;
    return {
      'pulso.schema_version': SCHEMA_VERSION,
      'pulso.batch': id,
      'pulso.topic': topic,
      'pulso.partition': String(partition),
      'pulso.from_offset': String(fromOffset),
      'pulso.to_offset': String(toOffset),
      'pulso.records': String(this.records),
      // SHA-256 of the batch's records as frames (protocol/frames.ts).
      'pulso.checksum': this.#hash.digest('hex'),
    };
  }
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  let entry = map.get(key);
  if (entry === undefined) {
    entry = make();
    map.set(key, entry);
  }
  return entry;
}

function fileOf(path: string, content: Uint8Array) {
  return { path, content, bytes: content.length, checksum: checksumOf(content) };
}

export function checksumOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
