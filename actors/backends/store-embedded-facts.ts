/**
 * Small facts of the whole system in a file of their own, as JSON; any thread may read and write them. They survive
 * the death of the process; after a power cut the newest may be missing, which none of them minds.
 */
import { join } from 'node:path';
import type { FactStore } from '../ports/hot-store.ts';
import { SqliteFile } from './sqlite-file.ts';

const SCHEMA = 'CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID';
const PUT = 'INSERT INTO fact VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';

export function factsPath(dataDir: string): string {
  return join(dataDir, 'store', 'shared.db');
}

export class EmbeddedFactStore implements FactStore {
  #file: SqliteFile;

  constructor(dataDir: string) {
    this.#file = SqliteFile.openToWrite(factsPath(dataDir));
    this.#file.execute('PRAGMA synchronous = NORMAL');
    this.#file.execute(SCHEMA);
  }

  async get(key: string): Promise<unknown> {
    const row = this.#file.row<{ value: string }>('SELECT value FROM fact WHERE key = ?', key);
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  async put(key: string, value: unknown): Promise<void> {
    this.#file.run(PUT, key, JSON.stringify(value));
  }

  async claim(key: string, value: unknown): Promise<boolean> {
    return this.#file.run('INSERT INTO fact VALUES (?, ?) ON CONFLICT DO NOTHING', key, JSON.stringify(value)) === 1;
  }

  async find(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const sql = 'SELECT key, value FROM fact WHERE key IN (SELECT value FROM json_each(?))';
    const rows = this.#file.rows<{ key: string; value: string }>(sql, JSON.stringify(keys));
    return new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]));
  }

  async remove(key: string): Promise<void> {
    this.#file.run('DELETE FROM fact WHERE key = ?', key);
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}
