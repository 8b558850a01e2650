/**
 * The scheduler: which job runs when, and what its history says. Pure: time and chance come in, what to do goes out as
 * effects. A job runs at most once at a time. A due time that passes while it runs, or while nobody ran, runs once.
 */
import { AppError } from '../../protocol/errors.ts';
import type { JobRun } from '../ports/job-store.ts';
import type { JobPlan } from './plan.ts';
import { backoffMs, dueAfter } from './timing.ts';

export type JobEffect =
  /** As it stands now: to be kept. */
  | { readonly type: 'put'; readonly run: JobRun }
  /** Its work begins now. */
  | { readonly type: 'start'; readonly run: JobRun }
  /** Its work is to end; it is waited for. */
  | { readonly type: 'cancel'; readonly job: string; readonly reason: string }
  /** Its work did not end when told to: only the end of the thread ends it. */
  | { readonly type: 'abandon'; readonly job: string };

export type JobState = {
  readonly name: string;
  readonly state: 'idle' | 'running' | 'retrying';
  readonly nextAt: number;
  readonly last: JobRun | null;
};

/** Work that was told to end has so long. */
export const CANCEL_GRACE_MS = 5_000;
const MOST_LINES = 200;
const MOST_CHARACTERS = 500;

type Slot = {
  readonly plan: JobPlan;
  dueAt: number;
  retry: { readonly at: number; readonly attempt: number } | null;
  running: JobRun | null;
  /** Since when by the clock; a run's own time is never before its predecessor's. */
  since: number;
  /** Why it was told to end, and when it is given up. */
  cancelled: { readonly reason: string; readonly until: number } | null;
  last: JobRun | null;
};

type Started = { readonly run: JobRun; readonly effects: JobEffect[] };

export class Schedule {
  #slots: ReadonlyMap<string, Slot>;
  #random: () => number;

  constructor(plans: readonly JobPlan[], random: () => number) {
    this.#random = random;
    const slot = (plan: JobPlan): Slot => ({
      plan,
      dueAt: Number.POSITIVE_INFINITY,
      retry: null,
      running: null,
      since: 0,
      cancelled: null,
      last: null,
    });
    this.#slots = new Map(plans.map((plan) => [plan.name, slot(plan)]));
  }

