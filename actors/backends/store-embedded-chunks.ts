/** Raw chunks of the store, decoded: which orders are inside, and each as it came. */
import { zstdDecompressSync } from 'node:zlib';
import { KIND, NONE, TEXT } from '../../protocol/batch.ts';
import { BatchDecoder } from '../../protocol/decode.ts';
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

/** Decides as the way in did: what is a dead letter there is no order here, whatever the settings are now. */
export class ChunkReader {
  #decoder = new BatchDecoder({ futureMs: Number.POSITIVE_INFINITY });

  orders({ file, partition, topics }: PartitionFile, chunk: ChunkRow): FoundOrder[] {
    const raw = file.row<{ next: number; zstd: number; frames: Uint8Array }>(
      'SELECT next, zstd, frames FROM raw WHERE key = ?',
      chunk.key,
    );
    if (raw === undefined) return [];
    const { topicId, offset: base } = splitRawKey(chunk.key);
    const topic = [...topics].find(([, id]) => id === topicId)?.[0] as string;
    const frames = raw.zstd === 1 ? zstdDecompressSync(raw.frames) : raw.frames;
    const dead = deadPlaces({ file, topicId, base, next: raw.next });
    const records = this.#decode(frames);
    const { batch } = this.#decoder.take({ topic, partition, base });
    const orders: FoundOrder[] = [];
    for (let row = 0; row < batch.rows; row++) {
      if (batch.kind[row] !== KIND.order) continue;
      const index = batch.record[row] as number;
      const element = batch.element[row] === NONE ? -1 : (batch.element[row] as number);
      const offset = base + index;
      if (dead.has(`${offset}:${element}`) || dead.has(`${offset}:-1`)) continue;
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

  #decode(frames: Uint8Array): Uint8Array[] {
    const records: Uint8Array[] = [];
    for (const { start, end, at } of readFrames(frames)) {
      this.#decoder.add(frames, start, end, records.length, at);
      records.push(frames.subarray(start, end));
    }
    return records;
  }
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
