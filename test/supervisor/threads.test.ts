/** The supervisor on real threads: how actors die, and how they come back. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { platform } from 'node:process';
import test from 'node:test';
import { promisify } from 'node:util';
import { heldBy } from './fixtures/native.ts';
import type { PuppetInput } from './fixtures/puppet.ts';
import { ON_DENO, processOf, puppet, quickOnce, RealTree, TRIES, UNPAUSED } from './real.ts';
import { supervisor } from './virtual.ts';

const root = (...children: Parameters<typeof supervisor>[1][number][]) => supervisor('root', children);
/** Whose actors may be replaced as often as it takes to be quick once. */
const lasting = (...children: Parameters<typeof root>) => ({ ...root(...children), intensity: 2 * TRIES });
const epochOf = (real: RealTree, id: string) => real.node(id)?.epoch ?? assert.fail(`no ${id}`);

test('actor that throws comes back at once, and what it threw is kept', async (t) => {
  const real = await RealTree.up(t, lasting(puppet('a', {}, UNPAUSED), puppet('b')));
  await quickOnce('back', 500, async () => {
    const epoch = epochOf(real, 'a');
    real.order('a', 'crash');
    const { at } = await real.event('exited', 'a', epoch);
    return (await real.running('a', epoch + 1)).at - at;
  });
  const { reason, detail, failure } = real.node('a')?.lastExit ?? assert.fail('no exit');
  assert.deepEqual([reason, detail], ['crashed', 'RangeError: told to crash']);
  assert.deepEqual([failure?.name, failure?.message, failure?.code], ['RangeError', 'told to crash', 'E_TOLD']);
  assert.match(String(failure?.stack), /puppet\.ts/);
  assert.equal(real.node('b')?.epoch, 1);
});

test('actor that ends in any other way is known by its end', async (t) => {
  const real = await RealTree.up(t, root(puppet('a')));
  const ends = [
    ['reject', 'crashed', /Error: told to reject/],
    ['exit-3', 'crashed', /exit code 3/],
    ['exit-0', 'normal', /exit code 0/],
    ['end', 'normal', /ended by itself/],
  ] as const;
  for (const [index, [order, reason, detail]] of ends.entries()) {
    real.order('a', order);
    await real.running('a', index + 2);
    const last = real.node('a')?.lastExit;
    assert.equal(last?.reason, reason);
    assert.match(String(last?.detail), detail);
  }
});

const hangsBy = (order: string) => (body: unknown) => (body as { hangs?: string }).hangs === order;

for (const order of ['loop', 'block'] as const) {
  const name = { loop: 'in an endless loop', block: 'in Atomics.wait' }[order];
  test(`actor that hangs ${name} is replaced within a second, the others go on`, async (t) => {
    const children = [
      puppet('a', {}, { heartbeatMs: 500, ...UNPAUSED }),
      puppet('b', { links: ['l'] }, { links: [{ name: 'l', to: 'c' }] }),
    ];
    const real = await RealTree.up(t, lasting(...children, puppet('c', { links: ['l'] })));
    await quickOnce('replaced', 1_000, async () => {
      const epoch = epochOf(real, 'a');
      const since = Date.now();
      real.order('a', order);
      real.order('b', { send: `${epoch}`, to: 'c', link: 'l' });
      await real.hears('c', 1, ({ heard }) => heard === `${epoch}`);
      const { at } = await real.running('a', epoch + 1);
      // One that this machine had left waiting for so long was replaced before it heard the order.
      return real.told.some(({ body, epoch: of }) => of === epoch && hangsBy(order)(body))
        ? at - since
        : Number.POSITIVE_INFINITY;
    });
    const { reason, detail } = real.node('a')?.lastExit ?? assert.fail('no exit');
    assert.equal(reason, 'hung');
    const kind = { loop: /, it runs without end$/, block: /, it is blocked$/ }[order];
    assert.match(detail, platform === 'linux' ? kind : /^its loop has not turned for \d+ ms/);
    assert.deepEqual([real.node('b')?.epoch, real.node('c')?.epoch], [1, 1]);
    const left = real.tree.messages('a').filter(({ ms }) => ms === null);
    assert.deepEqual(
      left.map(({ epoch, type, threw }) => [epoch, type, threw]),
      [[epochOf(real, 'a') - 1, 'tell', false]],
    );
  });
}

const STALLS = [
  ['stall', 'whose handler never settles', /^a handler has been in work for \d+ ms$/],
  ['spin', 'that turns without taking a message', /^it has handled nothing for \d+ ms while messages are waiting$/],
] as const;

for (const [order, name, detail] of STALLS) {
  test(`actor ${name} is replaced, and what kind of hang it was is said`, async (t) => {
    const real = await RealTree.up(t, root(puppet('a', {}, { progressMs: 300 }), puppet('b', {}, { progressMs: 300 })));
    real.order('a', order);
    real.order('b', 'stall-excused');
    await real.running('a', 2);
    const { reason, detail: said } = real.node('a')?.lastExit ?? assert.fail('no exit');
    assert.equal(reason, 'hung');
    assert.match(said, detail);
    await real.until('b waits', () => real.node('b')?.state === 'waiting' && Number(real.node('b')?.handlingMs) > 300);
    assert.equal(epochOf(real, 'b'), 1);
    const [newest] = real.tree.messages('b');
    assert.deepEqual([newest?.epoch, newest?.type, newest?.ms], [1, 'tell', null]);
  });
}

