/** Conformance 13, 14, 33, 34 and 39 on real threads: children that come, go and are counted at run time. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError } from '../../../protocol/index.ts';
import type { ChildSpec } from '../../../supervisor/index.ts';
import { ON_DENO, puppet, RealTree } from '../real.ts';
import { supervisor } from '../virtual.ts';

const root = (...children: ChildSpec[]) => supervisor('root', children);
const isConflict = (sentence: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === 'conflict' && sentence.test(error.message);
const isMissing = (error: unknown) => error instanceof AppError && error.code === 'not-found';

test('case 13: adding, stopping, starting again and deleting are refused where OTP refuses them', async (t) => {
  const real = await RealTree.up(t, root(puppet('a', { failAt: [3] })));
  const { tree } = real;
  await assert.rejects(
    tree.startChild('root', puppet('a')),
    isConflict(/"a" as it is started: current value is epoch 1/),
  );
  await assert.rejects(tree.restartChild('a'), isConflict(/it is running/));
  await assert.rejects(tree.deleteChild('a'), isConflict(/it is running/));

  await tree.stopChild('a');
  await tree.stopChild('a');
  assert.deepEqual([real.which(), real.node('root')?.budget?.used], [['a down'], 0]);
  await assert.rejects(tree.startChild('root', puppet('a')), isConflict(/"a" as it is there and stopped/));
  assert.deepEqual(await tree.restartChild('a'), { epoch: 2 });

  await tree.stopChild('a');
  await assert.rejects(tree.restartChild('a'), /a could not start \(crashed\): Error: fails at epoch 3/);
  assert.deepEqual([real.which(), real.node('root')?.budget?.used], [['a down'], 0], 'it stays, at no cost');
  await tree.deleteChild('a');
  assert.deepEqual(real.which(), []);

  for (const missing of [tree.stopChild('a'), tree.restartChild('a'), tree.deleteChild('a')]) {
    await assert.rejects(missing, isMissing);
  }
  assert.throws(() => tree.whichChildren('a'), isMissing);
});

test('case 14: what a child tells of its start reaches who asked for it, and does not break restarts', async (t) => {
  const real = await RealTree.up(t, root());
  const { tree } = real;
  const info = { port: 8_080, since: [1, 2] };
  assert.deepEqual(await tree.startChild('root', puppet('a', { info })), { epoch: 1, info });
  real.order('a', 'crash');
  await real.running('a', 2);
  await tree.stopChild('a');
  assert.deepEqual(await tree.restartChild('a'), { epoch: 3, info });
});

test('case 33: children are counted exactly, those that wait for their restart too', async (t) => {
  const patient = { backoff: { baseMs: 60_000, capMs: 60_000 } };
  const many = Array.from({ length: 8 }, (_, index) => puppet(`w${index}`, { failFrom: 2 }, patient));
  const real = await RealTree.up(t, root(...many, supervisor('s', [])));
  assert.deepEqual(real.tree.countChildren('root'), { specs: 9, active: 9, supervisors: 1, workers: 8 });
  for (const id of ['w3', 'w5', 'w7']) real.order(id, 'crash');
  for (const id of ['w3', 'w5', 'w7']) await real.event('backing-off', id, 2);
  assert.deepEqual(real.tree.countChildren('root'), { specs: 9, active: 6, supervisors: 1, workers: 8 });
  await real.tree.stopChild('w0');
  await real.tree.stopChild('s');
  await real.tree.deleteChild('w0');
  assert.deepEqual(real.tree.countChildren('root'), { specs: 8, active: 4, supervisors: 1, workers: 7 });
  assert.deepEqual(real.which().slice(0, 2), ['s down', 'w7 restarting'], 'newest first');
  assert.ok(real.which().includes('w5 restarting'));
});

test('case 34: child that hears nobody any more is stopped all the same, and the supervisor answers meanwhile', async (t) => {
  // A port of Deno can neither be closed nor lose its listeners: there it hears, and does not heed.
  const input = { atStop: 'never' } as const;
  const real = await RealTree.up(t, root(puppet('a', input, { shutdownMs: 200 }), puppet('b')));
  if (!ON_DENO) {
    real.order('a', 'deaf');
    await real.hears('a', 1, ({ deaf }) => deaf === true);
  }
  const stopped = real.tree.stopChild('a');
  assert.deepEqual(real.which(), ['b 1', 'a 1']);
  assert.deepEqual(await real.tree.startChild('root', puppet('c')), { epoch: 1 });
  await stopped;
  assert.deepEqual(real.which(), ['c 1', 'b 1', 'a down']);
  assert.equal(real.node('a')?.lastExit?.reason, 'killed');
});

test('case 39: spec that changes at run time starts nobody, removes nobody, and counts from the next start', async (t) => {
  const real = await RealTree.up(t, root(supervisor('s', [puppet('a'), puppet('b')])));
  const { tree } = real;
  const changed = supervisor('s', [puppet('c'), puppet('b', { info: 'new' })], { intensity: 0 });
  await tree.changeSpec('s', changed);
  assert.deepEqual(real.which('s'), ['a 1', 'b 1', 'c down'], 'the new list first, then those it has not');
  assert.deepEqual(await tree.restartChild('c'), { epoch: 1 });
  await tree.stopChild('b');
  assert.deepEqual(await tree.restartChild('b'), { epoch: 2, info: 'new' });
  assert.equal(real.node('s')?.budget?.max, 0);

  const refused: [ChildSpec, RegExp][] = [
    [puppet('d', {}, { restart: 'sometimes' as never }), /restart must be one of/],
    [supervisor('b', []), /"b" as its type must stay/],
    [puppet('root'), /id must be unique/],
  ];
  for (const [child, sentence] of refused) {
    await assert.rejects(tree.changeSpec('s', supervisor('s', [child], { intensity: 7 })), sentence);
    assert.deepEqual([real.which('s'), real.node('s')?.budget?.max], [['a 1', 'b 2', 'c 1'], 0]);
  }
  real.order('a', 'crash');
  await real.running('s', 2);
  assert.deepEqual(real.which('s'), ['b 3', 'c 2'], 'its own restart follows the new spec alone');
});

test('S21: what no child says, and an end of a stranger, change nothing', async (t) => {
  const entry = new URL('../fixtures/garbage.ts', import.meta.url);
  const real = await RealTree.up(t, root(puppet('a')));
  await assert.rejects(real.tree.startChild('root', puppet('odd', {}, { entry })));
  assert.equal(real.events('dropped', 'odd').length, 4);
  assert.deepEqual(real.which(), ['a 1']);
});

test('S22: reports name the supervisor, the context, the reason and the child', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [puppet('a'), puppet('b')], { intensity: 1 }));
  real.order('a', 'crash');
  await real.running('a', 2);
  real.order('b', 'exit-3');
  await real.tree.done;
  const reports = real.tree.events().flatMap(({ report }) => (report ? [report] : []));
  assert.deepEqual(
    reports.map(({ context, supervisor, reason, child }) => [context, supervisor, reason, `${child.id}${child.epoch}`]),
    [
      ['progress', 'root', null, 'a1'],
      ['progress', 'root', null, 'b1'],
      ['child-terminated', 'root', 'crashed', 'a1'],
      ['progress', 'root', null, 'a2'],
      ['child-terminated', 'root', 'crashed', 'b1'],
      ['shutdown', 'root', 'gave-up', 'b1'],
    ],
  );
});
