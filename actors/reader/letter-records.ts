/**
 * The records that dead letters are of, byte for byte: from the hot store, or from the archive once that has let go of
 * them. Made for one replay, as it holds a whole batch of the archive.
 */
import { zstdDecompressSync } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';
import type { DeadLetter, TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import { ArchivedRecords } from '../history/archived-records.ts';
import { ByteCache } from '../history/byte-cache.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { RawChunk, RawReader } from '../ports/hot-store.ts';

export type RecordStores = {
  readonly raw: Pick<RawReader, 'raw'>;
  readonly manifest: Pick<ArchiveManifest, 'inState'>;
  readonly files: Pick<ArchiveFiles, 'read'>;
};

type Open = TopicPartition & { readonly chunk: RawChunk; readonly records: readonly Uint8Array[] };

export class LetterRecords {
  readonly #stores: RecordStores;
  readonly #archived: ArchivedRecords;
  /** Letters often stand close together. */
  #open: Open | undefined;
  #batches: readonly ArchiveBatch[] | undefined;

  constructor(stores: RecordStores, turn: () => Promise<void>) {
    this.#stores = stores;
    // The last batch alone: letters come in the order of the log.
    this.#archived = new ArchivedRecords(stores.files, turn, new ByteCache(0));
  }

  /** Of an array only the element, as its neighbours have counted; a text says why it cannot be had. */
  async of({ topic, partition, offset, element }: DeadLetter): Promise<Uint8Array | string> {
    // An event is archived before it is let go of: what is not here any more is there.
    const hot = await this.#hot({ topic, partition }, offset);
    const record = hot ?? (await this.#fromArchive({ topic, partition }, offset));
    if (typeof record === 'string') return record;
    return element < 0 ? new Uint8Array(record) : elementOf(record, element);
  }

  async #hot({ topic, partition }: TopicPartition, offset: number): Promise<Uint8Array | undefined> {
    const held = this.#open;
    const isHeld = held?.topic === topic && held.partition === partition && holds(held.chunk, offset);
    const open = isHeld ? held : await this.#opened({ topic, partition }, offset);
    return open?.records[offset - open.chunk.base];
  }

  async #opened({ topic, partition }: TopicPartition, offset: number): Promise<Open | undefined> {
    const [chunk] = await this.#stores.raw.raw({ topic, partition }, offset, 1);
    if (chunk === undefined || !holds(chunk, offset)) return undefined;
    const frames = chunk.zstd ? zstdDecompressSync(chunk.frames) : chunk.frames;
    const records = [...readFrames(frames)].map(({ start, end }) => frames.subarray(start, end));
    this.#open = { topic, partition, chunk, records };
    return this.#open;
  }

  async #fromArchive(place: TopicPartition, offset: number): Promise<Uint8Array | string> {
    const batch = await this.#batchOf(place, offset);
    if (batch === undefined) return 'its record stands neither in the hot store nor in the archive';
    try {
      const record = (await this.#archived.of(batch)).get(offset);
      return record ?? `its record is missing in the files of archive batch ${batch.id}`;
    } catch (thrown) {
      if (thrown instanceof AppError) return `its record cannot be taken from the archive: ${thrown.message}`;
      throw thrown;
    }
  }

  /** Looked at once more where it is not known: it may have been archived meanwhile. */
  async #batchOf(place: TopicPartition, offset: number): Promise<ArchiveBatch | undefined> {
    const known = this.#batches?.find((batch) => covers(batch, place, offset));
    if (known !== undefined) return known;
    this.#batches = await this.#stores.manifest.inState(['COMMITTED', 'DELETED']);
    return this.#batches.find((batch) => covers(batch, place, offset));
  }
}

function holds({ base, next }: RawChunk, offset: number): boolean {
  return offset >= base && offset < next;
}

function covers(batch: ArchiveBatch, { topic, partition }: TopicPartition, offset: number): boolean {
  const { kind, fromOffset, toOffset } = batch;
  const isOf = kind === 'events' && batch.topic === topic && batch.partition === partition;
  return isOf && offset >= fromOffset && offset < toOffset;
}

function elementOf(record: Uint8Array, element: number): Uint8Array {
  const elements = JSON.parse(new TextDecoder().decode(record)) as unknown[];
  return new TextEncoder().encode(JSON.stringify(elements[element]));
}
