/** Conformance 25 to 30 on real threads: who falls and rises with a failed child, and in which order. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChildSpec, Strategy } from '../../../supervisor/index.ts';
import { puppet, RealTree } from '../real.ts';
import { supervisor } from '../virtual.ts';

const QUICK = { backoff: { baseMs: 1, capMs: 1 } };

const up = (t: Parameters<typeof RealTree.up>[0], strategy: Strategy, ...children: ChildSpec[]) =>
  RealTree.up(t, supervisor('root', children, { strategy }));

/** What began and ended since the first crash, in order. */
function storyOf(real: RealTree): string[] {
  const events = real.tree.events().filter(({ kind }) => kind === 'exited' || kind === 'starting');
  const first = events.findIndex(({ kind }) => kind === 'exited');
  return events.slice(first).map(({ kind, actor, epoch }) => `${kind === 'exited' ? '-' : '+'}${actor}${epoch}`);
}

async function threadOf(real: RealTree, id: string, epoch: number): Promise<unknown> {
  real.order(id, 'who');
  const told = (await real.hears(id, epoch, ({ thread }) => thread !== undefined)) as { thread: number };
  return told.thread;
}

test('case 25: one_for_all replaces every thread after one crash, the old ones gone before the first new one', async (t) => {
  const real = await up(t, 'one_for_all', puppet('a'), puppet('b'), puppet('c'));
  const before = await Promise.all(['a', 'b', 'c'].map((id) => threadOf(real, id, 1)));
  real.order('b', 'crash');
  await real.running('c', 2);
  const after = await Promise.all(['a', 'b', 'c'].map((id) => threadOf(real, id, 2)));
  assert.equal(new Set([...before, ...after]).size, 6);
  assert.deepEqual(storyOf(real), ['-b1', '-c1', '-a1', '+a2', '+b2', '+c2']);
  assert.equal(real.node('root')?.budget?.used, 1);
});

test('case 26: one_for_all whose second child fails once stops the first again, then all come up', async (t) => {
  const real = await up(t, 'one_for_all', puppet('a'), puppet('b', { failAt: [2] }, QUICK));
  real.order('a', 'crash');
  await real.running('b', 3);
  assert.deepEqual(storyOf(real), ['-a1', '-b1', '+a2', '+b2', '-b2', '-a2', '+a3', '+b3']);
  assert.deepEqual([real.which(), real.node('root')?.budget?.used], [['b 3', 'a 3'], 2]);
});

test('case 27: rest_for_one leaves those before the crashed child alone', async (t) => {
  const real = await up(t, 'rest_for_one', puppet('a'), puppet('b'), puppet('c'));
  real.order('b', 'crash');
  await real.running('c', 2);
  assert.deepEqual(real.which(), ['c 2', 'b 2', 'a 1']);
});

test('case 28: rest_for_one with a later child that fails once tries only from that one on again', async (t) => {
  const real = await up(t, 'rest_for_one', puppet('a'), puppet('b'), puppet('c', { failAt: [2] }, QUICK), puppet('d'));
  real.order('b', 'crash');
  await real.running('d', 2);
  assert.deepEqual(real.which(), ['d 2', 'c 3', 'b 2', 'a 1']);
  assert.deepEqual(storyOf(real), ['-b1', '-d1', '-c1', '+b2', '+c2', '-c2', '+c3', '+d2']);
});

test('case 29: children start in the order of the list, and stop in its reverse, alphabet or not', async (t) => {
  const real = await up(t, 'rest_for_one', puppet('m'), puppet('z'), puppet('a'), puppet('k'));
  assert.deepEqual(
    real.events('running').map(({ actor }) => actor),
    ['m', 'z', 'a', 'k', 'root'],
  );
  assert.deepEqual(real.which(), ['k 1', 'a 1', 'z 1', 'm 1']);
  real.order('z', 'crash');
  await real.running('k', 2);
  assert.deepEqual(storyOf(real), ['-z1', '-k1', '-a1', '+z2', '+a2', '+k2']);
  await real.tree.stop();
  assert.deepEqual(storyOf(real).slice(6), ['-k2', '-a2', '-z2', '-m1', '-root1']);
});

for (const strategy of ['one_for_all', 'rest_for_one'] as const) {
  test(`case 30: temporary bystander falls in a ${strategy} restart, does not come back, and costs nothing`, async (t) => {
    const real = await up(t, strategy, puppet('a'), puppet('t', {}, { restart: 'temporary' }), puppet('b'));
    real.order('a', 'crash');
    await real.running('b', 2);
    assert.deepEqual([real.which(), real.node('root')?.budget?.used], [['b 2', 'a 2'], 1]);
    assert.equal(real.node('root')?.state, 'running');
  });
}

test('S6: child that was stopped by hand comes up again with its group', async (t) => {
  const real = await up(t, 'one_for_all', puppet('a'), puppet('b'));
  await real.tree.stopChild('a');
  real.order('b', 'crash');
  await real.running('b', 2);
  assert.deepEqual(real.which(), ['b 2', 'a 2']);
});
