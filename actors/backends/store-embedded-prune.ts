/** Letting go of what is archived: a slice at a time, since the owner goes on committing to the same file in between. */
import type { SqliteFile } from './sqlite-file.ts';
import { raiseHorizon, takeFromSums } from './store-embedded-raw-sums.ts';
import { rawKeys } from './store-embedded-schema.ts';

/** Some 10 ms each: chunks are up to 256 KB of events before compression, windows some 30 KB. */
const SLICE_CHUNKS = 128;
const SLICE_WINDOWS = 256;
const SLICE_PAGES = 256;
/** Free pages that stay in the file, as the next commits take them: 2 MB, or a fifth of the file. */
const SPARE_PAGES = 256;
const SPARE_SHARE = 0.2;

type Weight = { readonly key: number; readonly bytes: number; readonly records: number };

const OLDEST = `
  SELECT raw.key, records,
      length(frames) + coalesce(length(order_hashes), 0) + coalesce(length(CAST(marks AS BLOB)), 0) AS bytes
    FROM raw LEFT JOIN raw_orders USING (key)
    WHERE raw.key >= ? AND raw.key < ? AND next <= ? ORDER BY raw.key LIMIT ?`;

/** Raises the horizon, and answers whether nothing is left below it. */
export function dropRawSlice(file: SqliteFile, topicId: number, wanted: number): boolean {
  const horizon = raiseHorizon(file, topicId, wanted);
  const [first, end] = rawKeys(topicId, 0, horizon);
  const oldest = file.rows<Weight>(OLDEST, first, end, horizon, SLICE_CHUNKS);
  const last = oldest.at(-1);
  if (last === undefined) return true;
  for (const table of ['raw', 'raw_orders']) {
    file.run(`DELETE FROM ${table} WHERE key >= ? AND key <= ?`, first, last.key);
  }
  const bytes = oldest.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const records = oldest.reduce((sum, chunk) => sum + chunk.records, 0);
  takeFromSums(file, topicId, bytes, records);
  return oldest.length < SLICE_CHUNKS;
}

export function dropWindowsSlice(file: SqliteFile, topicId: number, end: number): boolean {
  const dropped = file.run(
    'DELETE FROM window WHERE topic = ? AND start IN (SELECT start FROM window WHERE topic = ? AND start < ? ORDER BY start LIMIT ?)',
    topicId,
    topicId,
    end,
    SLICE_WINDOWS,
  );
  return dropped < SLICE_WINDOWS;
}

/** Gives pages back to the disk that the next commits will not need; answers whether that is done. */
export function vacuumSlice(file: SqliteFile): boolean {
  const surplus = file.freePages() - Math.max(SPARE_PAGES, Math.floor(file.pages() * SPARE_SHARE));
  if (surplus <= 0) return true;
  file.vacuum(Math.min(surplus, SLICE_PAGES));
  return surplus <= SLICE_PAGES;
}
