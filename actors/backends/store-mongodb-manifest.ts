/** The archive's manifest: one document a batch, moved on by compare-and-set of its state; and a summary for people. */
import type { TopicPartition } from '../../protocol/event.ts';
import type { ArchiveBatch, ArchiveManifest, ArchiveState, BatchFilter } from '../ports/archive.ts';
import type { Page } from '../ports/hot-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { insertMissing, Mongo, type MongoConfig, type OutageWatch, Patience } from './store-mongodb-client.ts';

type BatchDocument = Omit<ArchiveBatch, 'id'> & { readonly _id: string };

/** A row of `orders_archive_summary`: what a batch has put into the archive of one day. */
type SummaryDocument = TopicPartition & {
  readonly _id: string;
  readonly order_date: string;
  readonly batch_id: string;
  readonly state: ArchiveState;
  readonly from_offset: number;
  readonly to_offset: number;
  readonly rows: number;
  readonly bytes: number;
  readonly path: string;
  readonly checksum: string;
  readonly from: number | null;
  readonly to: number | null;
  readonly archived_at: number | null;
};

const CURSOR = [0, ''] as const;

export class MongoArchiveManifest implements ArchiveManifest {
  readonly #mongo: Mongo;
  readonly #patience: Patience;

  constructor(config: MongoConfig, watch?: OutageWatch) {
    this.#mongo = new Mongo(config);
    this.#patience = new Patience(this.#mongo, watch);
  }

  async create(batch: ArchiveBatch): Promise<boolean> {
    let tries = 0;
    return this.#patience.run(async () => {
      tries++;
      if ((await insertMissing(this.#batches, [documentOf(batch)])).length === 0) return true;
      // The try before may have done it without our hearing of it.
      return tries > 1 && sameBatch(await this.get(batch.id), batch);
    });
  }

  async advance(batch: ArchiveBatch, from: ArchiveState): Promise<boolean> {
    // Before the batch counts, so that a summary is never missing; written again it is the same.
    await this.#patience.run(() => this.#summarise(batch));
    const { _id, ...replacement } = documentOf(batch);
    let tries = 0;
    return this.#patience.run(async () => {
      tries++;
      const { matchedCount } = await this.#batches.replaceOne({ _id, state: from }, replacement);
      return matchedCount === 1 || (tries > 1 && sameBatch(await this.get(batch.id), batch));
    });
  }

  async get(id: string): Promise<ArchiveBatch | undefined> {
    const found = await this.#patience.run(() => this.#batches.findOne({ _id: id }));
    return found === null ? undefined : batchOf(found);
  }

  async inState(states: readonly ArchiveState[], of?: TopicPartition): Promise<readonly ArchiveBatch[]> {
    const filter = {
      state: { $in: [...states] },
      ...(of === undefined ? {} : { topic: of.topic, partition: of.partition }),
    };
    const found = await this.#patience.run(() =>
      this.#batches.find(filter).sort({ topic: 1, partition: 1, fromOffset: 1, _id: 1 }).toArray(),
    );
    return found.map(batchOf);
  }

  async list({ limit, cursor }: BatchFilter): Promise<Page<ArchiveBatch>> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR);
    const filter =
      after === undefined
        ? {}
        : { $or: [{ plannedAt: { $lt: after[0] } }, { plannedAt: after[0], _id: { $lt: after[1] } }] };
    const found = await this.#mongo.once(() =>
      this.#batches
        .find(filter)
        .sort({ plannedAt: -1, _id: -1 })
        .limit(limit + 1)
        .toArray(),
    );
    const items = found.slice(0, limit).map(batchOf);
    const last = items.at(-1);
    return { items, next: found.length <= limit || !last ? null : encodeCursor([last.plannedAt, last.id]) };
  }

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  get #batches() {
    return this.#mongo.collection<BatchDocument>('archive_batches');
  }

  async #summarise(batch: ArchiveBatch): Promise<void> {
    if (batch.state !== 'COMMITTED' && batch.state !== 'DELETED') return;
    const summaries = this.#mongo.collection<SummaryDocument>('orders_archive_summary');
    const operations = summariesOf(batch).map(({ _id, ...replacement }) => ({
      replaceOne: { filter: { _id }, replacement, upsert: true },
    }));
    if (operations.length > 0) await summaries.bulkWrite(operations, { ordered: false });
  }
}

function summariesOf({
  id,
  state,
  topic,
  partition,
  fromOffset,
  toOffset,
  files,
  committedAt,
}: ArchiveBatch): SummaryDocument[] {
  return files
    .filter(({ table }) => table === 'orders')
    .map(({ orderDate, rows, bytes, path, checksum, from, to }) => ({
      _id: `${orderDate}|${id}`,
      ...{ order_date: orderDate, batch_id: id, state, topic, partition, from_offset: fromOffset, to_offset: toOffset },
      ...{ rows, bytes, path, checksum, from, to, archived_at: committedAt },
    }));
}

function documentOf({ id, ...batch }: ArchiveBatch): BatchDocument {
  return { _id: id, ...batch };
}

function batchOf({ _id, ...batch }: BatchDocument): ArchiveBatch {
  return { id: _id, ...batch };
}

function sameBatch(there: ArchiveBatch | undefined, mine: ArchiveBatch): boolean {
  return (
    there !== undefined &&
    there.state === mine.state &&
    there.attempts === mine.attempts &&
    there.plannedAt === mine.plannedAt &&
    there.toOffset === mine.toOffset
  );
}
