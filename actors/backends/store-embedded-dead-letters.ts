/** Dead letters over all files of the store, newest first by the time of their record. */
import type { DeadLetter } from '../../protocol/event.ts';
import type { DeadLetterFilter, Page } from '../ports/hot-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { PartitionFile } from './partition-file.ts';

type Stored = { readonly attempts: number | null; readonly error: string | null };
/** A dead letter as its table holds it, without its topic-partition. */
export type DeadLetterRow = Omit<DeadLetter, 'topic' | 'partition' | keyof Stored> & Stored;
type FoundRow = DeadLetterRow & { readonly topic: string; readonly topicId: number };
type Found = { readonly letter: DeadLetter; readonly topicId: number };

const SHAPE = [0, 0, 0, 0, 0] as const;
const COLUMNS = `topic.name AS topic, dead_letter.topic AS topicId, offset, element, reason, field, excerpt, at, attempts, error
  FROM dead_letter JOIN topic ON topic.id = dead_letter.topic`;
/** One order over all files: (at, partition, topic, offset, element), all falling. The file's own part of it: */
const ORDER = 'ORDER BY at DESC, dead_letter.topic DESC, offset DESC, element DESC LIMIT ?';

export function readDeadLetters(files: readonly PartitionFile[], filter: DeadLetterFilter): Page<DeadLetter> {
  const after = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, SHAPE);
  const found = files
    .flatMap((file) => readFile(file, filter, after))
    .sort((a, b) => compare(placeOf(b), placeOf(a)))
    .slice(0, filter.limit + 1);
  const items = found.slice(0, filter.limit);
  const last = items.at(-1);
  const next = found.length > filter.limit && last !== undefined ? encodeCursor(placeOf(last)) : null;
  return { items: items.map(({ letter }) => letter), next };
}

function readFile(
  { file, partition }: PartitionFile,
  filter: DeadLetterFilter,
  after: readonly number[] | undefined,
): Found[] {
  const [at = Number.MAX_SAFE_INTEGER, ...rest] = after ?? [];
  const [afterPartition = Number.MAX_SAFE_INTEGER, topic = 0, offset = 0, element = 0] = rest;
  // Of the same instant this file still has all, some or none to show, by its place in the common order.
  const sameInstant =
    partition < afterPartition
      ? '1'
      : partition > afterPartition
        ? '0'
        : '(dead_letter.topic, offset, element) < (?, ?, ?)';
  const places = partition === afterPartition ? [topic, offset, element] : [];
  const reason = filter.reason === undefined ? '' : 'AND reason = ?';
  const rows = file.rows<FoundRow>(
    `SELECT ${COLUMNS} WHERE at <= ? AND (at < ? OR ${sameInstant}) ${reason} ${ORDER}`,
    at,
    at,
    ...places,
    ...(filter.reason === undefined ? [] : [filter.reason]),
    filter.limit + 1,
  );
  return rows.map(({ topicId, ...row }) => ({ topicId, letter: withoutNulls({ ...row, partition }) }));
}

/** Only poison has attempts and an error. */
export function withoutNulls<Row extends Stored>({ attempts, error, ...letter }: Row) {
  return attempts === null || error === null ? letter : { ...letter, attempts, error };
}

function placeOf({ letter, topicId }: Found): number[] {
  return [letter.at, letter.partition, topicId, letter.offset, letter.element];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
