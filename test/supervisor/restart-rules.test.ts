/** The pure rules one by one: strategy, group, budget, backoff, exit, verdict, liveness, gauges. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Backoff } from '../../supervisor/backoff.ts';
import { classifyExit, type Ending, toFailure } from '../../supervisor/exit.ts';
import { Gauges } from '../../supervisor/gauges.ts';
import { excused, regroup, stopped } from '../../supervisor/group.ts';
import { RestartBudget } from '../../supervisor/intensity.ts';
import { Liveness } from '../../supervisor/liveness.ts';
import { planRestart } from '../../supervisor/strategy.ts';
import { endsSupervisor, judgeEnd } from '../../supervisor/verdict.ts';

const IDS = ['z', 'm', 'a', 'q'];

test('strategy one_for_one touches nobody else', () => {
  assert.deepEqual(planRestart('one_for_one', 'm', IDS), { stop: [], start: ['m'] });
});

test('strategy one_for_all stops the others in reverse order and starts all in order', () => {
  assert.deepEqual(planRestart('one_for_all', 'm', IDS), { stop: ['q', 'a', 'z'], start: IDS });
});

test('strategy rest_for_one leaves those before the failed child alone', () => {
  assert.deepEqual(planRestart('rest_for_one', 'm', IDS), { stop: ['q', 'a'], start: ['m', 'a', 'q'] });
  assert.deepEqual(planRestart('rest_for_one', 'q', IDS), { stop: [], start: ['q'] });
});

const member = (id: string, alive = true, temporary = false) => ({ id, alive, temporary });

test('group stops only who is alive, and drops temporary children that are', () => {
  const members = [member('z'), member('m', false), member('a', true, true), member('q', false)];
  assert.deepEqual(regroup(planRestart('one_for_all', 'm', IDS), members, undefined), {
    stop: ['a', 'z'],
    start: ['z', 'm', 'q'],
  });
});

test('group takes up what a former one has left to do', () => {
  const members = [member('z'), member('m', false), member('a', false), member('q', false, true)];
  const former = { stop: [], start: ['a', 'q'] };
  assert.deepEqual(regroup(planRestart('rest_for_one', 'm', IDS), members, former), {
    stop: [],
    start: ['m', 'a', 'q'],
  });
});

test('group forgets who is down, and who is to stay down', () => {
  const group = { stop: ['b', 'a'], start: ['a', 'b'] };
  assert.deepEqual(stopped(group, 'b'), { stop: ['a'], start: ['a', 'b'] });
  assert.deepEqual(excused(group, 'b'), { stop: ['b', 'a'], start: ['a'] });
  assert.equal(stopped(undefined, 'a'), undefined);
});

test('budget allows as many restarts as it says within the period, and not one more', () => {
  const budget = new RestartBudget(2, 1_000);
  assert.deepEqual([budget.spend(0), budget.spend(10), budget.spend(20)], [true, true, false]);
});

test('budget still counts an attempt that is exactly one period old, and none older', () => {
  const budget = new RestartBudget(1, 1_000);
  assert.equal(budget.spend(0), true);
  assert.equal(budget.spend(1_000), false);
  const other = new RestartBudget(1, 1_000);
  assert.deepEqual(
    [0, 1_001, 2_002].map((at) => other.spend(at)),
    [true, true, true],
  );
  assert.equal(other.used(2_500), 1);
  assert.equal(other.used(9_000), 0);
});

test('budget of nothing makes the first restart fatal', () => {
  assert.equal(new RestartBudget(0, 1_000).spend(5), false);
});

const BACKOFF = { baseMs: 100, capMs: 1_000, healthyMs: 5_000 };

test('backoff pauses not at all before the first restart, then doubles up to its cap', () => {
  const backoff = new Backoff(BACKOFF);
  const pauses = Array.from({ length: 7 }, () => backoff.next(10, () => 1));
  assert.deepEqual(pauses, [0, 100, 200, 400, 800, 1_000, 1_000]);
});

test('backoff spreads its pauses over the whole range', () => {
  const backoff = new Backoff(BACKOFF);
  backoff.next(0, () => 0);
  assert.deepEqual([backoff.next(0, () => 0), backoff.next(0, () => 0.5), backoff.next(0, () => 0.25)], [0, 100, 100]);
});

test('backoff begins again after a healthy time, and does not overflow', () => {
  const backoff = new Backoff(BACKOFF);
  for (let i = 0; i < 5_000; i++) backoff.next(4_999, () => 1);
  assert.equal(
    backoff.next(4_999, () => 1),
    1_000,
  );
  assert.equal(
    backoff.next(5_000, () => 1),
    0,
  );
  assert.equal(backoff.failures, 1);
});

const ENDING: Ending = {
  started: true,
  asked: false,
  bye: false,
  code: 0,
  failure: undefined,
  terminated: undefined,
};
const reasonOf = (ending: Partial<Ending>) => classifyExit({ ...ENDING, ...ending }).reason;
const hung = { reason: 'hung', detail: 'silent' } as const;

test('exit tells apart how a thread can end', () => {
  assert.equal(reasonOf({}), 'normal');
  assert.equal(reasonOf({ bye: true }), 'normal');
  assert.equal(reasonOf({ bye: true, asked: true }), 'shutdown');
  assert.equal(reasonOf({ asked: true }), 'shutdown');
  assert.equal(reasonOf({ code: 1 }), 'crashed');
  assert.equal(reasonOf({ code: 1, asked: true }), 'crashed');
  assert.equal(reasonOf({ code: 1, failure: { name: 'E', message: 'm' } }), 'crashed');
  assert.equal(reasonOf({ failure: { name: 'E', message: 'm', code: 'ERR_WORKER_OUT_OF_MEMORY' } }), 'out-of-memory');
  assert.equal(reasonOf({ code: 1, terminated: hung }), 'hung');
});

test('exit counts as in order when the goodbye came before the terminate', () => {
  assert.equal(reasonOf({ bye: true, asked: true, code: 1, terminated: hung }), 'shutdown');
});

test('exit before ready is a failure, but for a goodbye: that declines to start', () => {
  assert.equal(reasonOf({ started: false }), 'crashed');
  assert.equal(classifyExit({ ...ENDING, started: false, bye: true }).ignored, true);
  assert.equal(classifyExit({ ...ENDING, started: false, bye: true, asked: true }).ignored, false);
});

test('failure keeps name, message, stack and code of whatever was thrown', () => {
  const { stack, ...rest } = toFailure(Object.assign(new RangeError('far'), { code: 'E_FAR' }));
  assert.deepEqual(rest, { name: 'RangeError', message: 'far', code: 'E_FAR' });
  assert.match(String(stack), /RangeError: far/);
  assert.deepEqual(toFailure('text'), { name: 'Error', message: 'text' });
  assert.deepEqual(toFailure(undefined), { name: 'Error', message: 'undefined' });
  const hostile = {
    get message(): string {
      throw new Error('never read me');
    },
  };
  assert.equal(toFailure(hostile).message, 'an error that cannot be read');
  assert.equal(toFailure(Object.create(null)).message, 'an error that cannot be read');
});

const CRASH = { reason: 'crashed', detail: '', started: true, ignored: false } as const;

test('verdict fails the first start of a supervisor with a child that was never up', () => {
  const booting = { restart: 'permanent', booting: true, proven: false } as const;
  assert.equal(judgeEnd(booting, { ...CRASH, started: false }), 'boot-failed');
  assert.equal(judgeEnd({ ...booting, proven: true }, { ...CRASH, started: false }), 'restart');
  assert.equal(judgeEnd(booting, { ...CRASH, started: false, ignored: true }), 'stays-down');
});

test('verdict tries a restart that failed again, whatever the type', () => {
  const later = { booting: false, proven: true } as const;
  const failed = { ...CRASH, reason: 'failed-to-start', started: false } as const;
  assert.equal(judgeEnd({ ...later, restart: 'transient' }, failed), 'restart');
  assert.equal(judgeEnd({ ...later, restart: 'temporary' }, failed), 'stays-down');
});

test('verdict lets a transient supervisor that gave up stay down', () => {
  const gaveUp = { ...CRASH, reason: 'gave-up' } as const;
  assert.equal(judgeEnd({ restart: 'transient', booting: false, proven: true }, gaveUp), 'stays-down');
  assert.equal(judgeEnd({ restart: 'permanent', booting: false, proven: true }, gaveUp), 'restart');
});

test('verdict on a significant end follows autoShutdown', () => {
  assert.equal(endsSupervisor('never', false), false);
  assert.equal(endsSupervisor('any_significant', true), true);
  assert.equal(endsSupervisor('all_significant', true), false);
  assert.equal(endsSupervisor('all_significant', false), true);
});

const liveness300 = (sign = 0) => new Liveness({ limitMs: 300, tickMs: 100, seesRest: true }, sign);
const looks = (liveness: Liveness, signs: number[], sinceMs = 100) => signs.map((sign) => liveness.look(sign, sinceMs));

test('liveness asks a silent actor once, and calls it hung after its limit', () => {
  const liveness = new Liveness({ limitMs: 500, tickMs: 100, seesRest: true }, 7);
  assert.deepEqual(looks(liveness, [7, 7, 7, 7, 7]), ['ask', 'well', 'well', 'well', 'hung']);
});

test('liveness that cannot see an actor rest counts its silence only from when it was asked', () => {
  const liveness = new Liveness({ limitMs: 500, tickMs: 100, seesRest: false }, 7);
  assert.deepEqual(looks(liveness, [7, 7, 7, 7, 7, 7]), ['ask', 'well', 'well', 'well', 'well', 'hung']);
});

test('liveness begins again with every sign of life', () => {
  const liveness = liveness300();
  assert.deepEqual(looks(liveness, [0, 0, 1, 1, 1]), ['ask', 'well', 'well', 'ask', 'well']);
  assert.deepEqual(looks(liveness, [1]), ['hung']);
});

test('liveness is as patient as it is told to be', () => {
  const liveness = liveness300();
  const conditions = [1, 2, 3, 4, 5, 6].map(() => liveness.look(0, 100, 2));
  assert.deepEqual(conditions, ['ask', 'well', 'well', 'well', 'well', 'hung']);
});

test('liveness does not hold intervals against an actor in which the supervisor itself was late', () => {
  const liveness = liveness300();
  for (let i = 0; i < 50; i++) assert.equal(liveness.look(0, 400), 'well');
  assert.equal(liveness.silentMs, 0);
});

test('liveness with no limit neither asks nor calls anything hung', () => {
  const liveness = new Liveness({ limitMs: 0, tickMs: 100, seesRest: true }, 0);
  for (let i = 0; i < 50; i++) assert.equal(liveness.look(0, 100), 'well');
});

test('gauges give a rate a second and the busy share, once a second', () => {
  const gauges = new Gauges(0, 0, 0);
  gauges.sample(500, 400, 200);
  assert.deepEqual([gauges.rate, gauges.busy], [0, 0]);
  gauges.sample(2_000, 400, 500);
  assert.deepEqual([gauges.rate, gauges.busy], [200, 0.25]);
});

test('gauges survive a counter that wraps, and times that do not add up', () => {
  const gauges = new Gauges(0, 2 ** 32 - 10, 0);
  gauges.sample(1_000, 90, 1_100);
  assert.deepEqual([gauges.rate, gauges.busy], [100, 1]);
  gauges.sample(2_000, 90, 0);
  assert.equal(gauges.busy, 0);
});
