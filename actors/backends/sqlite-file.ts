/**
 * One SQLite file: statements prepared once, transactions, and errors that name the file.
 * Every write is durable when its transaction returns (WAL with synchronous=FULL).
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { AppError } from '../../protocol/errors.ts';

/** Large enough that a packed window is a few pages, small enough that a tiny commit writes little. */
const PAGE_BYTES = 8192;
/** How long a statement waits for another connection: only checkpoints and retention ever hold a lock, for milliseconds. */
const BUSY_MS = 5000;

const DAMAGED = /not a database|malformed|corrupt/i;

export class SqliteFile {
  readonly path: string;
  #database: DatabaseSync;
  #statements = new Map<string, StatementSync>();

  private constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.#database = database;
  }

  /** Opens the file for writing and makes it when it is not there. */
  static openToWrite(path: string): SqliteFile {
    return guarded(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      const file = new SqliteFile(path, new DatabaseSync(path, { timeout: BUSY_MS }));
      // The first two only take effect before the first page is written.
      file.execute(`PRAGMA page_size = ${PAGE_BYTES}`);
      file.execute('PRAGMA auto_vacuum = INCREMENTAL');
      file.execute('PRAGMA journal_mode = WAL');
      file.execute('PRAGMA synchronous = FULL');
      return file;
    });
  }

  /** Opens a file that must be there; this connection can never change it. */
  static openToRead(path: string): SqliteFile {
    return guarded(path, () => {
      const file = new SqliteFile(path, new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS }));
      file.row('SELECT count(*) FROM sqlite_schema');
      return file;
    });
  }

  row<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return guarded(this.path, () => this.#statement(sql).get(...values) as Row | undefined);
  }

  rows<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return guarded(this.path, () => this.#statement(sql).all(...values) as Row[]);
  }

  /** Answers how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return guarded(this.path, () => Number(this.#statement(sql).run(...values).changes));
  }

  execute(sql: string): void {
    guarded(this.path, () => this.#database.exec(sql));
  }

  /** All that `work` writes, or nothing of it. */
  transaction<T>(work: () => T): T {
    return this.#between('BEGIN IMMEDIATE', work);
  }

  /** All that `work` reads is of one moment. */
  snapshot<T>(work: () => T): T {
    return this.#between('BEGIN', work);
  }

  /** Bytes in use; free pages inside the file are not counted. */
  usedBytes(): number {
    return (this.#pragma('page_count') - this.#pragma('freelist_count')) * this.#pragma('page_size');
  }

  freePages(): number {
    return this.#pragma('freelist_count');
  }

  pages(): number {
    return this.#pragma('page_count');
  }

  /** Gives free pages back to the disk. Through `all`, as Deno's `exec` gives back one page a call. */
  vacuum(pages: number): void {
    guarded(this.path, () => this.#database.prepare(`PRAGMA incremental_vacuum(${pages})`).all());
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #between<T>(begin: string, work: () => T): T {
    this.run(begin);
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  /** Some failures (a full disk) have rolled back already; then there is nothing left to do. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      return;
    }
  }

  #pragma(name: string): number {
    return Number(Object.values(this.row<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0]);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Runs it, and turns what SQLite throws into an error that names the file. */
function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : fileError(path, thrown);
  }
}

function fileError(path: string, cause: unknown): AppError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return DAMAGED.test(detail)
    ? new AppError('data-mismatch', `Cannot use ${path} as it is damaged or not a file of pulso: ${detail}`, { cause })
    : new AppError('unavailable', `Cannot use ${path}: ${detail}`, { cause });
}
