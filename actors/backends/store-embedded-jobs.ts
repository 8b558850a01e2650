/**
 * The history of jobs in the shared file. As with facts, the newest may be missing after a power cut: a job that ran
 * then runs again.
 */
import type { Page } from '../ports/hot-store.ts';
import type { JobRun, JobStore } from '../ports/job-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { SqliteFile } from './sqlite-file.ts';
import { factsPath } from './store-embedded-facts.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS job_run (
    job TEXT NOT NULL, started_at INTEGER NOT NULL, id TEXT NOT NULL, ended_at INTEGER, outcome TEXT NOT NULL,
    attempt INTEGER NOT NULL, trigger TEXT NOT NULL, log TEXT NOT NULL, error TEXT, PRIMARY KEY (job, started_at)
  ) WITHOUT ROWID`;
const PUT = `
  INSERT INTO job_run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (job, started_at) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
      attempt = excluded.attempt, trigger = excluded.trigger, log = excluded.log, error = excluded.error`;
const RUNS = 'SELECT * FROM job_run WHERE job = ? AND started_at < ? ORDER BY started_at DESC LIMIT ?';
const LATEST = `
  SELECT * FROM job_run AS run
    WHERE started_at = (SELECT max(started_at) FROM job_run WHERE job = run.job) ORDER BY job`;
const TRIM = `
  DELETE FROM job_run WHERE job = ?1 AND started_at <=
    (SELECT started_at FROM job_run WHERE job = ?1 ORDER BY started_at DESC LIMIT 1 OFFSET ?2)`;

type RunRow = {
  readonly job: string;
  readonly started_at: number;
  readonly id: string;
  readonly ended_at: number | null;
  readonly outcome: JobRun['outcome'];
  readonly attempt: number;
  readonly trigger: JobRun['trigger'];
  readonly log: string;
  readonly error: string | null;
};

export class EmbeddedJobStore implements JobStore {
  #file: SqliteFile;

  constructor(dataDir: string) {
    this.#file = SqliteFile.openToWrite(factsPath(dataDir));
    this.#file.execute('PRAGMA synchronous = NORMAL');
    this.#file.execute(SCHEMA);
  }

  async put({ job, startedAt, id, endedAt, outcome, attempt, trigger, log, error }: JobRun): Promise<void> {
    this.#file.run(PUT, job, startedAt, id, endedAt, outcome, attempt, trigger, JSON.stringify(log), error);
  }

  async runs(
    job: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<JobRun>> {
    const [before] = cursor === undefined ? [Number.MAX_SAFE_INTEGER] : decodeCursor(cursor, [0]);
    const rows = this.#file.rows<RunRow>(RUNS, job, before, limit + 1);
    const items = rows.slice(0, limit).map(runOf);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last !== undefined ? encodeCursor([last.startedAt]) : null };
  }

  async latest(): Promise<readonly JobRun[]> {
    return this.#file.rows<RunRow>(LATEST).map(runOf);
  }

  async trim(job: string, keep: number): Promise<void> {
    this.#file.run(TRIM, job, keep);
  }

  async close(): Promise<void> {
    this.#file.close();
  }
}

function runOf({ job, id, outcome, attempt, trigger, log, error, ...row }: RunRow): JobRun {
  const { started_at: startedAt, ended_at: endedAt } = row;
  return { id, job, startedAt, endedAt, outcome, attempt, trigger, log: JSON.parse(log), error };
}
