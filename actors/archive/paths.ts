/** Where files of the archive stand, and what batches are called. */
import type { TopicPartition } from '../../protocol/event.ts';

const OFFSET_DIGITS = 12;

export const TEMPORARY = '_tmp';

/** Sorts by offset within a topic-partition; the same range always has the same id. */
export function batchIdOf({ topic, partition }: TopicPartition, fromOffset: number): string {
  return `${topic}-${partition}-${String(fromOffset).padStart(OFFSET_DIGITS, '0')}`;
}

export function tablePath(table: 'orders' | 'kpi_minute', orderDate: string, batchId: string): string {
  return `${table}/order_date=${orderDate}/part-${batchId}.parquet`;
}

export function rawPath({ topic, partition }: TopicPartition, date: string, batchId: string): string {
  return `raw/${topic}/date=${date}/part-${batchId}-${partition}.ndjson.zst`;
}

/** Beside the lines: what they cannot carry. */
export function indexPathOf(raw: string): string {
  return raw.replace(/\.ndjson\.zst$/, '.index.zst');
}

export function isRawPath(path: string): boolean {
  return path.endsWith('.ndjson.zst');
}

/** Beside the lines of a batch's first day: the ids of its orders. */
export function idsPathOf(raw: string): string {
  return raw.replace(/\.ndjson\.zst$/, '.ids');
}

export function isIdsPath(path: string): boolean {
  return path.endsWith('.ids');
}

/**
 * Where an attempt writes a file: `nonce` is of the attempt alone, so that no two writers ever share one. All lie flat
 * below one folder, so that what nobody claims is found by one listing.
 */
export function temporaryPath(path: string, nonce: string): string {
  return `${TEMPORARY}/${nonce}..${path.replaceAll('/', '..')}`;
}

export function isTemporary(path: string): boolean {
  return path.startsWith(`${TEMPORARY}/`);
}
