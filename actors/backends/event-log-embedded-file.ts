/**
 * One partition's file of the embedded log: a table of rows for each topic, found by the offset of its first record.
 * The newest row is never deleted, so the end of a topic stands in its table and nowhere else.
 */
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import type { LogExtent } from '../ports/event-log.ts';
import type { LogRow } from './event-log-embedded-rows.ts';
import { type Layout, type PartitionFile, PartitionFiles } from './partition-file.ts';

export type EmbeddedLogConfig = {
  readonly dataDir: string;
  readonly partitions: number;
  readonly topics: readonly string[];
  /** The log lets go of consumed rows above this. */
  readonly logBytes: number;
};

const LAYOUT: Layout = {
  format: 'pulso log 1',
  schema: '',
  extend(file) {
    file.execute('CREATE TABLE IF NOT EXISTS writer (one INTEGER PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL)');
  },
  topicSchema: (id) => `
    CREATE TABLE batch_${id} (
      base INTEGER PRIMARY KEY, count INTEGER NOT NULL, codec INTEGER NOT NULL, bytes INTEGER NOT NULL, payload BLOB NOT NULL
    )`,
};

export function logFiles({ dataDir, partitions, topics }: EmbeddedLogConfig): PartitionFiles {
  return new PartitionFiles({ folder: join(dataDir, 'log'), partitions, topics }, LAYOUT);
}

/** Whoever takes it on is the one writer from then on; what former ones still try to write is refused. */
export function takeWriterEpoch({ file }: PartitionFile): number {
  file.run('INSERT INTO writer VALUES (1, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1');
  return writerEpoch(file);
}

/** Within the transaction that writes. */
export function checkWriterEpoch(file: PartitionFile['file'], epoch: number): void {
  const newest = writerEpoch(file);
  if (newest === epoch) return;
  const text = `Cannot append to ${file.path} as its writer of epoch ${epoch}: the newest epoch is ${newest}`;
  throw new AppError('fenced', text);
}

function writerEpoch(file: PartitionFile['file']): number {
  return file.row<{ epoch: number }>('SELECT epoch FROM writer')?.epoch ?? 0;
}

/** How far the log reaches, of the partitions that are there. */
export function readLogExtents(config: EmbeddedLogConfig): LogExtent[] {
  const files = logFiles(config).openFoundToRead();
  try {
    return files.flatMap((file) => topicTables(file, config.topics)).map((table) => table.extent());
  } finally {
    for (const { file } of files) file.close();
  }
}

/** The rows of one topic in one file. */
export class TopicTable {
  readonly topic: string;
  readonly partition: number;
  #file: PartitionFile['file'];
  #table: string;

  constructor({ file, partition, topics }: PartitionFile, topic: string) {
    this.topic = topic;
    this.partition = partition;
    this.#file = file;
    this.#table = `batch_${topics.get(topic)}`;
  }

  /** For messages. */
  get name(): string {
    return `${this.topic}/${this.partition} in ${this.#file.path}`;
  }

  extent(): LogExtent {
    const first = this.#file.row<{ base: number }>(`SELECT base FROM ${this.#table} ORDER BY base LIMIT 1`);
    return { topic: this.topic, partition: this.partition, start: first?.base ?? 0, end: this.end() };
  }

  end(): number {
    const last = this.#file.row<{ base: number; count: number }>(
      `SELECT base, count FROM ${this.#table} ORDER BY base DESC LIMIT 1`,
    );
    return last === undefined ? 0 : last.base + last.count;
  }

  insert({ base, count, codec, bytes, payload }: LogRow): void {
    this.#file.run(`INSERT INTO ${this.#table} VALUES (?, ?, ?, ?, ?)`, base, count, codec, bytes, payload);
  }

  /** The row that holds this offset, if there is one. */
  rowAt(offset: number): LogRow | undefined {
    const row = this.#file.row<LogRow>(
      `SELECT base, count, codec, bytes, payload FROM ${this.#table} WHERE base <= ? ORDER BY base DESC LIMIT 1`,
      offset,
    );
    return row !== undefined && row.base + row.count > offset ? row : undefined;
  }

  /** Deletes the oldest rows that end at or below `consumed`, up to so many bytes; answers the bytes freed. */
  release(consumed: number, maxBytes: number): number {
    const rows = this.#file.rows<{ base: number; bytes: number }>(
      `SELECT base, length(payload) AS bytes FROM ${this.#table}
        WHERE base + count <= ? AND base < (SELECT max(base) FROM ${this.#table}) ORDER BY base LIMIT ?`,
      consumed,
      RELEASE_ROWS,
    );
    let freed = 0;
    let below: number | undefined;
    for (const { base, bytes } of rows) {
      if (freed >= maxBytes) break;
      freed += bytes;
      below = base;
    }
    if (below !== undefined) this.#file.run(`DELETE FROM ${this.#table} WHERE base <= ?`, below);
    return freed;
  }
}

/** Rows deleted in one go: some milliseconds even when all are large. */
const RELEASE_ROWS = 2000;

/** Every topic's table of a file; a topic that the file does not know is left out. */
export function topicTables(file: PartitionFile, topics: readonly string[]): TopicTable[] {
  return topics.filter((topic) => file.topics.has(topic)).map((topic) => new TopicTable(file, topic));
}
