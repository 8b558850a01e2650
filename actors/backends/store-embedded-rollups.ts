/**
 * Roll-ups of the embedded store, in a file of their own: their large rows shall not sit among the facts. What changed
 * since them stands in the partitions' files, by the number of the commit that wrote each window last.
 */
import { join } from 'node:path';
import { partitionKey } from '../../protocol/event.ts';
import type { RollupLevel, RollupReader, RollupStamp, RollupWriter, StoredWindow } from '../ports/hot-store.ts';
import type { PartitionFile } from './partition-file.ts';
import { SqliteFile } from './sqlite-file.ts';
import { type EmbeddedStoreConfig, storeFiles } from './store-embedded-schema.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS rollup (level TEXT NOT NULL, start INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (level, start));
  CREATE TABLE IF NOT EXISTS stamp (topic TEXT NOT NULL, partition INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (topic, partition));`;
const STAMP = 'SELECT topic, partition, seq FROM stamp ORDER BY topic, partition';
const PUT = 'INSERT INTO rollup VALUES (?, ?, ?) ON CONFLICT (level, start) DO UPDATE SET packed = excluded.packed';
const READ = 'SELECT start, packed FROM rollup WHERE level = ? AND start >= ? AND start < ? ORDER BY start';
const CHANGED = 'SELECT seq, start FROM window WHERE topic = ? AND (seq, start) > (?, ?) ORDER BY seq, start LIMIT ?';
/** Some 10 ms of reading. */
const CHANGED_ROWS = 10_000;

function rollupsPath({ dataDir }: EmbeddedStoreConfig): string {
  return join(dataDir, 'store', 'rollups.db');
}

export class EmbeddedRollupWriter implements RollupWriter {
  #file: SqliteFile;

  constructor(config: EmbeddedStoreConfig) {
    this.#file = SqliteFile.openToWrite(rollupsPath(config));
    this.#file.execute(SCHEMA);
  }

  async replace(
    windows: readonly (StoredWindow & { readonly level: RollupLevel })[],
    stamp: RollupStamp,
  ): Promise<void> {
    const file = this.#file;
    file.transaction(() => {
      for (const { level, start, packed } of windows) {
        if (packed.length > 0) file.run(PUT, level, start, packed);
        else file.run('DELETE FROM rollup WHERE level = ? AND start = ?', level, start);
      }
      file.run('DELETE FROM stamp');
      for (const { topic, partition, seq } of stamp)
        file.run('INSERT INTO stamp VALUES (?, ?, ?)', topic, partition, seq);
    });
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

export class EmbeddedRollupReader implements RollupReader {
  #file: SqliteFile;
  #partitions: PartitionFile[];

  constructor(config: EmbeddedStoreConfig) {
    this.#partitions = storeFiles(config).openAllToRead();
    this.#file = SqliteFile.openToRead(rollupsPath(config));
  }

  async rollups(level: RollupLevel, from: number, to: number) {
    const file = this.#file;
    return file.snapshot(() => ({
      stamp: file.rows<RollupStamp[number]>(STAMP).map(({ topic, partition, seq }) => ({ topic, partition, seq })),
      windows: file.rows<StoredWindow>(READ, level, from, to).map(({ start, packed }) => ({ start, packed })),
    }));
  }

  async changedSince(stamp: RollupStamp): Promise<readonly number[]> {
    const seqs = new Map(stamp.map((each) => [partitionKey(each), each.seq]));
    const starts = new Set<number>();
    for (const { file, partition, topics } of this.#partitions)
      for (const [topic, id] of topics) {
        const seq = seqs.get(partitionKey({ topic, partition })) ?? 0;
        for await (const start of changedIn(file, id, seq)) starts.add(start);
      }
    return [...starts].sort((a, b) => a - b);
  }

  async close(): Promise<void> {
    for (const { file } of this.#partitions) file.close();
    this.#file.close();
  }
}

/** Before the first roll-up that is all of history, so it lets other work in between. */
async function* changedIn(file: SqliteFile, topicId: number, stampSeq: number): AsyncGenerator<number> {
  let [seq, start] = [stampSeq, Number.MAX_SAFE_INTEGER];
  for (;;) {
    const rows = file.rows<{ seq: number; start: number }>(CHANGED, topicId, seq, start, CHANGED_ROWS);
    for (const row of rows) yield row.start;
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHANGED_ROWS) return;
    ({ seq, start } = last);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
