/** The rules as properties: budget, backoff, groups and verdicts against the plainest possible statement of OTP's. */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Backoff } from '../../supervisor/backoff.ts';
import { RESTART_TYPES, STRATEGIES } from '../../supervisor/child-spec.ts';
import type { Exit, ExitReason } from '../../supervisor/exit.ts';
import { regroup } from '../../supervisor/group.ts';
import { RestartBudget } from '../../supervisor/intensity.ts';
import { planRestart } from '../../supervisor/strategy.ts';
import { judgeEnd } from '../../supervisor/verdict.ts';

test('budget allows an attempt exactly when no more than its limit lie within the period, both ends included', () => {
  const steps = fc.array(fc.constantFrom(0, 1, 499, 500, 501, 999, 1_000, 1_001), { maxLength: 30 });
  fc.assert(
    fc.property(fc.nat({ max: 5 }), steps, (max, gaps) => {
      const budget = new RestartBudget(max, 1_000);
      const attempts: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        attempts.push(now);
        const within = attempts.filter((at) => now - at <= 1_000).length;
        assert.equal(budget.spend(now), within <= max);
        assert.equal(budget.used(now), within);
      }
    }),
  );
});

test('backoff lies between nothing and a ceiling that doubles from base to cap, and begins anew after a healthy time', () => {
  const spec = fc.record({
    baseMs: fc.integer({ min: 1, max: 1_000 }),
    capMs: fc.integer({ min: 1, max: 60_000 }),
    healthyMs: fc.integer({ min: 1, max: 10_000 }),
  });
  const lives = fc.array(fc.tuple(fc.nat({ max: 12_000 }), fc.double({ min: 0, max: 0.999, noNaN: true })));
  fc.assert(
    fc.property(spec, lives, (limits, incarnations) => {
      const backoff = new Backoff(limits);
      let before = 0;
      for (const [upMs, draw] of incarnations) {
        if (upMs >= limits.healthyMs) before = 0;
        const ceiling = before === 0 ? 0 : Math.min(limits.capMs, limits.baseMs * 2 ** (before - 1));
        assert.equal(
          backoff.next(upMs, () => draw),
          Math.round(draw * ceiling),
        );
        before++;
      }
    }),
  );
});

test('group stops in reverse start order and starts in start order, touching nobody that its strategy spares', () => {
  const members = fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), alive: fc.boolean(), temporary: fc.boolean() }),
    { minLength: 1, maxLength: 8, selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(members, fc.nat(), fc.constantFrom(...STRATEGIES), (all, pick, strategy) => {
      const at = pick % all.length;
      const failed = { ...(all[at] as (typeof all)[number]), alive: false, temporary: false };
      const list = all.with(at, failed);
      const ids = list.map(({ id }) => id);
      const { stop, start } = regroup(planRestart(strategy, failed.id, ids), list, undefined);
      const spared = { one_for_one: () => true, one_for_all: () => false, rest_for_one: (i: number) => i < at }[
        strategy
      ];
      const concerned = list.filter((member, index) => member === failed || !spared(index));
      const others = concerned.filter((member) => member !== failed && member.alive);
      assert.deepEqual(stop, others.map(({ id }) => id).reverse());
      const back = concerned.filter(({ alive, temporary }) => !(alive && temporary));
      assert.deepEqual(
        start,
        back.map(({ id }) => id),
      );
    }),
  );
});

/** S8, written as a table: which reasons a transient child does not come back from. */
const REASONS: Readonly<Record<ExitReason, 'orderly' | 'abnormal'>> = {
  normal: 'orderly',
  shutdown: 'orderly',
  'gave-up': 'orderly',
  'auto-shutdown': 'orderly',
  killed: 'abnormal',
  crashed: 'abnormal',
  hung: 'abnormal',
  memory: 'abnormal',
  'out-of-memory': 'abnormal',
  'start-timeout': 'abnormal',
  'failed-to-start': 'abnormal',
};

for (const restart of RESTART_TYPES) {
  for (const reason of Object.keys(REASONS) as ExitReason[]) {
    test(`verdict on a ${restart} child that ended ${reason}`, () => {
      const orderly = REASONS[reason] === 'orderly';
      const exit: Exit = { reason, detail: '', started: true, ignored: false };
      const again = restart === 'permanent' || (restart === 'transient' && !orderly);
      const later = { restart, booting: false, proven: true };
      assert.equal(judgeEnd(later, exit), again ? 'restart' : 'stays-down');
      assert.equal(judgeEnd({ ...later, booting: true }, exit), again ? 'restart' : 'stays-down', 'once up, as ever');
      assert.equal(judgeEnd({ restart, booting: true, proven: false }, { ...exit, started: false }), 'boot-failed');
      assert.equal(judgeEnd(later, { ...exit, started: false, ignored: true }), 'stays-down');
      const attempt = judgeEnd(later, { ...exit, started: false });
      assert.equal(attempt, restart === 'temporary' ? 'stays-down' : 'restart', 'a try that failed is tried again');
    });
  }
}
