/** The control interface of actors on real threads: four calls, each of which ends. */

import assert from 'node:assert/strict';
import { getActiveResourcesInfo } from 'node:process';
import test from 'node:test';
import { AppError } from '../../protocol/errors.ts';
import type { WorkerSpec } from '../../supervisor/child-spec.ts';
import type { ControlledInput } from './fixtures/controlled.ts';
import { CALM, ON_DENO, RealTree } from './real.ts';
import { supervisor } from './virtual.ts';

const ENTRY = new URL('./fixtures/controlled.ts', import.meta.url);

function controlled(id: string, input: ControlledInput = {}, more: Partial<WorkerSpec> = {}): WorkerSpec {
  return { id, type: 'worker', entry: ENTRY, input, ...CALM, ...more };
}

const root = (...children: WorkerSpec[]) => supervisor('root', children);
/** With a deadline that only a failure reaches. */
const controlOf = ({ tree }: RealTree, id: string) => tree.control(id, { deadlineMs: 60_000 });
const livePorts = () => getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;

function refusal(code: string, message: RegExp, field?: string) {
  return (error: unknown) => {
    assert.ok(error instanceof AppError, String(error));
    assert.deepEqual([error.code, error.field], [code, field]);
    assert.match(error.message, message);
    return true;
  };
}

test('actor tells of itself and of its links, and what its own kind adds', async (t) => {
  const real = await RealTree.up(t, root(controlled('a'), controlled('b', {}, { links: [{ name: 'l', to: 'a' }] })));
  await real.hears('a', 1, ({ linked }) => linked === 'b');
  real.tree.tell('a', { work: 1 });
  await real.hears('a', 1, ({ handled }) => handled === 1);
  const { id, epoch, up_ms, heap_bytes, links, settings, own } = await controlOf(real, 'a').inspect();
  assert.deepEqual([id, epoch, links], ['a', 1, [{ name: 'l', peer: 'b', epoch: 1 }]]);
  assert.deepEqual([settings, own], [{ pace: 7, share: 1 }, { handled: [1] }]);
  assert.ok(up_ms > 0 && heap_bytes > 0);
});

test('settings are changed all or none, and answered as they are then', async (t) => {
  const real = await RealTree.up(t, root(controlled('a')));
  const control = controlOf(real, 'a');
  assert.deepEqual(await control.configure({ pace: 3 }), { pace: 3, share: 1 });
  const bad = /Cannot configure "pace" as it must be a whole number from 1 to 10: current value is 11/;
  await assert.rejects(control.configure({ share: 0, pace: 11 }), refusal('bad-parameter', bad, 'pace'));
  const unknown = /Cannot configure "toString" as it is no setting of this actor: known are pace, share/;
  await assert.rejects(control.configure({ share: 0, toString: 1 }), refusal('bad-parameter', unknown, 'toString'));
  const none = JSON.parse('null');
  await assert.rejects(control.configure(none), refusal('bad-parameter', /the settings are no object/, 'settings'));
  assert.deepEqual((await control.inspect()).settings, { pace: 3, share: 1 });
});

test('errors of the actor keep their code, field and cause over the port', async (t) => {
  const inputs = ['refuse', 'throw', 'uncloneable'] as const;
  const real = await RealTree.up(t, root(...inputs.map((inspect) => controlled(inspect, { inspect }))));
  await assert.rejects(controlOf(real, 'refuse').inspect(), refusal('fenced', /Cannot tell/, 'own'));
  await assert.rejects(controlOf(real, 'throw').inspect(), (error: AppError) => {
    const { name, code } = error.cause as { name: string; code: string };
    assert.deepEqual([error.code, error.message, name, code], ['internal', 'out of range', 'RangeError', 'E_RANGE']);
    return true;
  });
  await assert.rejects(controlOf(real, 'uncloneable').inspect(), refusal('internal', /Unserializable/));
  assert.deepEqual(real.events('exited'), []);
});

test('call to an actor that hangs ends by its deadline, and holds up nobody', async (t) => {
  const real = await RealTree.up(t, root(controlled('a'), controlled('b')));
  await controlOf(real, 'a').inspect();
  await controlOf(real, 'a').fault('hang');
  // One or two may still get in before the loop is gone.
  const untilSilent = (): Promise<unknown> => real.tree.control('a', { deadlineMs: 300 }).inspect().then(untilSilent);
  const late = refusal('deadline-exceeded', /Cannot inspect "a" as it has not answered within 300 ms/);
  const silent = assert.rejects(untilSilent(), late);
  assert.equal((await controlOf(real, 'b').inspect()).epoch, 1);
  await silent;
});

