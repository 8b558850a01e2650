/** Conformance 22 to 24 and 31 on real threads, with what Pekko adds: budgets, pauses, and the way out of both. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type BackoffSpec, STRATEGIES } from '../../../supervisor/index.ts';
import { puppet, RealTree } from '../real.ts';
import { supervisor } from '../virtual.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const QUICK = { backoff: { baseMs: 1, capMs: 1 } };
const PATIENT = { backoff: { baseMs: 60_000, capMs: 60_000 } };

test('case 22: crashes that are further apart than the period never exhaust the budget', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [puppet('a', {}, QUICK)], { intensity: 1, periodMs: 100 }));
  for (const epoch of [1, 2, 3, 4]) {
    real.order('a', 'crash');
    await real.running('a', epoch + 1);
    await pause(160);
  }
  assert.deepEqual(real.which(), ['a 5']);
});

test('case 23: third crash of two children that share a budget of two ends the supervisor', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [puppet('a'), puppet('b')], { intensity: 2 }));
  for (const id of ['a', 'b']) {
    real.order(id, 'crash');
    await real.running(id, 2);
  }
  assert.equal(real.node('root')?.budget?.used, 2);
  real.order('a', 'crash');
  assert.equal((await real.tree.done).reason, 'gave-up');
  assert.deepEqual(real.node('b')?.lastExit?.reason, 'shutdown');
});

for (const strategy of STRATEGIES) {
  test(`case 24: child that can never restart ends supervisor and siblings, quickly, under ${strategy}`, async (t) => {
    const children = [puppet('a'), puppet('b', { failFrom: 2 }, QUICK), puppet('c')];
    const real = await RealTree.up(t, supervisor('root', children, { strategy, intensity: 2 }));
    real.order('b', 'crash');
    assert.equal((await real.tree.done).reason, 'gave-up');
    assert.equal(real.node('b')?.epoch, 3, 'two restarts were tried, as allowed');
    assert.ok(
      real.which().every((line) => line.endsWith(' down')),
      real.which().join(', '),
    );
  });
}

test('case 31: restart that never succeeds shows as such, is refused twice, and is ended by stopping the child', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [puppet('a', { failFrom: 2 }, PATIENT), puppet('b')]));
  real.order('a', 'crash');
  await real.event('backing-off', 'a', 2);
  assert.deepEqual(real.which(), ['b 1', 'a restarting']);
  await assert.rejects(real.tree.restartChild('a'), /Cannot start "a" as it is backing-off/);
  await assert.rejects(real.tree.deleteChild('a'), /Cannot delete "a" as it is backing-off/);
  await assert.rejects(real.tree.startChild('root', puppet('a')), /Cannot add "a" as it is started/);
  await real.tree.stopChild('a');
  assert.deepEqual(real.which(), ['b 1', 'a down']);
  await real.tree.deleteChild('a');
  assert.deepEqual(real.which(), ['b 1']);
});

for (const strategy of STRATEGIES) {
  test(`case 31: restart that never succeeds does not keep a ${strategy} supervisor from stopping`, async (t) => {
    const children = [puppet('a'), puppet('b', { failFrom: 2 }, PATIENT)];
    const real = await RealTree.up(t, supervisor('root', children, { strategy }));
    real.order('b', 'crash');
    await real.event('backing-off', 'b', 2);
    await real.tree.stop();
    assert.equal((await real.tree.done).reason, 'shutdown');
  });
}

/** The pauses that were made; while one lasts the node shows when it ends, reckoned from a moment before it is told. */
async function pauses(real: RealTree, crashes: number): Promise<number[]> {
  const seen: number[] = [];
  const began = Date.now();
  const silence = real.tree.onEvent(({ kind, at, text }) => {
    if (kind !== 'backing-off') return;
    const pauseMs = Number(/next start in (\d+) ms/.exec(text)?.[1]);
    const node = real.node('a');
    assert.equal(node?.state, 'backing-off');
    const shown = (node?.nextRetryAt ?? 0) - pauseMs;
    assert.ok(began <= shown && shown <= at, `${shown} is not between ${began} and ${at}`);
    seen.push(pauseMs);
  });
  for (let epoch = real.node('a')?.epoch ?? 0, left = crashes; left > 0; left--, epoch++) {
    real.order('a', 'crash');
    await real.running('a', epoch + 1);
  }
  silence();
  return seen;
}

const growing = (backoff: Partial<BackoffSpec>) =>
  supervisor('root', [puppet('a', {}, { backoff })], { intensity: 50 });

test('backoff: pauses double up to their cap, each shown with the time of the next try', async (t) => {
  const spec = growing({ baseMs: 20, capMs: 70, healthyMs: 60_000 });
  const real = await RealTree.up(t, spec, { random: () => 1 });
  assert.deepEqual(await pauses(real, 5), [20, 40, 70, 70]);
});

test('backoff: jitter spreads a pause from nothing to all of it', async (t) => {
  const draws = [0.25, 0.999, 0.5];
  const spec = growing({ baseMs: 40, capMs: 80, healthyMs: 60_000 });
  const real = await RealTree.up(t, spec, { random: () => draws.shift() ?? 0 });
  assert.deepEqual(await pauses(real, 5), [10, 80, 40]);
});

test('backoff: begins again after a healthy time', async (t) => {
  const real = await RealTree.up(t, growing({ baseMs: 30, capMs: 1_000, healthyMs: 150 }), { random: () => 1 });
  assert.deepEqual(await pauses(real, 1), []);
  await pause(200);
  assert.deepEqual(await pauses(real, 1), [], 'the first restart after it is at once');
});

test('restart limit of nothing stops at the first crash', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [puppet('a'), puppet('b')], { intensity: 0 }));
  real.order('a', 'crash');
  assert.equal((await real.tree.done).reason, 'gave-up');
  assert.deepEqual(real.which(), ['b down', 'a down']);
  assert.equal(real.node('a')?.epoch, 1);
});

test('children are stopped before their supervisor is restarted', async (t) => {
  const inner = supervisor('s', [puppet('a'), puppet('b')], { restartable: true });
  const real = await RealTree.up(t, supervisor('root', [inner]));
  await real.tree.command('s', 'restart');
  await real.running('s', 2);
  const story = real.tree
    .events()
    .filter(({ kind, epoch }) => (kind === 'exited' ? epoch === 1 : kind === 'starting' && epoch === 2));
  assert.deepEqual(
    story.map(({ kind, actor }) => `${kind} ${actor}`),
    ['exited b', 'exited a', 'exited s', 'starting s', 'starting a', 'starting b'],
  );
});
