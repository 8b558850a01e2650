/**
 * Roll-ups on MongoDB, all or nothing without a transaction: documents are written under a generation that nobody reads
 * yet, and one update of the stamp makes it the one that counts. What it replaced goes afterwards.
 */
import type { Collection } from 'mongodb';
import { partitionKey } from '../../protocol/event.ts';
import type { RollupLevel, RollupReader, RollupStamp, RollupWriter, StoredWindow } from '../ports/hot-store.ts';
import {
  Mongo,
  type MongoConfig,
  type OutageWatch,
  Patience,
  plainBytes,
  unavailable,
} from './store-mongodb-client.ts';
import { above, collections, type PartitionDocument } from './store-mongodb-schema.ts';
import { untorn } from './store-mongodb-tail.ts';

/** `packed` is empty where this generation takes the roll-up away. */
type RollupDocument = StoredWindow & { readonly _id: string; readonly level: RollupLevel; readonly generation: number };
type StampDocument = {
  readonly _id: string;
  readonly generation: number;
  readonly begun: number;
  readonly stamp: RollupStamp;
};

const STAMP = 'stamp';
const ROWS_AT_ONCE = 100;
const BYTES_AT_ONCE = 8 * 1024 * 1024;
const TRIES = 10;

function rollupCollections(mongo: Mongo): { rollups: Collection<RollupDocument>; stamps: Collection<StampDocument> } {
  return {
    rollups: mongo.collection<RollupDocument>('kpi_rollups'),
    stamps: mongo.collection<StampDocument>('kpi_rollup_stamp'),
  };
}

export class MongoRollupWriter implements RollupWriter {
  readonly #mongo: Mongo;
  readonly #patience: Patience;

  constructor(config: MongoConfig, watch?: OutageWatch) {
    this.#mongo = new Mongo(config);
    this.#patience = new Patience(this.#mongo, watch);
  }

  async replace(
    windows: readonly (StoredWindow & { readonly level: RollupLevel })[],
    stamp: RollupStamp,
  ): Promise<void> {
    await this.#patience.run(() => this.#replace(windows, stamp));
  }

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  async #replace(
    windows: readonly (StoredWindow & { readonly level: RollupLevel })[],
    stamp: RollupStamp,
  ): Promise<void> {
    const { rollups, stamps } = rollupCollections(this.#mongo);
    const begun = await stamps.findOneAndUpdate(
      { _id: STAMP },
      { $inc: { begun: 1 }, $setOnInsert: { generation: 0, stamp: [] } },
      { upsert: true, returnDocument: 'after' },
    );
    if (begun === null) throw new RangeError('Cannot write roll-ups as their stamp was neither found nor made');
    const generation = begun.begun;
    // What attempts that were cut off have left would count as soon as a later one does.
    await rollups.deleteMany({ generation: { $gt: begun.generation } });
    for (const slice of slices(windows)) {
      await rollups.insertMany(
        slice.map(({ level, start, packed }) => ({
          _id: `${level}:${start}:${generation}`,
          level,
          start,
          generation,
          packed,
        })),
        { ordered: false },
      );
    }
    const plain = stamp.map(({ topic, partition, seq }) => ({ topic, partition, seq }));
    const moved = await stamps.updateOne({ _id: STAMP, begun: generation }, { $set: { generation, stamp: plain } });
    if (moved.matchedCount === 1) await this.#forget(windows, generation);
  }

  /** Readers that began before see that the generation has moved on, and begin again. */
  async #forget(
    windows: readonly (StoredWindow & { readonly level: RollupLevel })[],
    generation: number,
  ): Promise<void> {
    const { rollups } = rollupCollections(this.#mongo);
    for (const level of ['hour', 'day'] as const) {
      const starts = windows.filter((window) => window.level === level).map(({ start }) => start);
      for (let at = 0; at < starts.length; at += ROWS_AT_ONCE)
        await rollups.deleteMany({
          level,
          start: { $in: starts.slice(at, at + ROWS_AT_ONCE) },
          generation: { $lt: generation },
        });
    }
  }
}

/** Of a size that one message holds. */
function* slices<T extends StoredWindow>(windows: readonly T[]): Generator<T[]> {
  let slice: T[] = [];
  let bytes = 0;
  for (const window of windows) {
    if (slice.length > 0 && (slice.length === ROWS_AT_ONCE || bytes + window.packed.length > BYTES_AT_ONCE)) {
      yield slice;
      [slice, bytes] = [[], 0];
    }
    slice.push(window);
    bytes += window.packed.length;
  }
  if (slice.length > 0) yield slice;
}

export class MongoRollupReader implements RollupReader {
  readonly #mongo: Mongo;

  constructor(config: MongoConfig) {
    this.#mongo = new Mongo(config);
  }

  rollups(level: RollupLevel, from: number, to: number) {
    return this.#mongo.once(() => this.#read(level, from, to));
  }

  changedSince(stamp: RollupStamp): Promise<readonly number[]> {
    const found = collections(this.#mongo);
    const seqs = new Map(stamp.map((each) => [partitionKey(each), each.seq]));
    return this.#mongo.once(() =>
      untorn(found, 'kpiCursor', async (partitions) => {
        const starts = new Set<number>();
        await Promise.all(
          partitions.map((partition) =>
            this.#changed(found, partition, seqs.get(partitionKey(partition)) ?? 0, starts),
          ),
        );
        return [...starts].sort((a, b) => a - b);
      }),
    );
  }

  close(): Promise<void> {
    return this.#mongo.close();
  }

  async #read(level: RollupLevel, from: number, to: number): Promise<{ stamp: RollupStamp; windows: StoredWindow[] }> {
    const { rollups, stamps } = rollupCollections(this.#mongo);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const before = await stamps.findOne({ _id: STAMP });
      if (before === null) return { stamp: [], windows: [] };
      const newest = new Map<number, StoredWindow>();
      const filter = { level, start: { $gte: from, $lt: to }, generation: { $lte: before.generation } };
      for await (const { start, packed } of rollups.find(filter).sort({ start: 1, generation: 1 }))
        newest.set(start, { start, packed: plainBytes(packed) });
      const after = await stamps.findOne({ _id: STAMP }, { projection: { generation: 1 } });
      if (after?.generation !== before.generation) continue;
      return { stamp: before.stamp, windows: [...newest.values()].filter(({ packed }) => packed.length > 0) };
    }
    throw unavailable(this.#mongo.address, 'its roll-ups were replaced faster than they could be read');
  }

  async #changed(
    found: ReturnType<typeof collections>,
    partition: PartitionDocument,
    seq: number,
    starts: Set<number>,
  ): Promise<void> {
    const { topic, partition: index } = partition;
    for await (const { start } of found.partials.find(
      { topic, partition: index, seq: { $gt: seq } },
      { projection: { start: 1 } },
    ))
      starts.add(start);
    const journal = found.journal.find(
      { ...above(partition, partition.kpiCursor), seq: { $gt: seq } },
      { projection: { starts: 1 } },
    );
    for await (const document of journal) for (const start of document.starts) starts.add(start);
  }
}
