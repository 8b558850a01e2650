/** Conformance 1 to 12 on real threads: starting, declining, failing to start, and every way to stop. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type ChildSpec, checkSpecs } from '../../../supervisor/index.ts';
import { PUPPET, puppet, RealTree } from '../real.ts';
import { supervisor } from '../virtual.ts';

const root = (...children: ChildSpec[]) => supervisor('root', children);
const reasons = (real: RealTree, ...ids: string[]) => ids.map((id) => real.node(id)?.lastExit?.reason);

test('case 1: supervisor without children starts, stops, and its exit reason is shutdown', async (t) => {
  const real = await RealTree.up(t, root());
  assert.deepEqual(real.tree.countChildren('root'), { specs: 0, active: 0, supervisors: 0, workers: 0 });
  await real.tree.stop();
  assert.equal((await real.tree.done).reason, 'shutdown');
});

test('case 2: supervisor that declines to start starts nobody and ends normal', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [puppet('a')], { declines: () => true }));
  assert.equal((await real.tree.done).reason, 'normal');
  assert.deepEqual(real.events('starting', 'a'), []);

  const below = await RealTree.up(t, root(supervisor('s', [puppet('b')], { declines: () => true }), puppet('c')));
  assert.deepEqual(below.which(), ['c 1', 's down']);
  assert.deepEqual(below.tree.countChildren('root'), { specs: 2, active: 1, supervisors: 1, workers: 1 });

  const declines = () => {
    throw new Error('cannot tell');
  };
  const throws = new RealTree(t, root(supervisor('s', [], { declines })));
  await assert.rejects(throws.tree.start(), /s could not start \(crashed\): Error: cannot tell/);
});

test('case 3: permanent child that declines to start keeps its spec and is not active', async (t) => {
  const real = await RealTree.up(t, root(puppet('a', { atStart: 'ignore' }), puppet('b')));
  assert.deepEqual(real.tree.countChildren('root'), { specs: 2, active: 1, supervisors: 0, workers: 2 });
  assert.deepEqual(real.which(), ['b 1', 'a down']);
  assert.deepEqual(await real.tree.startChild('root', puppet('c', { atStart: 'ignore' })), { epoch: null });
  assert.deepEqual(await real.tree.restartChild('a'), { epoch: null });
  assert.deepEqual(real.which(), ['c down', 'b 1', 'a down']);
});

test('case 4: temporary child that declines to start leaves no spec', async (t) => {
  const declining = (id: string) => puppet(id, { atStart: 'ignore' }, { restart: 'temporary' });
  const real = await RealTree.up(t, root(declining('a')));
  assert.deepEqual(await real.tree.startChild('root', declining('b')), { epoch: null });
  assert.equal(real.tree.countChildren('root').specs, 0);
});

test('case 5: added child that fails, or is no child at all, is an error to the caller and leaves no spec', async (t) => {
  const real = await RealTree.up(t, root(puppet('x')));
  const garbage = new URL('../fixtures/garbage.ts', import.meta.url);
  const failing: [ChildSpec, RegExp][] = [
    [puppet('a', { atStart: 'throw' }), /a could not start \(crashed\): Error: cannot start/],
    [puppet('a', { atStart: 'exit' }), /a could not start \(crashed\): exit code 0/],
    [puppet('a', {}, { entry: garbage }), /a could not start \(crashed\): exit code 0/],
    [puppet('a', { atStart: 'never-ready' }, { startMs: 100 }), /a could not start \(start-timeout\)/],
    [supervisor('a', [puppet('b'), puppet('c', { atStart: 'throw' })]), /a could not start .*c could not start/],
  ];
  for (const [spec, sentence] of failing) {
    await assert.rejects(real.tree.startChild('root', spec), sentence);
    assert.deepEqual(real.which(), ['x 1']);
  }
  assert.equal(real.node('root')?.budget?.used, 0);
});

test('case 6: tree does not start when one child cannot, names it, and earlier ones are gone', async (t) => {
  const below = supervisor('s', [puppet('b'), puppet('c', { atStart: 'throw' }), puppet('d')]);
  const real = new RealTree(t, root(puppet('a'), below, puppet('e')));
  await assert.rejects(real.tree.start(), /c could not start \(crashed\): Error: cannot start/);
  assert.equal((await real.tree.done).reason, 'failed-to-start');
  assert.deepEqual(
    real.told.map(({ body }) => body),
    [{ stopping: 'b' }, { stopping: 'a' }],
  );
  assert.deepEqual([...real.events('starting', 'd'), ...real.events('starting', 'e')], []);
  assert.equal(real.events('start-failed')[0]?.report?.context, 'start-error');
});

test('case 7: defaults are those of OTP, as the progress reports show', async (t) => {
  const real = await RealTree.up(t, root({ id: 'a', type: 'worker', entry: PUPPET, input: {} }, supervisor('s', [])));
  const [worker, inner] = ['a', 's'].map((id) => real.events('running', id)[0]?.report);
  assert.deepEqual(worker, {
    context: 'progress',
    supervisor: 'root',
    reason: null,
    child: { id: 'a', epoch: 1, type: 'worker', restart: 'permanent', shutdownMs: 5_000, significant: false },
  });
  assert.deepEqual([inner?.child.shutdownMs, inner?.child.restart], [Number.POSITIVE_INFINITY, 'permanent']);
  assert.equal(real.tree.status().strategy, 'one_for_one');
});

const BAD: readonly [string, object, object, RegExp][] = [
  ['no id', { id: '' }, {}, /id must be a text/],
  ['an unknown type', { type: 'process' }, {}, /type must be worker or supervisor/],
  ['an unknown restart type', { restart: 'always' }, {}, /restart must be one of permanent/],
  ['a negative shutdown', { shutdownMs: -1 }, {}, /shutdownMs must be/],
  ['an entry that is no URL', { entry: './a.ts' }, {}, /entry must be a URL/],
  ['significant under never', { significant: true, restart: 'transient' }, {}, /autoShutdown is never/],
  ['a significant permanent child', { significant: true }, { autoShutdown: 'any_significant' }, /permanent child/],
  ['an unknown strategy', {}, { strategy: 'all_for_one' }, /strategy must be one of one_for_one/],
  ['a negative intensity', {}, { intensity: -1 }, /intensity must be a whole number/],
  ['half an intensity', {}, { intensity: 0.5 }, /intensity must be a whole number/],
  ['no period', {}, { periodMs: 0 }, /periodMs must be a number of ms above 0/],
  ['an unknown autoShutdown', {}, { autoShutdown: 'always' }, /autoShutdown must be one of never/],
  ['children that are no list', {}, { children: {} }, /children must be a list/],
  ['the same id twice', { id: 'root' }, {}, /id must be unique/],
];

test('case 8: bad specs are each refused with their own sentence before anything starts; unknown keys are fine', async (t) => {
  for (const [name, child, flags, sentence] of BAD) {
    const spec = { ...root({ ...puppet('a'), ...child } as ChildSpec), ...flags };
    assert.throws(() => checkSpecs(spec), sentence, name);
    assert.throws(() => new RealTree(t, spec), sentence, name);
  }
  const real = await RealTree.up(t, root({ ...puppet('a'), colour: 'blue' } as ChildSpec));
  await assert.rejects(real.tree.startChild('root', puppet('b', {}, { shutdownMs: -1 })), /shutdownMs/);
  assert.deepEqual(real.which(), ['a 1']);
});

test('case 9: child busy in its drain is killed at its limit, the sibling and the supervisor end by shutdown', async (t) => {
  const real = await RealTree.up(t, root(puppet('a'), puppet('b', { atStop: 'never' }, { shutdownMs: 300 })));
  const since = performance.now();
  await real.tree.stop();
  assert.ok(performance.now() - since >= 300);
  assert.deepEqual(reasons(real, 'a', 'b'), ['shutdown', 'killed']);
  assert.equal((await real.tree.done).reason, 'shutdown');
  assert.deepEqual(
    real.events('shutdown-error').map(({ report }) => [report?.context, report?.reason, report?.child.id]),
    [['shutdown-error', 'killed', 'b']],
  );
});

test('case 10: child to be killed ends without grace, and nobody calls that an error', async (t) => {
  const real = await RealTree.up(t, root(puppet('a', {}, { shutdownMs: 'kill' })));
  await real.tree.stop();
  assert.deepEqual(reasons(real, 'a'), ['killed']);
  assert.deepEqual([real.told, real.events('shutdown-error')], [[], []]);
});

test('case 10: no time at all to stop is a limit like any other', async (t) => {
  const real = await RealTree.up(t, root(puppet('a', { atStop: 'never' }, { shutdownMs: 0 })));
  await real.tree.stop();
  assert.deepEqual(reasons(real, 'a'), ['killed']);
  assert.equal(real.events('shutdown-error', 'a').length, 1);
});

test('case 11: worker may take for ever, and gets the time', async (t) => {
  const slow = puppet('a', { atStop: 'slow' }, { shutdownMs: Number.POSITIVE_INFINITY });
  const real = await RealTree.up(t, root(slow));
  const since = performance.now();
  await real.tree.stop();
  assert.ok(performance.now() - since >= 290);
  assert.deepEqual(reasons(real, 'a'), ['shutdown']);
});

test('case 12: children that end by themselves while the supervisor stops end with their own reasons', async (t) => {
  const last = puppet('e', { atStop: 'never' }, { shutdownMs: 60_000 });
  const real = await RealTree.up(t, root(puppet('a'), puppet('b'), puppet('c'), puppet('d'), last));
  const stopped = real.tree.stop();
  real.order('a', 'crash');
  real.order('b', 'end');
  real.order('c', 'exit-3');
  real.order('d', 'exit-0');
  for (const id of ['a', 'b', 'c', 'd']) await real.event('exited', id, 1);
  real.order('e', 'exit-0');
  await stopped;
  assert.deepEqual(reasons(real, 'a', 'b', 'c', 'd', 'e'), ['crashed', 'normal', 'crashed', 'normal', 'shutdown']);
  assert.equal((await real.tree.done).reason, 'shutdown');
});
