/** The large parts of a commit as documents: whole where they fit, else spread, as MongoDB refuses documents over 16 MB. */

import type { Collection } from 'mongodb';
import type { PartitionCommit, RawChunk } from '../ports/hot-store.ts';
import { plainBytes } from './store-mongodb-client.ts';
import type { JournalDocument, PartDocument, Payload, StoredChunk } from './store-mongodb-schema.ts';

/** Of one document; a window or chunk of up to 4 MB more still leaves it under the server's limit. */
const PAYLOAD_BYTES = 8 * 1024 * 1024;
/** What a field costs besides its bytes, roughly. */
const OVERHEAD_BYTES = 256;

type Filling = {
  windows: Payload['windows'][number][];
  raw: StoredChunk[];
  dead: Payload['dead'][number][];
  dedup?: Uint8Array;
};

/** At least one payload; only the first is in the journal's own document. */
export function payloadsOf(commit: PartitionCommit, dedup: Uint8Array | undefined): Payload[] {
  const payloads: Filling[] = [{ windows: [], raw: [], dead: [] }];
  let bytes = 0;
  const room = (size: number): Filling => {
    if (bytes > 0 && bytes + size > PAYLOAD_BYTES) {
      payloads.push({ windows: [], raw: [], dead: [] });
      bytes = 0;
    }
    bytes += size + OVERHEAD_BYTES;
    return payloads.at(-1) as Filling;
  };
  for (const { start, packed } of commit.windows) room(packed.length).windows.push({ start, packed });
  for (const { topic: _topic, partition: _partition, ...letter } of commit.deadLetters)
    room((letter.excerpt.length + (letter.error?.length ?? 0)) * 3).dead.push(letter);
  for (const chunk of commit.raw) room(chunkBytes(chunk)).raw.push(storedChunk(chunk));
  for (let from = 0; from < (dedup?.length ?? 0); from += PAYLOAD_BYTES) {
    const slice = (dedup as Uint8Array).subarray(from, from + PAYLOAD_BYTES);
    room(slice.length).dedup = slice;
  }
  return payloads;
}

export function chunkBytes({ frames, orderHashes }: Pick<RawChunk, 'frames' | 'orderHashes'>): number {
  return frames.byteLength + orderHashes.byteLength + OVERHEAD_BYTES;
}

export function storedChunk({ orderHashes, marks, ...chunk }: RawChunk): StoredChunk {
  const { buffer, byteOffset, byteLength } = orderHashes;
  return {
    ...chunk,
    marks: marks.map(({ offset, element, mark }) => ({ offset, element, mark })),
    hashes: new Uint8Array(buffer, byteOffset, byteLength),
  };
}

export function rawChunkOf(stored: StoredChunk): RawChunk {
  const { base, next, records, zstd, orders, minTime, maxTime, marks, frames, hashes } = stored;
  // Aligned by the copy.
  const orderHashes = new Uint32Array(new Uint8Array(hashes).buffer);
  return { base, next, records, zstd, orders, minTime, maxTime, marks, frames: plainBytes(frames), orderHashes };
}

/** The documents beside the journal's, named so that another owner's of the same place are others. */
export function partDocuments(document: JournalDocument, payloads: readonly Payload[]): PartDocument[] {
  return payloads.slice(1).map((payload, index) => ({ _id: partId(document, index), ...payload }));
}

function partId({ _id, epoch, owner }: Pick<JournalDocument, '_id' | 'epoch' | 'owner'>, index: number): string {
  return `${_id}:${epoch}:${owner}:${index}`;
}

/** All of a journal document's payload. */
export async function wholePayload(document: JournalDocument, parts: Collection<PartDocument>): Promise<Payload> {
  const { windows, raw, dead, dedup } = document;
  if (document.parts === 0) return dedup === undefined ? { windows, raw, dead } : { windows, raw, dead, dedup };
  const ids = Array.from({ length: document.parts }, (_, index) => partId(document, index));
  const found = await parts.find({ _id: { $in: ids } }).toArray();
  const all: Payload[] = [document, ...found.sort((a, b) => ids.indexOf(a._id) - ids.indexOf(b._id))];
  const slices = all.flatMap((payload) => payload.dedup ?? []);
  return {
    windows: all.flatMap((payload) => payload.windows),
    raw: all.flatMap((payload) => payload.raw),
    dead: all.flatMap((payload) => payload.dead),
    ...(slices.length === 0 ? {} : { dedup: Buffer.concat(slices) }),
  };
}