test('calls under way are refused when their incarnation ends, and the next call goes to the next one', async (t) => {
  const real = await RealTree.up(t, root(controlled('a', { inspect: 'never' })));
  const control = controlOf(real, 'a');
  const pending = [control.inspect(), control.inspect()].map((call) =>
    assert.rejects(call, refusal('unavailable', /Cannot inspect "a" as it has ended meanwhile: it was of epoch 1/)),
  );
  await control.configure({ pace: 1 });
  await real.tree.command('a', 'kill');
  await Promise.all(pending);
  await real.running('a', 2);
  assert.deepEqual(await control.configure({ share: 0 }), { pace: 7, share: 0 });
});

test('answer that was given before the end counts, even if the end is heard of first', async (t) => {
  const real = await RealTree.up(t, root(controlled('a')));
  const control = controlOf(real, 'a');
  await control.inspect();
  const ordered = control.fault('crash');
  await new Promise((resolve) => setImmediate(resolve));
  // This thread stands still, until that one is gone.
  for (const since = performance.now(); performance.now() < since + 300; );
  assert.deepEqual(await ordered, { accepted: true, epoch: 1 });
  await real.running('a', 2);
});

test('no port and no timer of the control interface outlives its incarnation', async (t) => {
  const real = await RealTree.up(t, root(controlled('a')));
  const before = livePorts();
  const control = controlOf(real, 'a');
  for (let epoch = 1; epoch <= 3; epoch++) {
    assert.equal((await control.inspect()).epoch, epoch);
    // What was closed is gone a turn later, and the thread that was killed when it has ended.
    if (!ON_DENO) await real.until('there is one port more', () => livePorts() <= before + 1);
    await real.tree.command('a', 'kill');
    await real.running('a', epoch + 1);
  }
  if (!ON_DENO) await real.until('all its ports are gone', () => livePorts() <= before);
});

test('comlink is loaded in a thread when its actor is first called, not before', { skip: ON_DENO }, async (t) => {
  const real = await RealTree.up(t, root(controlled('a')));
  await real.hears('a', 1, ({ comlink }) => comlink === false);
});

test('supervisors, strangers and actors that are down are refused at once', async (t) => {
  const real = await RealTree.up(t, supervisor('root', [supervisor('s', [controlled('a')], { restartable: true })]));
  const call = (id: string) => controlOf(real, id).fault('crash');
  await assert.rejects(call('root'), refusal('conflict', /Cannot fault crash "root" as it is a supervisor/));
  await assert.rejects(call('s'), refusal('conflict', /Cannot fault crash "s" as it is a supervisor/));
  await assert.rejects(call('nobody'), refusal('not-found', /none is called so/));
  await real.tree.stopChild('a');
  await assert.rejects(call('a'), refusal('conflict', /Cannot fault crash "a" as it is stopped/));
  assert.deepEqual(real.events('command'), []);
});

test('drained actor finishes what it has in hand, and stays down until it is started', async (t) => {
  const real = await RealTree.up(t, root(controlled('a', { atStop: 'slow' }), controlled('b')));
  const drained = controlOf(real, 'a').drain();
  await real.hears('a', 1, ({ draining }) => draining === 'a');
  assert.equal(real.node('a')?.state, 'draining');
  assert.deepEqual(await drained, { accepted: true, epoch: 1, drained: true });
  assert.ok(real.told.some(({ body }) => (body as { drained?: string }).drained === 'a'));
  assert.deepEqual([real.node('a')?.state, real.node('a')?.lastExit?.reason], ['stopped', 'shutdown']);
  assert.deepEqual(await real.tree.command('a', 'drain'), { accepted: true, epoch: 1, drained: true });
  await real.tree.command('a', 'start');
  await real.running('a', 2);
  assert.deepEqual(real.events('shutdown-error'), []);
});

test('actor that does not get drained within its limit is killed, and the answer says so', async (t) => {
  const real = await RealTree.up(t, root(controlled('a', { atStop: 'never' }, { shutdownMs: 200 })));
  assert.deepEqual(await real.tree.command('a', 'drain'), { accepted: true, epoch: 1, drained: false });
  assert.deepEqual([real.node('a')?.state, real.node('a')?.lastExit?.reason], ['stopped', 'killed']);
});
