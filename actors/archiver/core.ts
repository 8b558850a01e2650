/**
 * What the archiver does next, decided from what it sees: the manifest, what raw events weigh and how old they are.
 * Pure: a batch is one prefix of a topic-partition, one is under way per topic-partition at most, unfinished ones go
 * first, and which records are in it stands in the manifest before anything is written.
 */
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { batchIdOf, idsPathOf, indexPathOf, isIdsPath, isRawPath, rawPath, tablePath } from '../archive/paths.ts';
import type { ArchiveBatch, ArchiveState, BatchFile } from '../ports/archive.ts';
import type { RawChunk, RawExtent } from '../ports/hot-store.ts';

/** Archiving begins a little below the budget: a batch takes its time, and what comes in meanwhile must fit too. */
const BEGIN_SHARE = 0.95;
/** And goes on down to this share of it, so that it need not begin again at once. */
const DOWN_TO_SHARE = 0.85;
/** A batch ends at the chunk that reaches one of these: some 40 MB of events before compression. */
const BATCH_RECORDS = 100_000;
const BATCH_BYTES = 8 * 1024 * 1024;
/** First wait after a failure; it doubles up to the last. */
const RETRY_MS = { first: 1_000, last: 300_000 };

/** States in which something is still to be done. */
export const UNFINISHED: readonly ArchiveState[] = ['PLANNED', 'WRITTEN', 'VERIFIED', 'COMMITTED', 'FAILED'];

/** A topic-partition that may be archived: its extent, and when its oldest record was appended. */
export type Candidate = { readonly extent: RawExtent; readonly oldestAt: number };

export const weightOf = (extents: readonly RawExtent[]): number => extents.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * Bytes that this process should archive of its own partitions: its share of what is over where archiving begins, or,
 * once it has `begun`, of what is still over what it archives down to.
 */
export function bytesOver(
  extents: readonly RawExtent[],
  own: ReadonlySet<string>,
  budget: number,
  begun: boolean,
): number {
  const all = weightOf(extents);
  if (all <= budget * (begun ? DOWN_TO_SHARE : BEGIN_SHARE)) return 0;
  const mine = weightOf(extents.filter((extent) => own.has(partitionKey(extent))));
  return Math.ceil(((all - budget * DOWN_TO_SHARE) * mine) / all);
}

/** The one whose oldest record is the oldest of all. */
export function oldestOf(candidates: readonly Candidate[]): Candidate | undefined {
  const filled = candidates.filter(({ extent }) => extent.next > extent.from);
  return filled.reduce<Candidate | undefined>(
    (oldest, one) => (oldest === undefined || one.oldestAt < oldest.oldestAt ? one : oldest),
    undefined,
  );
}

/** How many bytes of chunks are worth reading for a batch. */
export function batchBytes(needed: number): number {
  return Math.min(needed, BATCH_BYTES);
}

/** How many of these chunks make the batch: until the bytes, the most records or the offset are reached; at least one. */
export function chunksInBatch(chunks: readonly RawChunk[], needed: number, below = Number.POSITIVE_INFINITY): number {
  let [bytes, records] = [0, 0];
  for (const [index, { frames, orderHashes, records: more, base }] of chunks.entries()) {
    if (index > 0 && base >= below) return index;
    bytes += frames.length + orderHashes.byteLength;
    records += more;
    if (bytes >= Math.min(needed, BATCH_BYTES) || records >= BATCH_RECORDS) return index + 1;
  }
  return chunks.length;
}

export function plannedBatch(place: TopicPartition, fromOffset: number, toOffset: number, now: number): ArchiveBatch {
  const { topic, partition } = place;
  const nothing = { records: 0, orders: 0, rows: 0, sums: {}, bytes: 0, from: null, to: null, files: [] };
  const times = { plannedAt: now, verifiedAt: null, committedAt: null, deletedAt: null };
  const id = batchIdOf(place, fromOffset);
  const range = { topic, partition, fromOffset, toOffset };
  return { id, kind: 'events', state: 'PLANNED', ...range, ...nothing, ...times, attempts: 0, error: null };
}

/** A failed or cut-off attempt begins anew with the same records. */
export function replanned(batch: ArchiveBatch): ArchiveBatch {
  const again = plannedBatch(batch, batch.fromOffset, batch.toOffset, batch.plannedAt);
  return { ...again, attempts: batch.attempts, error: batch.error };
}

export function failed(batch: ArchiveBatch, error: string): ArchiveBatch {
  return { ...batch, state: 'FAILED', attempts: batch.attempts + 1, error };
}

export function retryDelayMs(attempts: number): number {
  return Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** Math.max(0, attempts - 1));
}

/** Where a file of the batch stands once it is published. */
export function finalPath(batch: Pick<ArchiveBatch, 'id' | 'topic' | 'partition'>, file: BatchFile): string {
  if (file.table !== 'raw') return tablePath(file.table as 'orders' | 'kpi_minute', file.orderDate, batch.id);
  const lines = rawPath(batch, file.orderDate, batch.id);
  if (isRawPath(file.path)) return lines;
  return isIdsPath(file.path) ? idsPathOf(lines) : indexPathOf(lines);
}

/** Temporary files of these topic-partitions that no batch claims: what cut-off attempts have left. */
export function unclaimed(
  paths: readonly string[],
  own: readonly TopicPartition[],
  batches: readonly ArchiveBatch[],
): string[] {
  const claimed = new Set(batches.flatMap(({ files }) => files.map(({ path }) => path)));
  const prefixes = own.map(({ topic, partition }) => new RegExp(`part-${RegExp.escape(topic)}-${partition}-\\d{12}`));
  return paths.filter((path) => !claimed.has(path) && prefixes.some((prefix) => prefix.test(path)));
}
