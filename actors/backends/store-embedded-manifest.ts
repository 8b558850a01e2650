/** The archive's manifest in the shared file of the embedded store: one row a batch, what it is asked by in columns. */
import type { TopicPartition } from '../../protocol/event.ts';
import type { ArchiveBatch, ArchiveManifest, ArchiveState, BatchFilter } from '../ports/archive.ts';
import type { Page } from '../ports/hot-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { SqliteFile } from './sqlite-file.ts';
import { factsPath } from './store-embedded-facts.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS archive_batch (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
    from_offset INTEGER NOT NULL, planned_at INTEGER NOT NULL, batch TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS archive_batch_place ON archive_batch (topic, partition, from_offset);
  CREATE INDEX IF NOT EXISTS archive_batch_state ON archive_batch (state);
  CREATE INDEX IF NOT EXISTS archive_batch_planned ON archive_batch (planned_at, id);`;

const CREATE = 'INSERT INTO archive_batch VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
const ADVANCE = `
  UPDATE archive_batch SET state = ?, topic = ?, partition = ?, from_offset = ?, planned_at = ?, batch = ?
    WHERE id = ? AND state = ?`;
const LIST =
  'SELECT batch FROM archive_batch WHERE (planned_at, id) < (?, ?) ORDER BY planned_at DESC, id DESC LIMIT ?';

type Row = { readonly batch: string };

export class EmbeddedArchiveManifest implements ArchiveManifest {
  #file: SqliteFile;

  constructor(dataDir: string) {
    this.#file = SqliteFile.openToWrite(factsPath(dataDir));
    this.#file.execute(SCHEMA);
  }

  async create(batch: ArchiveBatch): Promise<boolean> {
    const { id, state, topic, partition, fromOffset, plannedAt } = batch;
    return this.#file.run(CREATE, id, state, topic, partition, fromOffset, plannedAt, JSON.stringify(batch)) === 1;
  }

  async advance(batch: ArchiveBatch, from: ArchiveState): Promise<boolean> {
    const { id, state, topic, partition, fromOffset, plannedAt } = batch;
    const text = JSON.stringify(batch);
    return this.#file.run(ADVANCE, state, topic, partition, fromOffset, plannedAt, text, id, from) === 1;
  }

  async get(id: string): Promise<ArchiveBatch | undefined> {
    const row = this.#file.row<Row>('SELECT batch FROM archive_batch WHERE id = ?', id);
    return row === undefined ? undefined : batchOf(row);
  }

  async inState(states: readonly ArchiveState[], of?: TopicPartition): Promise<readonly ArchiveBatch[]> {
    const wanted = `state IN (${states.map(() => '?').join(', ')})`;
    const order = 'ORDER BY topic, partition, from_offset, id';
    const rows =
      of === undefined
        ? this.#file.rows<Row>(`SELECT batch FROM archive_batch WHERE ${wanted} ${order}`, ...states)
        : this.#file.rows<Row>(
            `SELECT batch FROM archive_batch WHERE topic = ? AND partition = ? AND ${wanted} ${order}`,
            of.topic,
            of.partition,
            ...states,
          );
    return rows.map(batchOf);
  }

  async list({ limit, cursor }: BatchFilter): Promise<Page<ArchiveBatch>> {
    const [before, id] = cursor === undefined ? [Number.MAX_SAFE_INTEGER, ''] : decodeCursor(cursor, [0, '']);
    const found = this.#file.rows<Row>(LIST, before, id, limit + 1).map(batchOf);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items, next: found.length <= limit || !last ? null : encodeCursor([last.plannedAt, last.id]) };
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

function batchOf({ batch }: Row): ArchiveBatch {
  return JSON.parse(batch) as ArchiveBatch;
}