test('actor without a limit to its progress may take for ever', async (t) => {
  const real = await RealTree.up(t, root(puppet('a', {}, { progressMs: 0 }), puppet('b', {}, { progressMs: 200 })));
  real.order('a', 'stall');
  real.order('b', 'stall');
  await real.running('b', 2);
  assert.equal(real.node('a')?.epoch, 1);
});

test('links are laid before the actor runs, and again at both ends when one comes back', async (t) => {
  const ends = [puppet('a', { links: ['l'] }), puppet('b', { links: ['l'] }, { links: [{ name: 'l', to: 'a' }] })];
  const real = await RealTree.up(t, root(...ends));
  await real.hears('a', 1, ({ linked }) => linked === 'l');
  real.order('a', 'crash');
  await real.hears('b', 1, ({ lost, peer }) => lost === 'l' && (peer as { epoch: number }).epoch === 1);
  await real.hears('b', 1, ({ linked, peer }) => linked === 'l' && (peer as { epoch: number }).epoch === 2);
  await real.hears('a', 2, ({ linked }) => linked === 'l');
  real.order('b', { send: 'to the new one', to: 'a', link: 'l' });
  real.order('a', { send: 'from the new one', to: 'b', link: 'l' });
  assert.deepEqual(await real.hears('a', 2, ({ heard }) => heard !== undefined), {
    heard: 'to the new one',
    from: { id: 'b', epoch: 1 },
    link: 'l',
  });
  assert.deepEqual(await real.hears('b', 1, ({ heard }) => heard !== undefined), {
    heard: 'from the new one',
    from: { id: 'a', epoch: 2 },
    link: 'l',
  });
});

test('actors stop in reverse order, each drained before the next is asked', async (t) => {
  const real = await RealTree.up(t, root(puppet('a'), supervisor('s', [puppet('b'), puppet('c')]), puppet('d')));
  await real.tree.stop();
  assert.deepEqual(
    real.told.map(({ body }) => body),
    ['d', 'c', 'b', 'a'].map((stopping) => ({ stopping })),
  );
  assert.deepEqual(real.events('shutdown-error'), []);
  assert.deepEqual(await real.tree.done, { reason: 'shutdown', detail: 'stopped as asked' });
});

const STUBBORN: readonly [PuppetInput['atStop'], string][] = [
  ['hang', 'killed'],
  ['never', 'killed'],
  ['throw', 'crashed'],
];

for (const [atStop = 'drain', reason] of STUBBORN) {
  test(`actor whose drain ends in ${atStop} does not hold up the stop`, async (t) => {
    const limit = reason === 'killed' ? { shutdownMs: 200 } : {};
    const real = await RealTree.up(t, root(puppet('a'), puppet('b', { atStop }, limit), puppet('c')));
    await real.tree.stop();
    assert.equal(real.node('b')?.lastExit?.reason, reason);
    assert.deepEqual(
      ['a', 'c'].map((id) => real.node(id)?.lastExit?.reason),
      ['shutdown', 'shutdown'],
    );
  });
}

const UNABLE: readonly [string, PuppetInput['atStart'], RegExp][] = [
  ['throws', 'throw', /a could not start \(crashed\): Error: cannot start/],
  ['rejects', 'reject', /a could not start \(crashed\): Error: cannot start, in a promise/],
  ['exits', 'exit', /a could not start \(crashed\): exit code 0/],
  ['never gets ready', 'never-ready', /a could not start \(start-timeout\): was not ready within 300 ms/],
  ['hangs', 'hang', /a could not start \(start-timeout\)/],
];

for (const [name, atStart = 'ready', sentence] of UNABLE) {
  test(`tree does not start with an actor that ${name}, and says so`, async (t) => {
    const real = new RealTree(
      t,
      root(puppet('z'), puppet('a', { atStart }, /never|hang/.test(atStart) ? { startMs: 300 } : {})),
    );
    await assert.rejects(real.tree.start(), sentence);
    assert.equal((await real.tree.done).reason, 'failed-to-start');
  });
}

test('tree does not start with an actor whose module is missing, or whose input cannot be cloned', async (t) => {
  const missing = new RealTree(t, root(puppet('a', {}, { entry: new URL('./nowhere.ts', import.meta.url) })));
  await assert.rejects(missing.tree.start(), /a could not start \(crashed\).*nowhere\.ts/s);
  const uncloned = new RealTree(t, root(puppet('a', {}, { input: () => {} })));
  await assert.rejects(uncloned.tree.start(), /a could not start \(crashed\)/);
});