  /** Takes up what an earlier process left: runs that it did not end are lost, and tried again. */
  restore(latest: readonly JobRun[], now: number): JobEffect[] {
    const effects: JobEffect[] = [];
    // A job that never ran is due soon, not only after its period; its offset keeps the jobs apart here too.
    for (const slot of this.#slots.values()) slot.dueAt = now + slot.plan.offsetMs;
    for (const run of latest) {
      const slot = this.#slots.get(run.job);
      if (slot === undefined) continue;
      slot.dueAt = dueAfter(slot.plan, run.startedAt);
      const lost = run.outcome === 'running' ? asLost(run, now) : run;
      if (lost !== run) effects.push({ type: 'put', run: lost });
      slot.last = lost;
      if (lost.outcome === 'lost' && lost.attempt <= slot.plan.retries)
        slot.retry = { at: now, attempt: lost.attempt + 1 };
    }
    return effects;
  }

  /** Starts what is due, ends what takes too long. */
  wake(now: number): JobEffect[] {
    return [...this.#slots.values()].flatMap((slot) =>
      slot.running === null ? startDue(slot, now) : hurry(slot, now),
    );
  }

  /** When there is something to do again. */
  get wakeAt(): number {
    return Math.min(...[...this.#slots.values()].map(wakeAtOf));
  }

  /** A person wants it now. */
  runNow(name: string, now: number): Started {
    const slot = this.#slot(name);
    if (slot.running !== null) {
      throw new AppError(
        'conflict',
        `Cannot run job ${name} as it is running already: current value is ${slot.running.id}`,
      );
    }
    return start(slot, { attempt: 1, trigger: 'person' }, now);
  }

  /** A line for the log of the run; one that has ended says nothing more. */
  said(name: string, text: string, now: number): void {
    const { running } = this.#slot(name);
    if (running === null || running.log.length > MOST_LINES) return;
    const line = running.log.length === MOST_LINES ? 'There was more to say' : text.slice(0, MOST_CHARACTERS);
    this.#slot(name).running = { ...running, log: [...running.log, { at: now, text: line }] };
  }

  /** The work has ended: well (null), or with what it threw. */
  ended(name: string, error: string | null, now: number): JobEffect[] {
    const slot = this.#slot(name);
    const { running, cancelled, plan } = slot;
    if (running === null) return [];
    const failure = cancelled?.reason ?? error;
    const run: JobRun = {
      ...running,
      endedAt: now,
      outcome: failure === null ? 'done' : 'failed',
      error: failure?.slice(0, MOST_CHARACTERS) ?? null,
    };
    slot.running = null;
    slot.cancelled = null;
    slot.last = run;
    if (failure !== null) {
      // What fell due meanwhile is what the retry does.
      slot.dueAt = Math.max(slot.dueAt, dueAfter(plan, now));
      if (run.attempt <= plan.retries) {
        slot.retry = { at: now + backoffMs(plan, run.attempt, this.#random()), attempt: run.attempt + 1 };
      }
    }
    return [{ type: 'put', run }];
  }

  /** Nothing runs here any more: what was under way is lost, and tried again by whoever takes up. */
  stop(now: number): JobEffect[] {
    const effects: JobEffect[] = [];
    for (const slot of this.#slots.values()) {
      const { running } = slot;
      if (running === null) continue;
      slot.running = null;
      slot.last = { ...asLost(running, now), error: STOPPED };
      effects.push({ type: 'cancel', job: slot.plan.name, reason: STOPPED }, { type: 'put', run: slot.last });
    }
    return effects;
  }

  states(): JobState[] {
    return [...this.#slots.values()].map((slot) => ({
      name: slot.plan.name,
      state: slot.running !== null ? 'running' : slot.retry !== null ? 'retrying' : 'idle',
      nextAt: Math.min(slot.dueAt, slot.retry?.at ?? Number.POSITIVE_INFINITY),
      last: slot.running ?? slot.last,
    }));
  }

  #slot(name: string): Slot {
    const slot = this.#slots.get(name);
    if (slot === undefined)
      throw new AppError('not-found', `Cannot find a job named ${JSON.stringify(name.slice(0, 200))}`);
    return slot;
  }
}

const STOPPED = 'Cut off as pulso was stopping here';

function asLost(run: JobRun, now: number): JobRun {
  const error = 'Cut off as the process that ran it ended';
  return { ...run, outcome: 'lost', endedAt: Math.max(now, run.startedAt), error };
}

function startDue(slot: Slot, now: number): JobEffect[] {
  // No due time is further away than the next one: where it is, the clock was set back.
  slot.dueAt = Math.min(slot.dueAt, dueAfter(slot.plan, now));
  // A new due time begins anew: it takes the place of a retry of the one before.
  if (slot.dueAt <= now) {
    slot.dueAt = dueAfter(slot.plan, now);
    return start(slot, { attempt: 1, trigger: 'schedule' }, now).effects;
  }
  if (slot.retry === null || slot.retry.at > now) return [];
  return start(slot, { attempt: slot.retry.attempt, trigger: 'retry' }, now).effects;
}

function start(slot: Slot, { attempt, trigger }: Pick<JobRun, 'attempt' | 'trigger'>, now: number): Started {
  const job = slot.plan.name;
  // Ids are made of the time: two runs of a job must not share one, even where the clock was set back.
  const startedAt = Math.max(now, (slot.last?.startedAt ?? 0) + 1);
  const run: JobRun = {
    id: `${job}:${startedAt}`,
    job,
    startedAt,
    endedAt: null,
    outcome: 'running',
    attempt,
    trigger,
    log: [],
    error: null,
  };
  slot.running = run;
  slot.since = now;
  slot.retry = null;
  const effects: JobEffect[] = [
    { type: 'put', run },
    { type: 'start', run },
  ];
  return { run, effects };
}

function hurry(slot: Slot, now: number): JobEffect[] {
  const { plan, cancelled, since } = slot;
  if (cancelled !== null) {
    if (now < cancelled.until) return [];
    slot.cancelled = { ...cancelled, until: Number.POSITIVE_INFINITY };
    return [{ type: 'abandon', job: plan.name }];
  }
  if (now < since + plan.deadlineMs) return [];
  const reason = `Cannot go on as a run must end within ${plan.deadlineMs} ms: current value is ${now - since} ms`;
  slot.cancelled = { reason, until: now + CANCEL_GRACE_MS };
  return [{ type: 'cancel', job: plan.name, reason }];
}

function wakeAtOf({ running, since, cancelled, plan, dueAt, retry }: Slot): number {
  if (cancelled !== null) return cancelled.until;
  if (running !== null) return since + plan.deadlineMs;
  return Math.min(dueAt, retry?.at ?? Number.POSITIVE_INFINITY);
}
