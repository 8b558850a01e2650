/** Raw events on MongoDB as the archiver reads them: chunks that have come to their collection, then those in the journal only. */
import type { DeadLetter, TopicPartition } from '../../protocol/event.ts';
import type { RawChunk, RawExtent, RawReader } from '../ports/hot-store.ts';
import { Mongo, type MongoConfig } from './store-mongodb-client.ts';
import { rawChunkOf, wholePayload } from './store-mongodb-payload.ts';
import {
  above,
  type ChunkDocument,
  collections,
  type JournalDocument,
  type PartitionDocument,
  partitionId,
  placeId,
  type StoredChunk,
} from './store-mongodb-schema.ts';
import { newestHead, tail, untorn } from './store-mongodb-tail.ts';

/** Chunks fetched at a time: some hundred KB. */
const BATCH = 16;
const PLACES_ONLY = { projection: { base: 1, next: 1 } };

export class MongoRawReader implements RawReader {
  readonly #mongo: Mongo;
  readonly #collections: ReturnType<typeof collections>;

  constructor(config: MongoConfig) {
    this.#mongo = new Mongo(config);
    this.#collections = collections(this.#mongo);
  }

  rawExtents(): Promise<readonly RawExtent[]> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'rawCursor', (partitions) =>
        Promise.all(partitions.map((partition) => this.#extent(partition))),
      ),
    );
  }

  raw(partition: TopicPartition, from: number, maxBytes: number): Promise<readonly RawChunk[]> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'rawCursor', async (partitions) => {
        const found: RawChunk[] = [];
        let bytes = 0;
        for await (const chunk of this.#chunks(
          partitions.find(({ _id }) => _id === partitionId(partition)),
          from,
        )) {
          bytes += chunk.frames.byteLength;
          if (found.length > 0 && bytes > maxBytes) break;
          found.push(rawChunkOf(chunk));
        }
        return found;
      }),
    );
  }

  deadLettersIn({ topic, partition }: TopicPartition, from: number, to: number): Promise<readonly DeadLetter[]> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'kpiCursor', async (partitions) => {
        const { letters, parts } = this.#collections;
        const found = new Map<string, DeadLetter>();
        for await (const { _id, ...letter } of letters.find({ topic, partition, offset: { $gte: from, $lt: to } }))
          found.set(_id, letter);
        const document = partitions.find(({ _id }) => _id === partitionId({ topic, partition }));
        if (document === undefined) return [];
        for await (const head of tail(this.#collections, document, 'kpiCursor', {
          without: { windows: 0, raw: 0, dedup: 0 },
        })) {
          const { dead } = await wholePayload({ ...head, windows: [], raw: [] }, parts);
          for (const letter of dead)
            if (letter.offset >= from && letter.offset < to)
              found.set(`${partitionId(document)}:${letter.offset}:${letter.element}`, { topic, partition, ...letter });
        }
        return [...found.values()].sort((a, b) => a.offset - b.offset || a.element - b.element);
      }),
    );
  }

  close(): Promise<void> {
    return this.#mongo.close();
  }

  async #extent(partition: PartitionDocument): Promise<RawExtent> {
    const { topic, partition: index, horizon, rawBytes, rawRecords, rawPassed, rawPassedRecords } = partition;
    const [head, oldest, newest, heads] = await Promise.all([
      newestHead(this.#collections, partition),
      this.#chunkAt(partition, 1),
      this.#chunkAt(partition, -1),
      this.#tailPlaces(partition),
    ]);
    const from = oldest?.base ?? heads[0]?.base ?? horizon;
    return {
      topic,
      partition: index,
      bytes: rawBytes + Math.max(0, (head?.rawSum ?? 0) - rawPassed),
      records: rawRecords + Math.max(0, (head?.rawRecordSum ?? 0) - rawPassedRecords),
      from,
      next: Math.max(from, newest?.next ?? 0, heads.at(-1)?.next ?? 0),
      horizon,
    };
  }

  /** The first chunk that is not let go of, or the last. */
  #chunkAt(partition: PartitionDocument, direction: 1 | -1): Promise<Pick<ChunkDocument, 'base' | 'next'> | null> {
    const _id = { $gte: placeId(partition, partition.droppedTo), $lt: `${partitionId(partition)};` };
    return this.#collections.chunks.find({ _id }, PLACES_ONLY).sort({ _id: direction }).limit(1).next();
  }

  /** Of the chunks in the journal only: the first and the last. */
  async #tailPlaces(partition: PartitionDocument): Promise<{ readonly base: number; readonly next: number }[]> {
    const { journal } = this.#collections;
    const filter = {
      ...above(partition, partition.rawCursor),
      $or: [{ 'raw.0': { $exists: true } }, { parts: { $gt: 0 } }],
    };
    const ends = await Promise.all(
      ([1, -1] as const).map((direction) =>
        journal
          .find(filter, { projection: { windows: 0, dedup: 0, 'raw.frames': 0 } })
          .sort({ _id: direction })
          .limit(1)
          .next(),
      ),
    );
    const chunks = await Promise.all(ends.map((document) => (document === null ? [] : this.#rawOf(document))));
    return [chunks[0]?.[0], chunks[1]?.at(-1)].flatMap((chunk) => chunk ?? []);
  }

  async #rawOf(document: JournalDocument): Promise<readonly StoredChunk[]> {
    return (await wholePayload({ ...document, windows: [] }, this.#collections.parts)).raw;
  }

  /** From the chunk that holds an offset on, in order, each once. */
  async *#chunks(partition: PartitionDocument | undefined, from: number): AsyncGenerator<StoredChunk> {
    if (partition === undefined) return;
    const { chunks } = this.#collections;
    const first = Math.max(from, partition.droppedTo);
    const holding = await chunks
      .find({ _id: { $gte: placeId(partition, partition.droppedTo), $lte: placeId(partition, first) } }, PLACES_ONLY)
      .sort({ _id: -1 })
      .limit(1)
      .next();
    let next = holding !== null && holding.next > first ? holding.base : first;
    for await (const chunk of chunks
      .find({ _id: { $gte: placeId(partition, next), $lt: `${partitionId(partition)};` } })
      .sort({ _id: 1 })
      .batchSize(BATCH)) {
      yield chunk;
      next = chunk.next;
    }
    for await (const document of tail(this.#collections, partition, 'rawCursor', {
      without: { windows: 0, dedup: 0 },
    })) {
      for (const chunk of await this.#rawOf(document)) {
        if (chunk.next <= next) continue;
        yield chunk;
        next = chunk.next;
      }
    }
  }
}
