/** Raw chunks of the store, decoded: which orders are inside, and each as it came. */
import { zstdDecompressSync } from 'node:zlib';
import { KIND, NONE, TEXT } from '../../protocol/batch.ts';
import { BatchDecoder } from '../../protocol/decode.ts';
import { AppError } from '../../protocol/errors.ts';
import type { TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import type { StoredOrder } from '../ports/hot-store.ts';
import type { PartitionFile } from './partition-file.ts';
import { splitRawKey } from './store-embedded-schema.ts';

/** What an order query looks through: a row of `raw_orders`. */
export type ChunkRow = {
  readonly key: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly marks: string | null;
};

/** An order found in a chunk; its event is parsed only when it is asked for. */
export type FoundOrder = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly element: number;
  readonly time: number;
  readonly state: string;
  readonly idLow: number;
  readonly idHigh: number;
  readonly record: Uint8Array;
  readonly marks: string | null;
};

type Mark = { readonly offset: number; readonly element: number; readonly mark: 'late' | 'duplicate' };

const text = new TextDecoder();

type Raw = { readonly next: number; readonly zstd: number; readonly frames: Uint8Array };

const BACKSLASH = 0x5c;
/** The state of an order that names none: nothing to look for in its bytes. */
const UNKNOWN = 'unknown';

/** Decides as the way in did: what is a dead letter there is no order here, whatever the settings are now. */
export class ChunkReader {
  #decoder: BatchDecoder | undefined;

  /** The orders of a chunk; of a chunk that cannot have any of `state`, if one is given, none. */
  orders({ file, partition, topics }: PartitionFile, chunk: ChunkRow, state?: string): FoundOrder[] {
    const raw = file.row<Raw>('SELECT next, zstd, frames FROM raw WHERE key = ?', chunk.key);
    if (raw === undefined) return [];
    const { topicId, offset: base } = splitRawKey(chunk.key);
    const topic = [...topics].find(([, id]) => id === topicId)?.[0] as string;
    const frames = this.#unpack(raw, file.path, chunk);
    if (state !== undefined && !mayHold(frames, state)) return [];
    const dead = deadPlaces({ file, topicId, base, next: raw.next });
    const { batch, records } = this.#decode(frames, { topic, partition, base }, dead);
    const orders: FoundOrder[] = [];
    for (let row = 0; row < batch.rows; row++) {
      if (batch.kind[row] !== KIND.order) continue;
      const index = batch.record[row] as number;
      const element = batch.element[row] === NONE ? -1 : (batch.element[row] as number);
      const offset = base + index;
      if (dead.has(`${offset}:${element}`)) continue;
      orders.push({
        topic,
        partition,
        offset,
        element,
        time: batch.time[row] as number,
        state: batch.strings[batch.text[TEXT.order.state]?.[row] as number] ?? '',
        idLow: batch.idLow[row] as number,
        idHigh: batch.idHigh[row] as number,
        record: records[index] as Uint8Array,
        marks: chunk.marks,
      });
    }
    return orders;
  }

  #unpack({ zstd, frames }: Raw, path: string, { key }: ChunkRow): Uint8Array {
    if (zstd === 0) return frames;
    try {
      return zstdDecompressSync(frames);
    } catch (cause) {
      throw new AppError('data-mismatch', `Cannot read raw events ${key} of ${path} as they are damaged`, { cause });
    }
  }

  /** What is dead as a whole may be poison: nobody reads it again. */
  #decode(frames: Uint8Array, at: TopicPartition & { readonly base: number }, dead: ReadonlySet<string>) {
    const decoder = this.#decoder ?? new BatchDecoder({ futureMs: Number.POSITIVE_INFINITY });
    // Put back only when all went well: half a chunk left inside would turn up in the next one.
    this.#decoder = undefined;
    const records: Uint8Array[] = [];
    for (const frame of readFrames(frames)) {
      if (!dead.has(`${at.base + records.length}:-1`))
        decoder.add(frames, frame.start, frame.end, records.length, frame.at);
      records.push(frames.subarray(frame.start, frame.end));
    }
    const { batch } = decoder.take(at);
    this.#decoder = decoder;
    return { batch, records };
  }
}

/** Finds out by its bytes, at a fraction of the cost of decoding; an escape may hide any text. */
function mayHold(frames: Uint8Array, state: string): boolean {
  if (state === UNKNOWN) return true;
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  return bytes.includes(JSON.stringify(state)) || bytes.includes(BACKSLASH);
}

function deadPlaces(range: { file: PartitionFile['file']; topicId: number; base: number; next: number }): Set<string> {
  const rows = range.file.rows<{ offset: number; element: number }>(
    'SELECT offset, element FROM dead_letter WHERE topic = ? AND offset >= ? AND offset < ?',
    range.topicId,
    range.base,
    range.next,
  );
  return new Set(rows.map(({ offset, element }) => `${offset}:${element}`));
}

export function storedOrder(found: FoundOrder): StoredOrder {
  const { topic, partition, offset, element, time } = found;
  return { topic, partition, offset, element, time, event: eventOf(found), mark: markOf(found), archived: false };
}

/** The record was read as an event once, so it is JSON and the element is there. */
function eventOf({ record, element }: FoundOrder): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(text.decode(record));
  return (element === -1 ? parsed : (parsed as unknown[])[element]) as Record<string, unknown>;
}

export function markOf({ marks, offset, element }: FoundOrder): Mark['mark'] | null {
  if (marks === null) return null;
  const all = JSON.parse(marks) as Mark[];
  return all.find((mark) => mark.offset === offset && mark.element === element)?.mark ?? null;
}
