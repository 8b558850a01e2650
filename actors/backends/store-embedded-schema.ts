/**
 * The tables of one partition's store file, and its rows as the port names them. All topics of a partition index
 * share the file, so that one transaction commits them together.
 */
import { join } from 'node:path';
import type { PartitionState } from '../ports/hot-store.ts';
import { type Layout, type PartitionFile, PartitionFiles } from './partition-file.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { addRawSums } from './store-embedded-raw-sums.ts';

export type EmbeddedStoreConfig = {
  readonly dataDir: string;
  readonly partitions: number;
  readonly topics: readonly string[];
};

/**
 * `raw` and `raw_orders` have one key, so that a range of offsets of a topic is a range of keys (rawKey). What order
 * queries look through stands apart from the frames: scanning it reads a fiftieth of the bytes.
 */
const LAYOUT: Layout = {
  format: 'pulso store 1',
  schema: `
    CREATE TABLE partition (
      topic INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, next_offset INTEGER NOT NULL,
      watermark INTEGER NOT NULL, ledger_in INTEGER NOT NULL, counted INTEGER NOT NULL, late INTEGER NOT NULL,
      dead INTEGER NOT NULL, duplicates INTEGER NOT NULL, events INTEGER NOT NULL, orders INTEGER NOT NULL,
      paid_orders INTEGER NOT NULL, items INTEGER NOT NULL, revenue INTEGER NOT NULL
    );
    CREATE TABLE dedup (topic INTEGER PRIMARY KEY, ids BLOB NOT NULL);
    CREATE TABLE window (
      topic INTEGER NOT NULL, start INTEGER NOT NULL, seq INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (topic, start)
    );
    CREATE TABLE raw (
      key INTEGER PRIMARY KEY, next INTEGER NOT NULL, records INTEGER NOT NULL, zstd INTEGER NOT NULL, frames BLOB NOT NULL
    );
    CREATE TABLE raw_orders (
      key INTEGER PRIMARY KEY, orders INTEGER NOT NULL, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL,
      order_hashes BLOB NOT NULL, marks TEXT
    );
    CREATE INDEX raw_orders_time ON raw_orders (max_time);
    CREATE TABLE dead_letter (
      topic INTEGER NOT NULL, offset INTEGER NOT NULL, element INTEGER NOT NULL, reason TEXT NOT NULL, field TEXT,
      excerpt TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (topic, offset, element)
    ) WITHOUT ROWID;
    CREATE INDEX dead_letter_at ON dead_letter (at);`,
  extend(file) {
    addRawSums(file);
    addGap(file);
    addPoison(file);
    file.execute('CREATE INDEX IF NOT EXISTS window_seq ON window (topic, seq, start)');
  },
};

/** Files from before a partition could have a gap. */
function addGap(file: SqliteFile): void {
  if (file.row("SELECT 1 FROM pragma_table_info('partition') WHERE name = 'gap'") !== undefined) return;
  file.execute('ALTER TABLE partition ADD COLUMN gap INTEGER NOT NULL DEFAULT 0');
}

/** Files from before records could be poison. */
function addPoison(file: SqliteFile): void {
  if (file.row("SELECT 1 FROM pragma_table_info('dead_letter') WHERE name = 'error'") !== undefined) return;
  file.execute('ALTER TABLE dead_letter ADD COLUMN attempts INTEGER; ALTER TABLE dead_letter ADD COLUMN error TEXT');
}

/** Offsets stay below this, so that key = topic number * this + offset is a whole number that a double holds. */
const OFFSETS = 2 ** 44;

export function rawKey(topicId: number, offset: number): number {
  return topicId * OFFSETS + offset;
}

/** The range of keys [from, to) of a topic's offsets [from, to). */
export function rawKeys(topicId: number, from = 0, to = OFFSETS): readonly [number, number] {
  return [topicId * OFFSETS + from, topicId * OFFSETS + Math.min(to, OFFSETS)];
}

