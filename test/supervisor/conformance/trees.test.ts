/** Conformance 32 and 35 to 38 on real threads: supervisors of supervisors, and significant children. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChildSpec, SupervisorSpec } from '../../../supervisor/index.ts';
import type { PuppetOrder } from '../fixtures/puppet.ts';
import { puppet, RealTree } from '../real.ts';
import { supervisor } from '../virtual.ts';

test('case 32: crash below stays below until its limit; then the supervisor comes back with its own children alone', async (t) => {
  const lower = (id: string) => supervisor(id, [puppet(`${id}-x`), puppet(`${id}-y`)], { intensity: 1 });
  const spec = supervisor('root', [lower('s'), lower('r')], { strategy: 'one_for_all' });
  const real = await RealTree.up(t, spec);
  await real.tree.startChild('s', puppet('added'));
  await real.tree.stopChild('r-y');
  real.order('s-x', 'crash');
  await real.running('s-x', 2);
  assert.deepEqual(real.which(), ['r 1', 's 1']);
  assert.deepEqual(real.which('s'), ['added 1', 's-y 1', 's-x 2']);

  real.order('s-x', 'crash');
  await real.running('r', 2);
  assert.match(String(real.node('s')?.lastExit?.detail), /s gives up: more than 1 restarts/);
  assert.deepEqual(real.which('s'), ['s-y 2', 's-x 3'], 'the added one does not come back');
  assert.deepEqual(real.which('r'), ['r-y 2', 'r-x 2'], 'the one that was stopped by hand does');
});

test('case 32: transient supervisor that gave up stays down, as in OTP its exit reason is shutdown', async (t) => {
  const lower = supervisor('s', [puppet('x')], { intensity: 0, restart: 'transient' });
  const real = await RealTree.up(t, supervisor('root', [lower, puppet('y')]));
  real.order('x', 'crash');
  await real.event('exited', 's', 1);
  assert.deepEqual([real.which(), real.node('root')?.budget?.used], [['y 1', 's down'], 0]);
});

/** Two children under a supervisor of their own, so that its end can be seen and its parent asked. */
async function pair(t: Parameters<typeof RealTree.up>[0], a: ChildSpec, b: ChildSpec, flags: Partial<SupervisorSpec>) {
  const inner = supervisor('s', [a, b], { restart: 'transient', ...flags });
  return RealTree.up(t, supervisor('root', [inner, puppet('witness')]));
}

const significant = (id: string, restart: 'transient' | 'temporary') => puppet(id, {}, { restart, significant: true });
const ANY = { autoShutdown: 'any_significant' } as const;
const ALL = { autoShutdown: 'all_significant' } as const;

async function ended(real: RealTree): Promise<void> {
  await real.event('exited', 's', 1);
  assert.equal(real.node('s')?.lastExit?.reason, 'auto-shutdown');
  assert.deepEqual(real.which(), ['witness 1', 's down']);
}

for (const [name, end] of [
  ['is killed', 'kill'],
  ['ends abnormally', 'crash'],
  ['ends normally', 'end'],
] as const) {
  test(`case 35: significant temporary child that ${name} takes its supervisor along`, async (t) => {
    const real = await pair(t, significant('a', 'temporary'), puppet('b'), ANY);
    if (end === 'kill') await real.tree.command('a', 'kill');
    else real.order('a', end);
    await ended(real);
  });
}

test('case 35: significant child that is stopped by request takes nobody along', async (t) => {
  const real = await pair(t, significant('a', 'temporary'), significant('b', 'transient'), ANY);
  await real.tree.stopChild('a');
  await real.tree.stopChild('b');
  assert.deepEqual(real.which('s'), ['b down']);
  assert.deepEqual(real.which(), ['witness 1', 's 1']);
});

test('case 36: significant transient child that is killed or crashes is restarted, and shuts down when it ends normally', async (t) => {
  const real = await pair(t, significant('a', 'transient'), puppet('b'), ANY);
  await real.tree.command('a', 'kill');
  await real.running('a', 2);
  real.order('a', 'crash');
  await real.running('a', 3);
  assert.deepEqual(real.which('s'), ['b 1', 'a 3']);
  real.order('a', 'end');
  await ended(real);
});

test('case 37: first end of two significant children does nothing, the last one shuts down', async (t) => {
  const real = await pair(t, significant('a', 'transient'), significant('b', 'temporary'), ALL);
  real.order('a', 'end');
  await real.event('exited', 'a', 1);
  assert.deepEqual(real.which('s'), ['b 1', 'a down']);
  real.order('b', 'crash' satisfies PuppetOrder);
  await ended(real);
});

test('case 37: significant child that waits for its restart still counts as active', async (t) => {
  const patient = { backoff: { baseMs: 60_000, capMs: 60_000 }, restart: 'transient', significant: true } as const;
  const real = await pair(t, significant('a', 'transient'), puppet('b', { failFrom: 2 }, patient), ALL);
  real.order('b', 'crash');
  await real.event('backing-off', 'b', 2);
  real.order('a', 'end');
  await real.event('exited', 'a', 1);
  assert.deepEqual(real.which('s'), ['b restarting', 'a down']);
});

test('case 37: significant supervisor hands the shutdown on, one that is not significant keeps it', async (t) => {
  const lower = (id: string, more: Partial<SupervisorSpec>) =>
    supervisor(id, [significant(`${id}-x`, 'transient')], { restart: 'transient', ...ANY, ...more });
  const upper = [lower('quiet', {}), lower('loud', { significant: true })];
  const real = await RealTree.up(
    t,
    supervisor('root', [supervisor('s', upper, { restart: 'transient', ...ANY }), puppet('witness')]),
  );
  real.order('quiet-x', 'end');
  await real.event('exited', 'quiet', 1);
  assert.deepEqual(real.which('s'), ['loud 1', 'quiet down']);
  real.order('loud-x', 'end');
  await ended(real);
});

test('case 38: significant child that falls with a sibling takes nobody along', async (t) => {
  const bystander = significant('a', 'temporary');
  const real = await pair(t, bystander, puppet('b'), { ...ANY, strategy: 'one_for_all' });
  real.order('b', 'crash');
  await real.running('b', 2);
  assert.deepEqual(real.which('s'), ['b 2']);
  assert.deepEqual(real.which(), ['witness 1', 's 1']);
});