test('tree stopped while an actor starts ends soon', async (t) => {
  const real = new RealTree(t, root(puppet('a'), puppet('b', { atStart: 'slow' }), puppet('c')));
  const started = assert.rejects(real.tree.start(), /stopped as asked/);
  await real.event('starting', 'b', 1);
  await real.tree.stop();
  await started;
  assert.deepEqual(real.events('starting', 'c'), []);
});

test('restart during a pause comes at once', async (t) => {
  const patient = { backoff: { baseMs: 600_000, capMs: 600_000, healthyMs: 600_000 } };
  const real = await RealTree.up(t, root(puppet('a', {}, patient)), { random: () => 1 });
  for (const epoch of [1, 2]) {
    await real.running('a', epoch);
    real.order('a', 'crash');
  }
  await real.event('backing-off', 'a', 2);
  assert.equal(real.node('a')?.state, 'backing-off');
  await real.tree.command('a', 'restart');
  await real.running('a', 3);
});

test('root that gives up ends the tree with its reason', async (t) => {
  const inner = supervisor('s', [puppet('a'), puppet('b')], { intensity: 0 });
  const real = await RealTree.up(t, supervisor('root', [puppet('x'), inner], { intensity: 0 }));
  real.order('a', 'exit-3');
  const { reason, detail } = await real.tree.done;
  assert.equal(reason, 'gave-up');
  assert.match(detail, /root gives up.*last s \(gave-up\): s gives up.*last a \(crashed\): exit code 3/);
  assert.equal(real.node('x')?.state, 'stopped');
});

test('children come and go at run time, with links and rising epochs', async (t) => {
  const real = await RealTree.up(t, root(puppet('hub', { links: ['l'] }), supervisor('lanes', [])));
  const lane = supervisor('lane-1', [puppet('w', { links: ['l'] }, { links: [{ name: 'l', to: 'hub' }] })]);
  assert.deepEqual(await real.tree.startChild('lanes', lane), { epoch: 1 });
  await real.hears('hub', 1, ({ linked }) => linked === 'l');
  await real.tree.stopChild('lane-1');
  await real.tree.deleteChild('lane-1');
  assert.equal(real.node('w'), undefined);
  assert.deepEqual(await real.tree.startChild('lanes', lane), { epoch: 2 });
  assert.equal(real.node('w')?.epoch, 2);
});

test('kill and restart by command are quick', async (t) => {
  const real = await RealTree.up(t, lasting(puppet('a'), puppet('b')));
  for (const command of ['kill', 'restart', 'kill'] as const) {
    await quickOnce(command, 500, async () => {
      const epoch = epochOf(real, 'a');
      const since = Date.now();
      assert.deepEqual(await real.tree.command('a', command), { accepted: true, epoch });
      return (await real.running('a', epoch + 1)).at - since;
    });
  }
});

test('what an actor said before it died is heard, and after a flood the tree is as before', async (t) => {
  const real = await RealTree.up(t, root(puppet('a')));
  real.order('a', 'flood');
  await real.running('a', 2);
  assert.equal(real.told.filter(({ epoch }) => epoch === 1).length, 1_000);
});

test('status shows what actors say about themselves', async (t) => {
  const real = await RealTree.up(t, root(puppet('a')));
  real.order('a', 'report');
  await real.hears('a', 1, ({ epoch }) => epoch === 1);
  const node = real.node('a');
  assert.deepEqual([node?.handled, node?.depth, node?.bytes, node?.state], [3, 2, 100, 'running']);
  assert.ok(Number(node?.oldestMs) >= 50);
  assert.ok(Number(node?.heapBytes) > 100_000);
  real.order('a', 'wait');
  await real.hears('a', 1, ({ waits }) => waits === true);
  assert.deepEqual([real.node('a')?.state, real.node('a')?.waiting?.what], ['waiting', 'store']);
});

test('thread that is stuck in native code is left behind, and its successor starts', async (t) => {
  const real = await RealTree.up(t, lasting(puppet('a', {}, { heartbeatMs: 200, ...UNPAUSED })));
  const { path, release } = heldBy(t);
  const leftBehind = () => real.events('zombie', 'a').map(({ epoch }) => epoch);
  await quickOnce('replaced', 1_000, async () => {
    const epoch = epochOf(real, 'a');
    const since = Date.now();
    real.order('a', { native: path });
    const { at } = await real.running('a', epoch + 1);
    // Deno says that a thread has ended as soon as it is told to, so nobody can be seen to be left behind.
    return ON_DENO || leftBehind().includes(epoch) ? at - since : Number.POSITIVE_INFINITY;
  });
  assert.equal(real.node('a')?.lastExit?.reason, 'hung');
  assert.equal(real.tree.status().zombies, leftBehind().length);
  release();
  for (const epoch of leftBehind()) await real.event('zombie-ended', 'a', epoch);
  await real.until('none is left', () => real.tree.status().zombies === 0);
});

test('process ends by itself when its tree has stopped', async () => {
  const [command, args] = processOf(new URL('./fixtures/whole-life.ts', import.meta.url));
  const { stderr } = await promisify(execFile)(command, args, { timeout: 120_000 });
  assert.equal(stderr, '');
});
