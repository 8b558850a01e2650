/**
 * Carries out what the schedule decides: keeps the history, runs the works, tells who listens. While another process
 * runs the jobs it only shows what stands in the history. Clock, timers and store are handed in.
 */
import { AppError } from '../../protocol/errors.ts';
import type { JobView } from '../../protocol/message.ts';
import type { Page } from '../ports/hot-store.ts';
import type { JobRun, JobStore } from '../ports/job-store.ts';
import { CANCEL_GRACE_MS, type JobEffect, Schedule } from './core.ts';
import type { Judgement } from './findings.ts';
import { History } from './history.ts';
import type { JobPlan } from './plan.ts';
import { jobView } from './views.ts';
import type { RunContext } from './works.ts';

export type RunnerOptions = {
  readonly plans: readonly JobPlan[];
  readonly works: Readonly<Record<string, (run: RunContext) => Promise<void>>>;
  readonly store: JobStore;
  readonly now: () => number;
  readonly random: () => number;
  /** Calls back after so many ms; answers how to call it off. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly onChange: (jobs: readonly JobView[]) => void;
  readonly onFinding: (judgement: Judgement) => void;
  /** What this thread cannot go on after. */
  readonly onFailure: (thrown: unknown) => void;
};

/** Looks at the clock at least this often, so that one that was set is noticed. */
const LONGEST_SLEEP_MS = 30_000;

export class Runner {
  #options: RunnerOptions;
  #history: History;
  #schedule: Schedule | undefined;
  #stopWaiting: () => void = () => undefined;
  /** What is under way, with how to end it. */
  #works = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>();
  /** Jobs that have used up their tries, and have not been well since. */
  #gone = new Set<string>();
  /** Taking up and letting go, one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#history = new History(options);
  }

  get here(): boolean {
    return this.#schedule !== undefined;
  }

  /** Jobs run here from now on, or no longer. Resolves when that is so. */
  setHere(here: boolean): Promise<void> {
    this.#turn = this.#turn.then(() => (here ? this.#takeUp() : this.#letGo()));
    return this.#turn;
  }

  async jobs(): Promise<readonly JobView[]> {
    if (!this.here) await this.#history.load(this.#options.plans);
    return this.#views();
  }

  runs(job: string, filter: { readonly limit: number; readonly cursor?: string | undefined }): Promise<Page<JobRun>> {
    this.#check(job);
    return this.#options.store.runs(job, filter);
  }

  /** A person wants it now; answers the run that has begun. */
  runNow(job: string): JobRun {
    this.#check(job);
    if (this.#schedule === undefined) {
      throw new AppError('unavailable', `Cannot run job ${job} here as another process of the group runs the jobs`);
    }
    const { run, effects } = this.#schedule.runNow(job, this.#options.now());
    this.#carryOut(effects);
    return run;
  }

  async #takeUp(): Promise<void> {
    if (this.here) return;
    const { plans, random, now } = this.#options;
    await this.#history.load(plans);
    const schedule = new Schedule(plans, random);
    const effects = schedule.restore(this.#history.latest(), now());
    this.#schedule = schedule;
    this.#carryOut([...effects, ...schedule.wake(now())]);
    this.#options.onChange(this.#views());
  }

  /** What is under way is told to end, and waited for: the next one may begin it again. */
  async #letGo(): Promise<void> {
    const schedule = this.#schedule;
    if (schedule === undefined) return;
    this.#stopWaiting();
    this.#schedule = undefined;
    this.#carryOut(schedule.stop(this.#options.now()));
    const callOff = this.#options.after(CANCEL_GRACE_MS, () => this.#abandon([...this.#works.keys()].join(', ')));
    await Promise.all([...this.#works.values()].map(({ ended }) => ended));
    callOff();
    await this.#history.written();
  }

  #abandon(job: string): void {
    const text = `Cannot go on as job ${job} does not end when it is told to`;
    this.#options.onFailure(new AppError('deadline-exceeded', text));
  }

  #wake(): void {
    const schedule = this.#schedule;
    if (schedule === undefined) return;
    this.#carryOut(schedule.wake(this.#options.now()));
  }

  #carryOut(effects: readonly JobEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'put':
          this.#history.put(effect.run);
          this.#noteOutcome(effect.run);
          break;
        case 'start':
          this.#start(effect.run);
          break;
        case 'cancel':
          this.#works.get(effect.job)?.abort.abort(new AppError('deadline-exceeded', effect.reason));
          break;
        case 'abandon':
          this.#abandon(effect.job);
          break;
      }
    }
    if (effects.length > 0) this.#options.onChange(this.#views());
    this.#sleep();
  }

  #sleep(): void {
    this.#stopWaiting();
    if (this.#schedule === undefined) return;
    const ms = Math.max(0, this.#schedule.wakeAt - this.#options.now());
    this.#stopWaiting = this.#options.after(Math.min(ms, LONGEST_SLEEP_MS), () => this.#wake());
  }

  #start(run: JobRun): void {
    const abort = new AbortController();
    const ended = this.#work(run, abort.signal).then((error) => {
      this.#works.delete(run.job);
      const effects = this.#schedule?.ended(run.job, error, this.#options.now()) ?? [];
      this.#carryOut(effects);
    }, this.#options.onFailure);
    this.#works.set(run.job, { abort, ended });
  }

  /** Answers what went wrong, if anything did. The run stands in the history before its work begins. */
  async #work({ job }: JobRun, signal: AbortSignal): Promise<string | null> {
    const context: RunContext = {
      signal,
      say: (text) => this.#schedule?.said(job, text, this.#options.now()),
      find: (judgement) => this.#options.onFinding(judgement),
    };
    await this.#history.written(signal);
    try {
      signal.throwIfAborted();
      await (this.#options.works[job] as (run: RunContext) => Promise<void>)(context);
      return null;
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : String(thrown);
    }
  }

  /** A job that has used up its tries is something to know of; so is that it is well again. */
  #noteOutcome({ job, outcome, error, attempt }: JobRun): void {
    const plan = this.#options.plans.find(({ name }) => name === job) as JobPlan;
    const gone = outcome === 'failed' && attempt > plan.retries;
    if (gone) this.#gone.add(job);
    else if (outcome !== 'done' || !this.#gone.delete(job)) return;
    this.#options.onFinding({
      id: `job-${job}`,
      severity: gone ? 'warning' : 'ok',
      text: gone ? `Job ${job} has failed ${attempt} times: ${error}` : `Job ${job} ends as it should`,
      evidence: { attempt, error },
    });
  }

  #views(): JobView[] {
    const states = new Map(this.#schedule?.states().map((state) => [state.name, state]));
    const elsewhere = { state: 'elsewhere', nextAt: null } as const;
    return this.#options.plans.map((plan) =>
      jobView(plan, states.get(plan.name) ?? elsewhere, this.#history.recent(plan.name)),
    );
  }

  #check(job: string): void {
    if (this.#options.plans.some(({ name }) => name === job)) return;
    throw new AppError('not-found', `Cannot find a job named ${JSON.stringify(job.slice(0, 200))}`);
  }
}
