import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CHAOS_KINDS,
  costsRestart,
  type PlannedFault,
  type PlanOptions,
  planFaults,
  type Target,
} from '../../../../actors/commands/chaos/schedule.ts';

const STEADY = { supervisor: 'root', countsOrders: false };
const TARGETS: readonly Target[] = [
  ...['gateway', 'log-writer', 'reader'].map((actor) => ({ ...STEADY, actor, progressMs: 5_000 })),
  { ...STEADY, actor: 'archiver', progressMs: 300_000 },
  { actor: 'aggregator-0', supervisor: 'lane-0', progressMs: 2_000, countsOrders: true },
  { actor: 'consumer-0', supervisor: 'lane-0', progressMs: 2_000, countsOrders: false },
];
const BUDGET = { max: 10, periodMs: 60_000 };

function plan(over: Partial<PlanOptions> = {}): PlannedFault[] {
  return planFaults({
    seed: 1,
    targets: TARGETS,
    budgets: new Map([
      ['root', BUDGET],
      ['lane-0', BUDGET],
    ]),
    kinds: CHAOS_KINDS,
    spanMs: 600_000,
    faults: Number.POSITIVE_INFINITY,
    ...over,
  });
}

test('plan is the same for the same seed and actors, in whichever order they are found, and another for another', () => {
  assert.deepEqual(plan({ targets: TARGETS.toReversed(), kinds: CHAOS_KINDS.toReversed() }), plan());
  assert.notDeepEqual(plan({ seed: 2 }), plan());
});

test('plan of ten minutes strikes every actor with every kind about equally often', () => {
  const counts = Map.groupBy(plan(), ({ kind }) => kind);
  const sizes = CHAOS_KINDS.map((kind) => counts.get(kind)?.length ?? 0);
  assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join());
  assert.equal(new Set(plan().map(({ actor }) => actor)).size, TARGETS.length);
});

test('plan ends with its faults or its time, whichever comes first', () => {
  assert.equal(plan({ faults: 25, spanMs: 180_000 }).length, 25);
  const [first, ...rest] = plan({ spanMs: 20_000 });
  assert.ok(first !== undefined && rest.every(({ atMs }) => atMs <= 20_000));
});

test('plan lets nobody stall whose stall would not be seen in time, poisons only who counts orders, and nobody pays who has no budget', () => {
  const poisoned = plan({ kinds: ['poison'] }).map(({ actor }) => actor);
  assert.deepEqual(new Set(poisoned), new Set(['aggregator-0']));
  const stalled = plan({ kinds: ['stall'] }).map(({ actor }) => actor);
  assert.ok(stalled.length > 0 && !stalled.includes('archiver'));
  const broke = new Map([
    ['root', { max: 0, periodMs: 60_000 }],
    ['lane-0', { max: 1, periodMs: 60_000 }],
  ]);
  assert.deepEqual(plan({ budgets: broke, kinds: ['crash'] }), []);
  assert.ok(plan({ budgets: broke, kinds: ['slow', 'crash'] }).every(({ kind }) => kind === 'slow'));
  assert.deepEqual(plan({ targets: [] }), []);
});

test('no plan spends more of a budget than its share, or strikes an actor that was just struck', () => {
  const budget = fc.record({ max: fc.integer({ min: 0, max: 12 }), periodMs: fc.integer({ min: 1_000, max: 90_000 }) });
  const tree = fc.array(
    fc.tuple(budget, fc.array(fc.constantFrom(0, 2_000, 300_000), { minLength: 1, maxLength: 6 })),
    { minLength: 1, maxLength: 5 },
  );
  const kinds = fc.subarray([...CHAOS_KINDS], { minLength: 1 });
  fc.assert(
    fc.property(fc.nat(), tree, kinds, fc.integer({ min: 1, max: 150 }), (seed, supervisors, some, faults) => {
      const budgets = new Map(supervisors.map(([one], at) => [`s${at}`, one]));
      const targets = supervisors.flatMap(([, actors], at) =>
        actors.map((progressMs, index) => ({
          actor: `a${at}-${index}`,
          supervisor: `s${at}`,
          progressMs,
          countsOrders: index % 2 === 0,
        })),
      );
      const made = plan({ seed, targets, budgets, kinds: some, faults });
      for (const [id, { max, periodMs }] of budgets) {
        const times = made
          .filter(({ actor, kind }) => actor.startsWith(`a${id.slice(1)}-`) && costsRestart(kind))
          .map(({ atMs }) => atMs);
        for (const at of times) assert.ok(times.filter((one) => one >= at && one <= at + periodMs).length <= max * 0.7);
      }
      for (const [, own] of Map.groupBy(made, ({ actor }) => actor))
        for (const [at, { atMs }] of own.entries()) assert.ok(at === 0 || atMs - (own[at - 1]?.atMs ?? 0) >= 5_000);
      assert.deepEqual(
        made.map(({ number }) => number),
        made.map((_, at) => at + 1),
      );
    }),
    { numRuns: 200 },
  );
});
