/**
 * Committed state on MongoDB = what a projection has up to its cursor + the journal after it. The projection moves on
 * while it is read, which is no harm as long as nothing of the journal after the cursor read first goes missing: so the
 * cursors are read first and what was trimmed last, and all is read again where they have crossed.
 */
import { AppError } from '../../protocol/errors.ts';
import type { PartitionDocument } from './store-mongodb-schema.ts';
import { above, type collections, HEAD, type JournalDocument, type JournalHead } from './store-mongodb-schema.ts';

type Collections = ReturnType<typeof collections>;
export type Projection = 'kpiCursor' | 'rawCursor';

/** Trimming comes long after projecting, so that a second try is rare. */
const TRIES = 10;

/** Runs `read` until the journal above the cursors was whole while it ran. */
export async function untorn<T>(
  { partitions }: Collections,
  projection: Projection,
  read: (partitions: readonly PartitionDocument[]) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = await partitions.find().sort({ _id: 1 }).toArray();
    const value = await read(before);
    const cursors = new Map(before.map((partition) => [partition._id, partition[projection]]));
    const after = await partitions.find({}, { projection: { trimmedTo: 1 } }).toArray();
    if (after.every(({ _id, trimmedTo }) => trimmedTo <= (cursors.get(_id) ?? 0) + 1)) return value;
  }
  throw new AppError(
    'unavailable',
    `Cannot read the store as its journal was trimmed faster than it could be read, ${TRIES} times over`,
  );
}

/** The newest journal document of a topic-partition, without its payload. */
export function newestHead({ journal }: Collections, partition: PartitionDocument): Promise<JournalHead | null> {
  return journal.find(above(partition, -1), { projection: HEAD }).sort({ _id: -1 }).limit(1).next();
}

/** Documents of the journal above a projection's cursor that hold something of interest, in order, without other payload. */
export async function* tail(
  { journal }: Collections,
  partition: PartitionDocument,
  projection: Projection,
  options: { readonly filter?: object; readonly without: object },
): AsyncGenerator<JournalDocument> {
  const filter = { ...above(partition, partition[projection]), ...options.filter };
  yield* journal.find(filter, { projection: options.without }).sort({ _id: 1 });
}
