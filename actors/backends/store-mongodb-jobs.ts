/** The history of jobs: one document a run. */
import type { Page } from '../ports/hot-store.ts';
import type { JobRun, JobStore } from '../ports/job-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { Mongo, type MongoConfig, type OutageWatch, Patience } from './store-mongodb-client.ts';

type RunDocument = JobRun & { readonly _id: string };

export class MongoJobStore implements JobStore {
  readonly #mongo: Mongo;
  readonly #patience: Patience;

  constructor(config: MongoConfig, watch?: OutageWatch) {
    this.#mongo = new Mongo(config);
    this.#patience = new Patience(this.#mongo, watch);
  }

  async put(run: JobRun): Promise<void> {
    await this.#patience.run(() =>
      this.#runs.replaceOne({ _id: `${run.job}:${run.startedAt}` }, run, { upsert: true }),
    );
  }

  async runs(
    job: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<JobRun>> {
    const [before] = cursor === undefined ? [Number.MAX_SAFE_INTEGER] : decodeCursor(cursor, [0]);
    const found = await this.#patience.run(() =>
      this.#runs
        .find({ job, startedAt: { $lt: before } })
        .sort({ startedAt: -1 })
        .limit(limit + 1)
        .toArray(),
    );
    const items = found.slice(0, limit).map(runOf);
    const last = items.at(-1);
    return { items, next: found.length > limit && last !== undefined ? encodeCursor([last.startedAt]) : null };
  }

  async latest(): Promise<readonly JobRun[]> {
    const jobs = await this.#patience.run(() => this.#runs.distinct('job'));
    const newest = await Promise.all(
      jobs
        .sort()
        .map((job) => this.#patience.run(() => this.#runs.find({ job }).sort({ startedAt: -1 }).limit(1).next())),
    );
    return newest.flatMap((run) => (run === null ? [] : runOf(run)));
  }

  async trim(job: string, keep: number): Promise<void> {
    await this.#patience.run(async () => {
      const last = await this.#runs
        .find({ job }, { projection: { startedAt: 1 } })
        .sort({ startedAt: -1 })
        .skip(keep)
        .limit(1)
        .next();
      if (last !== null) await this.#runs.deleteMany({ job, startedAt: { $lte: last.startedAt } });
    });
  }

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  get #runs() {
    return this.#mongo.collection<RunDocument>('job_runs');
  }
}

function runOf({ _id, ...run }: RunDocument): JobRun {
  return run;
}
