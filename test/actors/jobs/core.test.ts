/** The scheduler case by case, on a clock of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANCEL_GRACE_MS, type JobEffect, Schedule } from '../../../actors/jobs/core.ts';
import type { JobPlan } from '../../../actors/jobs/plan.ts';
import type { JobRun } from '../../../actors/ports/job-store.ts';
import { jobRun } from '../../contracts/job-store.ts';

const MINUTE = 60_000;
const T0 = 29_394_000 * MINUTE;
const PLAN: JobPlan = {
  name: 'roll-up',
  periodMs: MINUTE,
  offsetMs: 5_000,
  deadlineMs: 30_000,
  retries: 2,
  backoffMs: 1_000,
};

function started(effects: readonly JobEffect[]): JobRun[] {
  return effects.flatMap((effect) => (effect.type === 'start' ? [effect.run] : []));
}

function kinds(effects: readonly JobEffect[]): string[] {
  return effects.map(({ type }) => type);
}

function scheduleAt(now: number, latest: readonly JobRun[] = [jobRun('roll-up', now - 1)]): Schedule {
  const schedule = new Schedule([PLAN], () => 0.5);
  schedule.restore(latest, now);
  return schedule;
}

test('schedule runs a job that never ran soon, and then at its due times', () => {
  const schedule = scheduleAt(T0 + 10_000, []);
  assert.deepEqual(started(schedule.wake(T0 + 10_000)), []);
  assert.equal(schedule.wakeAt, T0 + 15_000);
  assert.equal(started(schedule.wake(T0 + 15_000)).length, 1);
  schedule.ended('roll-up', null, T0 + 15_001);
  const due = T0 + MINUTE + 5_000;
  assert.equal(schedule.wakeAt, due);
  assert.deepEqual(started(schedule.wake(due - 1)), []);
  const [run] = started(schedule.wake(due));
  assert.deepEqual(run, jobRun('roll-up', due, { endedAt: null, outcome: 'running', log: [] }));
});

test('schedule runs once for all the periods that passed while nobody ran', () => {
  const schedule = scheduleAt(T0, [jobRun('roll-up', T0 - 100 * MINUTE)]);
  assert.equal(started(schedule.wake(T0)).length, 1);
  schedule.ended('roll-up', null, T0 + 10);
  assert.deepEqual(started(schedule.wake(T0 + 11)), []);
  assert.equal(schedule.wakeAt, T0 + 5_000);
});

test('schedule runs once more for all due times that passed during a run, never beside it', () => {
  const schedule = new Schedule([{ ...PLAN, deadlineMs: 10 * MINUTE }], () => 0.5);
  schedule.restore([], T0);
  schedule.wake(T0 + 5_000);
  for (const minute of [1, 2, 3]) assert.deepEqual(started(schedule.wake(T0 + minute * MINUTE + 5_000)), []);
  schedule.ended('roll-up', null, T0 + 3 * MINUTE + 6_000);
  assert.equal(started(schedule.wake(T0 + 3 * MINUTE + 6_000)).length, 1);
  schedule.ended('roll-up', null, T0 + 3 * MINUTE + 7_000);
  assert.deepEqual(started(schedule.wake(T0 + 3 * MINUTE + 7_001)), []);
});

test('schedule tries a failed job again with waits that double, and then leaves it until its next period', () => {
  const schedule = scheduleAt(T0 + 6_000);
  let now = T0 + MINUTE + 5_000;
  const seen: unknown[] = [];
  for (const wait of [750, 1_500, null]) {
    const [run] = started(schedule.wake(now));
    seen.push([run?.attempt, run?.trigger]);
    const [put] = schedule.ended('roll-up', 'Cannot roll up', now + 10);
    assert.deepEqual(put?.type === 'put' && [put.run.outcome, put.run.error], ['failed', 'Cannot roll up']);
    if (wait !== null) assert.equal(schedule.wakeAt, now + 10 + wait);
    now = schedule.wakeAt;
  }
  assert.deepEqual(seen, [
    [1, 'schedule'],
    [2, 'retry'],
    [3, 'retry'],
  ]);
  assert.equal(now, T0 + 2 * MINUTE + 5_000);
  assert.equal(started(schedule.wake(now))[0]?.attempt, 1);
});

test('schedule runs a job for a person at once, in place of a retry, and refuses it while the job runs', () => {
  const schedule = scheduleAt(T0 + 6_000);
  schedule.wake(T0 + MINUTE + 5_000);
  assert.throws(() => schedule.runNow('roll-up', T0 + MINUTE + 5_001), { code: 'conflict' });
  schedule.ended('roll-up', 'failed', T0 + MINUTE + 5_002);
  assert.equal(schedule.states()[0]?.state, 'retrying');
  const { run, effects } = schedule.runNow('roll-up', T0 + MINUTE + 5_003);
  assert.deepEqual([run.trigger, run.attempt, run.outcome], ['person', 1, 'running']);
  assert.deepEqual(kinds(effects), ['put', 'start']);
  assert.throws(() => schedule.runNow('no-such', T0), { code: 'not-found' });
});

test('schedule ends a run at its deadline, waits until it has ended, and gives it up when it does not', () => {
  const schedule = scheduleAt(T0 + 6_000);
  const begin = T0 + MINUTE + 5_000;
  schedule.wake(begin);
  assert.equal(schedule.wakeAt, begin + 30_000);
  assert.deepEqual(kinds(schedule.wake(begin + 30_000)), ['cancel']);
  assert.throws(
    () => schedule.runNow('roll-up', begin + 30_001),
    { code: 'conflict' },
    'its work may still be going on',
  );
  assert.deepEqual(schedule.wake(begin + 30_001), []);
  assert.deepEqual(kinds(schedule.wake(begin + 30_000 + CANCEL_GRACE_MS)), ['abandon']);
  const [put] = schedule.ended('roll-up', null, begin + 40_000);
  assert.match((put?.type === 'put' && put.run.error) || '', /must end within 30000 ms/);
  assert.equal(schedule.states()[0]?.state, 'retrying');
});

test('schedule takes a run that its process did not end for lost, and tries it again', () => {
  const left = jobRun('roll-up', T0 - 10, { outcome: 'running', endedAt: null, attempt: 2 });
  const schedule = new Schedule([PLAN], () => 0.5);
  const [put] = schedule.restore([left, jobRun('no-longer-there', T0, { outcome: 'running' })], T0);
  assert.deepEqual(put?.type === 'put' && [put.run.outcome, put.run.endedAt], ['lost', T0]);
  const [run] = started(schedule.wake(T0));
  assert.deepEqual([run?.attempt, run?.trigger], [3, 'retry']);
});

test('schedule does not try a run for ever that ends its process each time', () => {
  const schedule = scheduleAt(T0, [jobRun('roll-up', T0 - 10, { outcome: 'running', endedAt: null, attempt: 3 })]);
  assert.deepEqual(started(schedule.wake(T0)), []);
  assert.equal(schedule.wakeAt, T0 + 5_000);
});

test('schedule cuts off what runs when it is stopped, and the next one tries it again', () => {
  const schedule = scheduleAt(T0 + 6_000);
  schedule.wake(T0 + MINUTE + 5_000);
  const effects = schedule.stop(T0 + MINUTE + 5_100);
  assert.deepEqual(kinds(effects), ['cancel', 'put']);
  assert.deepEqual(schedule.ended('roll-up', null, T0 + MINUTE + 5_200), [], 'what it says afterwards changes nothing');
  const put = effects[1];
  assert.ok(put?.type === 'put' && put.run.outcome === 'lost');
  const next = scheduleAt(T0 + MINUTE + 9_000, [put.run]);
  assert.equal(started(next.wake(T0 + MINUTE + 9_000))[0]?.trigger, 'retry');
});

test('schedule keeps what a run says, up to a bound', () => {
  const schedule = scheduleAt(T0 + 6_000);
  schedule.said('roll-up', 'nobody runs', T0);
  schedule.wake(T0 + MINUTE + 5_000);
  for (let line = 0; line < 300; line++) schedule.said('roll-up', `${line} ${'x'.repeat(600)}`, T0 + MINUTE + 5_001);
  const [put] = schedule.ended('roll-up', null, T0 + MINUTE + 6_000);
  const log = put?.type === 'put' ? put.run.log : [];
  assert.equal(log.length, 201);
  assert.equal(log[0]?.text.length, 500);
  assert.equal(log.at(-1)?.text, 'There was more to say');
});

test('schedule goes on when the clock is set back, with ids that still rise', () => {
  const schedule = scheduleAt(T0 + 6_000);
  const [first] = started(schedule.wake(T0 + MINUTE + 5_000));
  schedule.ended('roll-up', null, T0 + MINUTE + 5_010);
  const back = T0 - 1_000 * MINUTE;
  schedule.wake(back);
  assert.equal(schedule.wakeAt, back + 5_000);
  const [second] = started(schedule.wake(back + 5_000));
  assert.equal(second?.startedAt, (first?.startedAt as number) + 1);
  assert.equal(schedule.wakeAt, back + 5_000 + 30_000, 'the deadline counts from the real start');
});
