/** The history of scheduled jobs: what ran when, how it ended, and what it said. Survives restarts. */
import type { Page } from './hot-store.ts';

export type JobOutcome = 'running' | 'done' | 'failed' | 'lost';

export type JobRun = {
  /** Grows with time within a job: `<job>:<started at>`. */
  readonly id: string;
  readonly job: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: JobOutcome;
  /** 1 for the first try of a due time. */
  readonly attempt: number;
  readonly trigger: 'schedule' | 'retry' | 'person';
  readonly log: readonly { readonly at: number; readonly text: string }[];
  readonly error: string | null;
};

export interface JobStore {
  /** Writes the run, new or as it stands now. */
  put(run: JobRun): Promise<void>;
  /** Newest first. */
  runs(job: string, filter: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<JobRun>>;
  /** The newest run of each job. */
  latest(): Promise<readonly JobRun[]>;
  /** Lets go of all but the newest `keep` runs of a job. */
  trim(job: string, keep: number): Promise<void>;
  close(): Promise<void>;
}