export function splitRawKey(key: number): { topicId: number; offset: number } {
  const topicId = Math.floor(key / OFFSETS);
  return { topicId, offset: key - topicId * OFFSETS };
}

export function storeFiles({ dataDir, partitions, topics }: EmbeddedStoreConfig): PartitionFiles {
  return new PartitionFiles({ folder: join(dataDir, 'store'), partitions, topics }, LAYOUT);
}

/** Makes the files that are not there yet, and refuses those of another number of partitions. */
export function prepareStore(config: EmbeddedStoreConfig): void {
  for (const { file } of storeFiles(config).openAllToWrite()) file.close();
}

/** What every topic-partition has come to, of the partitions that are there. */
export function readStoreStates(config: EmbeddedStoreConfig): PartitionState[] {
  const files = storeFiles(config).openFoundToRead();
  try {
    return files.flatMap((file) => readStates(file));
  } finally {
    for (const { file } of files) file.close();
  }
}

type StateRow = Record<(typeof STATE_COLUMNS)[number], number> & {
  readonly topic_name: string;
  readonly ids: Uint8Array | null;
};

const STATE_COLUMNS = [
  'epoch',
  'seq',
  'next_offset',
  'watermark',
  'ledger_in',
  'counted',
  'late',
  'dead',
  'duplicates',
  'events',
  'orders',
  'paid_orders',
  'items',
  'revenue',
  'gap',
] as const;

const SELECT_STATES = `
  SELECT topic.name AS topic_name, partition.*, dedup.ids FROM partition
    JOIN topic ON topic.id = partition.topic LEFT JOIN dedup ON dedup.topic = partition.topic`;

/** The states of a file: of all its topics, or of one. */
export function readStates({ file, partition }: PartitionFile, topicId?: number): PartitionState[] {
  const rows =
    topicId === undefined
      ? file.rows<StateRow>(`${SELECT_STATES} ORDER BY topic.id`)
      : file.rows<StateRow>(`${SELECT_STATES} WHERE partition.topic = ?`, topicId);
  return rows.map((row) => stateOf(row, partition));
}

function stateOf(row: StateRow, partition: number): PartitionState {
  const { epoch, seq, watermark, counted, late, dead, duplicates, events, orders, items, revenue, gap } = row;
  return {
    topic: row.topic_name,
    partition,
    epoch,
    seq,
    nextOffset: row.next_offset,
    watermark,
    ledger: { in: row.ledger_in, counted, late, dead, duplicates },
    totals: { events, orders, paidOrders: row.paid_orders, items, revenue },
    // A file that was not opened to write since there are gaps has no such column.
    gap: gap ?? 0,
    dedup: row.ids,
  };
}

/** A row for a topic-partition that was never owned. */
export function insertState(file: SqliteFile, topicId: number): void {
  const zeros = STATE_COLUMNS.map((name) => (name === 'watermark' ? '-1' : '0')).join(', ');
  file.run(
    `INSERT INTO partition (topic, ${STATE_COLUMNS.join(', ')}) VALUES (?, ${zeros}) ON CONFLICT DO NOTHING`,
    topicId,
  );
}

const MOVE_ON = `
  UPDATE partition SET ${STATE_COLUMNS.map((name) => `${name} = ?`).join(', ')} WHERE topic = ? AND epoch = ? AND seq = ?`;

/** Writes the state where the stored one is of the same epoch and one commit before; answers false where it is not. */
export function moveOn(file: SqliteFile, topicId: number, state: PartitionState): boolean {
  const { ledger, totals } = state;
  const changed = file.run(
    MOVE_ON,
    state.epoch,
    state.seq,
    state.nextOffset,
    state.watermark,
    ledger.in,
    ledger.counted,
    ledger.late,
    ledger.dead,
    ledger.duplicates,
    totals.events,
    totals.orders,
    totals.paidOrders,
    totals.items,
    totals.revenue,
    state.gap ?? 0,
    topicId,
    state.epoch,
    state.seq - 1,
  );
  return changed === 1;
}
