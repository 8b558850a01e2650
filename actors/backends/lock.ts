/**
 * The lock of a data folder: an exclusive SQLite transaction on `lock.db`, which the operating system lets go of when
 * the process ends, however it ends. `running.json` beside it says who holds it; it is only believed while it is held.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../protocol/errors.ts';

/** A system that runs on a data folder and listens. */
export type Running = { readonly pid: number; readonly url: string; readonly token: string };

/** Who has the lock; url and token come once the gateway listens. */
type Holder = { readonly pid: number; readonly url?: string; readonly token?: string };

export type DataLock = {
  announce(running: Running): void;
  release(): void;
};

/** Longer than `findRunning` holds its shared lock, so that a look never passes for a running system. */
const ACQUIRE_WAIT_MS = 250;

/** Connections that hold a lock: one that nobody could reach would be collected, and its lock with it. */
const holding = new Set<DatabaseSync>();

/** Takes the folder for this process, or says who has it. */
export function acquireLock(dataDir: string): DataLock {
  const database = openLock(dataDir, ACQUIRE_WAIT_MS);
  if (!tryRun(database, 'BEGIN EXCLUSIVE')) {
    database.close();
    throw lockedError(dataDir);
  }
  writeHolder(dataDir, { pid: process.pid });
  holding.add(database);
  return {
    announce: (running) => writeHolder(dataDir, running),
    release: () => {
      if (!holding.delete(database)) return;
      rmSync(runningPath(dataDir), { force: true });
      database.close();
    },
  };
}

/** The system that runs on this folder now and can be talked to, if there is one. */
export function findRunning(dataDir: string): Running | undefined {
  if (!existsSync(lockPath(dataDir))) return undefined;
  const database = openLock(dataDir, 0);
  try {
    if (tryRun(database, 'SELECT count(*) FROM sqlite_schema')) return undefined;
    const { pid, url, token } = readHolder(dataDir) ?? {};
    return pid === undefined || url === undefined || token === undefined ? undefined : { pid, url, token };
  } finally {
    database.close();
  }
}

function openLock(dataDir: string, timeout: number): DatabaseSync {
  try {
    mkdirSync(dataDir, { recursive: true });
    return new DatabaseSync(lockPath(dataDir), { timeout });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('bad-config', `Cannot use the data folder ${dataDir}: ${detail}`, { field: 'data', cause });
  }
}

/** False when another process has the lock; anything else that goes wrong is thrown. */
function tryRun(database: DatabaseSync, sql: string): boolean {
  try {
    database.exec(sql);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && /locked|busy/i.test(thrown.message)) return false;
    throw thrown;
  }
}

function lockedError(dataDir: string): AppError {
  const holder = readHolder(dataDir);
  const who =
    holder === undefined ? '' : ` (process ${holder.pid}${holder.url === undefined ? '' : `, ${holder.url}`})`;
  return new AppError('data-locked', `Cannot use the data folder ${dataDir} as another pulso runs on it${who}`);
}

function lockPath(dataDir: string): string {
  return join(dataDir, 'lock.db');
}

function runningPath(dataDir: string): string {
  return join(dataDir, 'running.json');
}

/** Whole or not at all, and for this user alone: the token is in it. */
function writeHolder(dataDir: string, holder: Holder): void {
  const temporary = `${runningPath(dataDir)}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(temporary, runningPath(dataDir));
}

/** Undefined when it cannot be read: between taking the lock and saying so there is a moment without it. */
function readHolder(dataDir: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(runningPath(dataDir), 'utf8'));
    return isHolder(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number';
}
