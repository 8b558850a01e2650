/**
 * The newest runs of each job in memory, and their way into the store: one write after the other, in order. A store
 * that is away is waited for.
 */
import { AppError } from '../../protocol/errors.ts';
import type { JobRun, JobStore } from '../ports/job-store.ts';
import type { JobPlan } from './plan.ts';
import { RECENT_RUNS } from './views.ts';

/** Of each job: most of a day of one that runs every minute. */
const KEPT_RUNS = 1_000;
const RETRY_MS = 1_000;

export type HistoryOptions = {
  readonly store: JobStore;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly onFailure: (thrown: unknown) => void;
};

export class History {
  #options: HistoryOptions;
  #recent = new Map<string, readonly JobRun[]>();
  #tail: Promise<void> = Promise.resolve();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  async load(plans: readonly JobPlan[]): Promise<void> {
    for (const { name } of plans) {
      const { items } = await this.#untilDone(() => this.#options.store.runs(name, { limit: RECENT_RUNS }));
      this.#recent.set(name, items);
    }
  }

  /** Newest first. */
  recent(job: string): readonly JobRun[] {
    return this.#recent.get(job) ?? [];
  }

  latest(): JobRun[] {
    return [...this.#recent.values()].flatMap(([newest]) => newest ?? []);
  }

  put(run: JobRun): void {
    const others = this.recent(run.job).filter(({ id }) => id !== run.id);
    this.#recent.set(run.job, [run, ...others].slice(0, RECENT_RUNS));
    const { store, onFailure } = this.#options;
    this.#tail = this.#tail
      .then(() => this.#untilDone(() => store.put(run)))
      .then(() => (run.endedAt === null ? undefined : this.#untilDone(() => store.trim(run.job, KEPT_RUNS))));
    this.#tail.catch(onFailure);
  }

  /** Resolves when all that was put is in the store, or whoever waits is told to end. */
  async written(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return;
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([this.#tail, promise]);
  }

  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        if (!(thrown instanceof AppError && thrown.retryable)) throw thrown;
        await new Promise<void>((resolve) => this.#options.after(RETRY_MS, resolve));
      }
    }
  }
}
