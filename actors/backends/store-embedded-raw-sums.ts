/**
 * What the raw events of a topic-partition weigh, and how far it has let go of them: one row a topic, changed in the
 * transaction that changes the events, so that asking for it reads no event.
 */
import type { RawChunk } from '../ports/hot-store.ts';
import type { SqliteFile } from './sqlite-file.ts';

export type RawSums = { readonly bytes: number; readonly records: number; readonly horizon: number };

const TABLE = `
  CREATE TABLE raw_sums (
    topic INTEGER PRIMARY KEY, bytes INTEGER NOT NULL, records INTEGER NOT NULL, horizon INTEGER NOT NULL
  );`;

/** Offsets of a topic begin at its number times this (store-embedded-schema.ts); lengths are read without the blobs. */
const COUNT_ALL = `
  INSERT INTO raw_sums
    SELECT raw.key / 17592186044416,
      sum(length(frames) + coalesce(length(order_hashes), 0) + coalesce(length(CAST(marks AS BLOB)), 0)), sum(records), 0
    FROM raw LEFT JOIN raw_orders USING (key) GROUP BY 1`;

const ADD = `
  INSERT INTO raw_sums VALUES (?, ?, ?, 0)
    ON CONFLICT (topic) DO UPDATE SET bytes = bytes + excluded.bytes, records = records + excluded.records`;
const RAISE = `
  INSERT INTO raw_sums VALUES (?, 0, 0, ?) ON CONFLICT (topic) DO UPDATE SET horizon = max(horizon, excluded.horizon)`;

/** Files from before there was an archive get their sums counted once. */
export function addRawSums(file: SqliteFile): void {
  if (file.row("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'raw_sums'") !== undefined) return;
  file.execute(TABLE);
  file.run(COUNT_ALL);
}

export function addToSums(file: SqliteFile, topicId: number, chunks: readonly RawChunk[]): void {
  const bytes = chunks.reduce((sum, chunk) => sum + bytesOf(chunk), 0);
  const records = chunks.reduce((sum, chunk) => sum + chunk.records, 0);
  file.run(ADD, topicId, bytes, records);
}

export function takeFromSums(file: SqliteFile, topicId: number, bytes: number, records: number): void {
  file.run(ADD, topicId, -bytes, -records);
}

/** The horizon only rises; answers where it is now. */
export function raiseHorizon(file: SqliteFile, topicId: number, horizon: number): number {
  file.run(RAISE, topicId, horizon);
  return horizonOf(file, topicId);
}

export function horizonOf(file: SqliteFile, topicId: number): number {
  return rawSumsOf(file, topicId).horizon;
}

export function rawSumsOf(file: SqliteFile, topicId: number): RawSums {
  const row = file.row<RawSums>('SELECT bytes, records, horizon FROM raw_sums WHERE topic = ?', topicId);
  return row ?? { bytes: 0, records: 0, horizon: 0 };
}

/** Of all topics of the file. */
export function rawBytes(file: SqliteFile): number {
  return file.row<{ bytes: number | null }>('SELECT sum(bytes) AS bytes FROM raw_sums')?.bytes ?? 0;
}

/** As COUNT_ALL has it. */
function bytesOf({ frames, orders, orderHashes, marks }: RawChunk): number {
  if (orders === 0) return frames.length;
  return frames.length + orderHashes.byteLength + (marks.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(marks)));
}
