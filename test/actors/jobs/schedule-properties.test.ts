/** The scheduler over seeded lives: jobs of any length that fail and hang, people who interfere, a process that is killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANCEL_GRACE_MS, type JobEffect, Schedule } from '../../../actors/jobs/core.ts';
import type { JobPlan } from '../../../actors/jobs/plan.ts';
import { dueAfter } from '../../../actors/jobs/timing.ts';
import type { JobRun } from '../../../actors/ports/job-store.ts';
import { Random } from '../../model/random.ts';

const HOURS = 3 * 3_600_000;
const T0 = 1_763_600_000_000;
const PLANS: readonly JobPlan[] = [
  { name: 'quick', periodMs: 60_000, offsetMs: 0, deadlineMs: 20_000, retries: 3, backoffMs: 1_000 },
  { name: 'long', periodMs: 60_000, offsetMs: 7_000, deadlineMs: 200_000, retries: 1, backoffMs: 5_000 },
  { name: 'rare', periodMs: 3_600_000, offsetMs: 30_000, deadlineMs: 60_000, retries: 0, backoffMs: 1_000 },
];

/** One life of a data folder: processes come and go, the history stays. */
class Life {
  readonly history = new Map<string, JobRun>();
  readonly #random: () => number;
  #schedule!: Schedule;
  /** When the work of a job ends, and how. */
  #work = new Map<string, { endsAt: number; readonly error: string | null; readonly deaf: boolean }>();
  now = T0;

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = () => random.next();
  }

  live(): void {
    this.#begin();
    while (this.now < T0 + HOURS) this.#step();
  }

  #begin(): void {
    this.#schedule = new Schedule(PLANS, this.#random);
    this.#work.clear();
    const latest = PLANS.flatMap(({ name }) => this.runsOf(name).at(-1) ?? []);
    this.#carryOut(this.#schedule.restore(latest, this.now));
    this.#carryOut(this.#schedule.wake(this.now));
  }

  #step(): void {
    const ends = [...this.#work].map(([job, { endsAt }]) => ({ job, at: endsAt }));
    const surprise = this.now + Math.ceil(this.#random() * 400_000);
    const at = Math.min(this.#schedule.wakeAt, surprise, ...ends.map((end) => end.at));
    assert.ok(at >= this.now, 'time never goes back');
    this.now = at;
    for (const { job } of ends.filter((end) => end.at === at)) this.#finish(job);
    if (at === surprise) this.#surprise();
    this.#carryOut(this.#schedule.wake(this.now));
    assert.ok(this.#schedule.wakeAt > this.now, 'it never asks to be woken for what it has just done');
  }

  #finish(job: string): void {
    const work = this.#work.get(job);
    this.#work.delete(job);
    this.#schedule.said(job, 'said', this.now);
    this.#carryOut(this.#schedule.ended(job, work?.error ?? null, this.now));
  }

  #surprise(): void {
    const chance = this.#random();
    if (chance < 0.3) this.#runNow(PLANS[Math.floor(this.#random() * PLANS.length)] as JobPlan);
    else if (chance < 0.7) {
      if (chance < 0.5) this.#carryOut(this.#schedule.stop(this.now));
      this.now += Math.floor(this.#random() * 600_000);
      this.#begin();
    }
  }

  #runNow({ name }: JobPlan): void {
    if (this.#work.has(name)) assert.throws(() => this.#schedule.runNow(name, this.now), { code: 'conflict' });
    else this.#carryOut(this.#schedule.runNow(name, this.now).effects);
  }

  #carryOut(effects: readonly JobEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'put') this.history.set(effect.run.id, effect.run);
      else if (effect.type === 'start') this.#start(effect.run);
      else if (effect.type === 'abandon') this.#begin();
      else this.#cancel(effect.job);
    }
  }

  #start(run: JobRun): void {
    assert.ok(!this.#work.has(run.job), `${run.job} runs twice at once`);
    assert.equal(this.history.get(run.id)?.outcome, 'running', 'a run stands in the history before its work begins');
    const chance = this.#random();
    const length = chance < 0.8 ? this.#random() * 5_000 : this.#random() * 250_000;
    const error = this.#random() < 0.3 ? 'Cannot do it' : null;
    this.#work.set(run.job, { endsAt: this.now + Math.ceil(length), error, deaf: this.#random() < 0.1 });
  }

  #cancel(job: string): void {
    const work = this.#work.get(job);
    if (work !== undefined) work.endsAt = work.deaf ? Number.POSITIVE_INFINITY : this.now + 10;
  }

  runsOf(job: string): JobRun[] {
    return [...this.history.values()].filter((run) => run.job === job).sort((a, b) => a.startedAt - b.startedAt);
  }
}

