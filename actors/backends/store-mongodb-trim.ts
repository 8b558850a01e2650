/**
 * Lets go of the journal that all projections have passed. What stays: the newest document (it is the state), the one with
 * the remembered order ids, and for a day every barrier: it is what an earlier owner, asleep until now, collides with.
 */
import type { Projection } from '../ports/projection.ts';
import type { OwnedPartitions } from './store-mongodb-owned.ts';
import { HEAD, type PartitionDocument, placeId } from './store-mongodb-schema.ts';

const REST_MS = 2_000;
/** How long readers have from the cursor they read to the documents above it. */
const PASSED_MS = 10_000;
const KEEP_BARRIERS_MS = 24 * 60 * 60_000;

type Seen = { readonly at: number; readonly cursor: number };

export class JournalTrim implements Projection {
  readonly name = 'journal';
  readonly restMs = REST_MS;
  readonly #source: OwnedPartitions;
  readonly #now: () => number;
  readonly #seen = new Map<string, Seen[]>();

  constructor(source: OwnedPartitions, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  async step() {
    for (const partition of await this.#source.list()) await this.#trim(partition);
    return { written: 0, more: false };
  }

  async #trim(partition: PartitionDocument): Promise<void> {
    const { partitions, journal, parts } = this.#source.collections;
    const to = await this.#firstToKeep(partition);
    if (to <= partition.trimmedTo) return;
    // Told before it is done: a reader that comes too late sees it, and reads again.
    await partitions.updateOne({ _id: partition._id, trimmedTo: { $lt: to } }, { $set: { trimmedTo: to } });
    const range = { $gte: placeId(partition, partition.trimmedTo), $lt: placeId(partition, to) };
    await journal.deleteMany({ _id: range, barrier: false });
    await parts.deleteMany({ _id: range });
    const ancient = { _id: { $gte: placeId(partition, 0), $lt: placeId(partition, to) }, barrier: true };
    await journal.deleteMany({ ...ancient, at: { $lt: this.#now() - KEEP_BARRIERS_MS } });
  }

  /** Where all projections stood some time ago, or the document with the order ids that the one there refers to. */
  async #firstToKeep(partition: PartitionDocument): Promise<number> {
    const now = this.#now();
    const seen = this.#seen.get(partition._id) ?? [];
    seen.push({ at: now, cursor: Math.min(partition.kpiCursor, partition.rawCursor, partition.dimCursor) });
    while (seen[1] !== undefined && now - seen[1].at >= PASSED_MS) seen.shift();
    this.#seen.set(partition._id, seen);
    const oldest = seen[0] as Seen;
    if (now - oldest.at < PASSED_MS || oldest.cursor <= partition.trimmedTo) return 0;
    const there = await this.#source.collections.journal.findOne(
      { _id: placeId(partition, oldest.cursor) },
      { projection: HEAD },
    );
    return there?.dedupAt ? Math.min(oldest.cursor, there.dedupAt) : oldest.cursor;
  }
}
