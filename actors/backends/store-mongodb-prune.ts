/**
 * Letting go of what is archived, a slice at a time. The sums and the offset below which chunks are gone move together and
 * first; what a cut-off attempt has left is taken away by the next.
 */
import type { Owner } from '../ports/hot-store.ts';
import { orderId } from './store-mongodb-chunks.ts';
import { above, type ChunkDocument, type collections, partitionId, placeId } from './store-mongodb-schema.ts';

type Collections = ReturnType<typeof collections>;

const SLICE_CHUNKS = 32;
const SLICE_WINDOWS = 256;
const IDS_AT_ONCE = 1_000;

/** Raises the horizon, and lets go of chunks and orders below it as far as the projection has come. */
export async function dropRawSlice(
  found: Collections,
  owner: Owner,
  wanted: number,
): Promise<'fenced' | { readonly gone: boolean; readonly horizon: number }> {
  const _id = partitionId(owner);
  const stored = await found.partitions.findOneAndUpdate(
    { _id, epoch: owner.epoch },
    { $max: { horizon: wanted } },
    { returnDocument: 'after' },
  );
  if (stored === null) return 'fenced';
  const { horizon, droppedTo } = stored;
  const below = await found.chunks
    .find(
      { _id: { $gte: placeId(owner, 0), $lt: placeId(owner, horizon) }, next: { $lte: horizon } },
      { projection: { frames: 0, hashes: 0, marks: 0 } },
    )
    .sort({ _id: 1 })
    .limit(SLICE_CHUNKS)
    .toArray();
  const fresh = below.filter(({ base }) => base >= droppedTo);
  const last = fresh.at(-1);
  if (last !== undefined) {
    const rawBytes = -fresh.reduce((sum, { bytes }) => sum + bytes, 0);
    const rawRecords = -fresh.reduce((sum, { records }) => sum + records, 0);
    const moved = await found.partitions.updateOne(
      { _id, epoch: owner.epoch, droppedTo },
      { $set: { droppedTo: last.next }, $inc: { rawBytes, rawRecords } },
    );
    if (moved.matchedCount === 0) return { gone: false, horizon };
  }
  await dropOrders(found, below);
  if (below.length > 0) await found.chunks.deleteMany({ _id: { $in: below.map((chunk) => chunk._id) } });
  if (below.length === SLICE_CHUNKS) return { gone: false, horizon };
  const waiting = await found.journal.findOne(
    { ...above(owner, stored.rawCursor), 'raw.base': { $lt: horizon } },
    { projection: { _id: 1 } },
  );
  return { gone: waiting === null, horizon };
}

/** Flagged before they go: whoever looks at the collection meanwhile sees that they are in the archive. */
async function dropOrders(
  { orders }: Collections,
  chunks: readonly Omit<ChunkDocument, 'frames' | 'hashes' | 'marks'>[],
): Promise<void> {
  const ids = chunks.flatMap(orderIds);
  for (let at = 0; at < ids.length; at += IDS_AT_ONCE) {
    const some = { _id: { $in: ids.slice(at, at + IDS_AT_ONCE) } };
    await orders.updateMany(some, { $set: { archived: true } });
    await orders.deleteMany(some);
  }
}

function orderIds({
  topic,
  partition,
  base,
  places,
}: Pick<ChunkDocument, 'topic' | 'partition' | 'base' | 'places'>): string[] {
  const view = new DataView(places.buffer, places.byteOffset, places.byteLength);
  const ids: string[] = [];
  for (let at = 0; at < places.byteLength; at += 8)
    ids.push(
      orderId({ topic, partition, offset: base + view.getInt32(at, true), element: view.getInt32(at + 4, true) }),
    );
  return ids;
}

export async function dropWindowsSlice(
  found: Collections,
  owner: Owner,
  end: number,
): Promise<'fenced' | { readonly gone: boolean }> {
  const { topic, partition, epoch } = owner;
  const stored = await found.partitions.findOne({ _id: partitionId(owner), epoch });
  if (stored === null) return 'fenced';
  const below = await found.partials
    .find({ topic, partition, start: { $lt: end } }, { projection: { _id: 1 } })
    .limit(SLICE_WINDOWS)
    .toArray();
  if (below.length > 0) await found.partials.deleteMany({ _id: { $in: below.map(({ _id }) => _id) } });
  if (below.length === SLICE_WINDOWS) return { gone: false };
  await found.minutes.deleteMany({ minute: { $lt: end } });
  const waiting = await found.journal.findOne(
    { ...above(owner, stored.kpiCursor), starts: { $lt: end } },
    { projection: { _id: 1 } },
  );
  return { gone: waiting === null };
}
