/** The topic-partitions that this process projects, how far each has come, and the guarded writes that projections share. */
import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { Backlog } from '../ports/projection.ts';
import { isDuplicate } from './store-mongodb-client.ts';
import { above, type collections, type PartitionDocument } from './store-mongodb-schema.ts';
import { newestHead } from './store-mongodb-tail.ts';

type Collections = ReturnType<typeof collections>;
type Cursor = 'kpiCursor' | 'rawCursor' | 'minuteCursor' | 'dimCursor';

/** What this process owns by the store's word: whoever opened a topic-partition last owns it. */
export class OwnedPartitions {
  readonly collections: Collections;
  readonly #prefix: string;

  constructor(found: Collections, processId: string) {
    this.collections = found;
    this.#prefix = `${processId}/`;
  }

  async list(): Promise<PartitionDocument[]> {
    const all = await this.collections.partitions.find().sort({ _id: 1 }).toArray();
    return all.filter(({ owner }) => owner.startsWith(this.#prefix));
  }

  /** Moves cursors from where they were read; one that another has moved meanwhile stays. */
  async advance(
    cursor: Cursor,
    moves: readonly {
      readonly partition: PartitionDocument;
      readonly to: number;
      readonly sums?: Readonly<Record<string, number>>;
    }[],
  ): Promise<void> {
    if (moves.length === 0) return;
    const operations: AnyBulkWriteOperation<PartitionDocument>[] = moves.map(({ partition, to, sums }) => ({
      updateOne: {
        filter: { _id: partition._id, [cursor]: partition[cursor] },
        update: { $set: { [cursor]: to }, ...(sums === undefined ? {} : { $inc: sums }) },
      },
    }));
    await this.collections.partitions.bulkWrite(operations, { ordered: false });
  }

  async backlog(now: number): Promise<Backlog> {
    const partitions = await this.list();
    const heads = await Promise.all(partitions.map((partition) => newestHead(this.collections, partition)));
    let [commits, bytes, oldestMs] = [0, 0, 0];
    for (const [index, partition] of partitions.entries()) {
      const head = heads[index];
      const passed = Math.min(partition.kpiCursor, partition.rawCursor, partition.dimCursor);
      const behind = (head?.place ?? 0) - passed;
      if (!head || behind <= 0) continue;
      commits += behind;
      bytes += Math.max(0, head.rawSum - partition.rawPassed);
      const oldest = await this.collections.journal.findOne(above(partition, passed), {
        projection: { at: 1 },
        sort: { _id: 1 },
      });
      oldestMs = Math.max(oldestMs, now - (oldest?.at ?? now));
    }
    return { commits, bytes, oldestMs };
  }
}

/** Replaces documents that are older by `version`; a newer one that is there stays. */
export async function replaceNewer<T extends { readonly _id: string }>(
  collection: Collection<T>,
  documents: readonly T[],
  version: keyof T & string,
): Promise<void> {
  const operations = (upsert: boolean) =>
    documents.map((document) => {
      const { _id, ...replacement } = document;
      return { replaceOne: { filter: { _id, [version]: { $lt: document[version] } }, replacement, upsert } };
    }) as unknown as AnyBulkWriteOperation<T>[];
  if (documents.length === 0) return;
  try {
    await collection.bulkWrite(operations(true), { ordered: false });
  } catch (thrown) {
    if (!isDuplicate(thrown)) throw thrown;
    // A newer one is there, or another first insert came between: then ours may be the newer one.
    await collection.bulkWrite(operations(false), { ordered: false });
  }
}