function checkRun(plan: JobPlan, run: JobRun, before: JobRun | undefined, waits: readonly number[]): void {
  if (before !== undefined) {
    assert.ok(before.endedAt !== null && before.endedAt <= run.startedAt, `${run.id} began before ${before.id} ended`);
  }
  assert.ok(run.attempt <= plan.retries + 1, `${run.id} is try ${run.attempt}`);
  assert.equal(run.id, `${run.job}:${run.startedAt}`);
  if (run.trigger !== 'retry') {
    assert.equal(run.attempt, 1);
    return;
  }
  assert.ok(before !== undefined && before.attempt === run.attempt - 1);
  assert.ok(
    before.outcome === 'failed' || before.outcome === 'lost',
    `${run.id} tries again what was ${before.outcome}`,
  );
  if (before.outcome === 'lost') return;
  const waited = run.startedAt - (before.endedAt as number);
  assert.ok(waited >= (waits[before.attempt - 1] as number) / 2, `${run.id} waited ${waited} ms`);
}

test('schedule keeps its promises over 300 seeded lives', () => {
  const outcomes = new Set<string>();
  let retries = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const life = new Life(seed);
    life.live();
    for (const plan of PLANS) {
      const runs = life.runsOf(plan.name);
      const waits = [0, 1, 2, 3].map((failures) => Math.min(plan.backoffMs * 2 ** failures, plan.periodMs));
      for (const [index, run] of runs.entries()) {
        checkRun(plan, run, runs[index - 1], waits);
        outcomes.add(run.outcome);
        if (run.trigger === 'retry') retries++;
        const longest = plan.deadlineMs + CANCEL_GRACE_MS;
        if (run.outcome === 'done' || run.outcome === 'failed')
          assert.ok((run.endedAt as number) - run.startedAt <= longest);
      }
      // Not queued twice: no more starts by schedule than due times that passed, and the one at the beginning.
      const scheduled = runs.filter(({ trigger }) => trigger === 'schedule').length;
      const dues = Math.floor((dueAfter(plan, life.now) - dueAfter(plan, T0)) / plan.periodMs);
      assert.ok(scheduled <= dues + 1, `seed ${seed}: ${plan.name} ran ${scheduled} times for ${dues} due times`);
    }
  }
  assert.deepEqual([...outcomes].sort(), ['done', 'failed', 'lost', 'running']);
  assert.ok(retries > 1_000, `only ${retries} retries were seen`);
});

test('schedule starts a job at every due time at which it is idle and nobody interferes', () => {
  const plan = PLANS[0] as JobPlan;
  const schedule = new Schedule([plan], () => 0);
  schedule.restore([], T0);
  schedule.wake(T0);
  schedule.ended(plan.name, null, T0 + 100);
  for (let due = dueAfter(plan, T0); due < T0 + HOURS; due += plan.periodMs) {
    assert.equal(schedule.wakeAt, due);
    assert.deepEqual(
      schedule.wake(due).map(({ type }) => type),
      ['put', 'start'],
    );
    schedule.ended(plan.name, null, due + 100);
  }
});
