/** Starting and stopping, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { supervisor, World, worker } from './virtual.ts';

const abc = () => [worker('c'), worker('a'), worker('b')];

test('tree starts its children in the order of the list, each ready before the next', async () => {
  const world = new World(supervisor('root', abc()));
  world.manner('c', { readyMs: 100 });
  const started = world.tree.start();
  world.clock.advance(99);
  assert.deepEqual(
    world.threads.map(({ id }) => id),
    ['c'],
  );
  assert.deepEqual(
    world.node('root')?.children.map(({ state }) => state),
    ['starting', 'starting', 'starting'],
  );
  await world.settle(started);
  assert.deepEqual(world.story('running'), ['running c', 'running a', 'running b', 'running root']);
});

test('tree stops its children in reverse order, each gone before the next is asked', async () => {
  const world = await new World(supervisor('root', [worker('c'), supervisor('s', abc().slice(1)), worker('d')])).up();
  await world.down();
  assert.deepEqual(
    world.story('stopping', 'exited').filter((line) => !/ (s|root)$/.test(line)),
    ['stopping d', 'exited d', 'stopping b', 'exited b', 'stopping a', 'exited a', 'stopping c', 'exited c'],
  );
  assert.deepEqual(await world.tree.done, { reason: 'shutdown', detail: 'stopped as asked' });
  assert.equal(world.alive.length, 0);
});

test('tree without children starts and stops', async () => {
  const world = await new World(supervisor('root', [])).up();
  await world.down();
  assert.equal((await world.tree.done).reason, 'shutdown');
});

test('tree leaves no timer behind when it has stopped', async () => {
  const slow = { baseMs: 30_000, capMs: 30_000 };
  const children = [worker('a', { shutdownMs: 20 }), worker('b', { backoff: slow }), worker('c')];
  const world = new World(supervisor('root', children, { shutdownMs: 5_000 }));
  world.manner('a', { stopMs: undefined });
  await world.up();
  for (let i = 0; i < 2; i++) {
    world.of('b').crash();
    world.clock.advance(15);
  }
  assert.equal(world.state('b'), 'backing-off');
  const stopped = world.tree.stop(40_000);
  world.clock.advance(40);
  await stopped;
  world.of('c').error(new Error('a late one'));
  assert.equal(world.clock.pending, 0);
});

test('tree that was never started stops at once', async () => {
  const world = new World(supervisor('root', abc()));
  await world.tree.stop();
  assert.equal((await world.tree.done).reason, 'shutdown');
  assert.equal(world.threads.length, 0);
});

test('tree refuses to start twice', async () => {
  const world = await new World(supervisor('root', [])).up();
  assert.throws(() => world.tree.start(), /conflict|started before/);
  await world.down();
});

test('tree whose child cannot start says which and why, and leaves nobody up', async () => {
  const world = new World(supervisor('root', [worker('a'), supervisor('s', [worker('b'), worker('c')]), worker('d')]));
  world.manner('c', { failsToStart: true });
  await assert.rejects(world.settle(world.tree.start()), /c could not start \(crashed\): Error: cannot start/);
  const { reason, detail } = await world.tree.done;
  assert.equal(reason, 'failed-to-start');
  assert.match(detail, /s could not start \(failed-to-start\): c could not start/);
  assert.equal(world.alive.length, 0);
  assert.deepEqual(
    world.threads.map(({ id }) => id),
    ['a', 'b', 'c'],
  );
  assert.equal(world.node('c')?.state, 'failed');
});

test('tree gives a child that is never ready its time, and no more', async () => {
  const world = new World(supervisor('root', [worker('a', { startMs: 400 })]));
  world.manner('a', { readyMs: undefined });
  await assert.rejects(
    world.settle(world.tree.start()),
    /a could not start \(start-timeout\): was not ready within 400/,
  );
});

test('tree lets a child that waits for something outside wait as long as it says', async () => {
  const world = new World(supervisor('root', [worker('a', { startMs: 400 })]));
  world.manner('a', { readyMs: undefined });
  const started = world.tree.start();
  world.clock.advance(300);
  world.threads[0]?.meter.waiting('store', 5_000);
  world.clock.advance(4_000);
  assert.equal(world.node('a')?.state, 'starting');
  world.threads[0]?.meter.waiting('store', 5_000);
  world.clock.advance(4_000);
  assert.equal(world.node('a')?.state, 'starting');
  await assert.rejects(world.settle(started, 2_000), /a could not start \(start-timeout\)/);
});

test('tree fails to start when a thread cannot even be made', async () => {
  const world = new World(supervisor('root', [worker('a')]));
  world.thread = () => {
    throw Object.assign(new Error('could not be cloned'), { name: 'DataCloneError' });
  };
  await assert.rejects(world.settle(world.tree.start()), /a could not start \(crashed\): DataCloneError/);
});

test('tree stopped while it starts ends what has begun and starts no more', async () => {
  const world = new World(supervisor('root', abc()));
  world.manner('a', { readyMs: undefined, stopMs: 20 });
  const started = world.tree.start();
  world.clock.advance(100);
  const stopped = world.tree.stop();
  await Promise.all([assert.rejects(started, /stopped as asked/), world.settle(stopped)]);
  assert.deepEqual(
    world.threads.map(({ id }) => id),
    ['c', 'a'],
  );
  assert.equal(world.alive.length, 0);
});

test('child that declines to start keeps its place, is not up, and holds nobody up', async () => {
  const world = new World(supervisor('root', [worker('a'), worker('b', { restart: 'temporary' }), worker('c')]));
  world.manner('a', { readyMs: undefined });
  world.manner('b', { readyMs: undefined });
  const started = world.tree.start();
  for (const id of ['a', 'b']) {
    world.clock.advance(10);
    world.of(id).say({ type: 'bye' });
    world.of(id).exit(0);
  }
  await world.settle(started);
  assert.deepEqual(
    world.tree.status().children.map(({ id, state }) => `${id} ${state}`),
    ['a stopped', 'c running'],
  );
});

test('shutdown time limit ends in a terminate, and does not fail the stop', async () => {
  const world = new World(supervisor('root', [worker('a'), worker('b', { shutdownMs: 1_000 })]));
  world.manner('b', { stopMs: undefined });
  await world.up();
  const stopped = world.tree.stop();
  world.clock.advance(990);
  assert.deepEqual(world.story('terminated'), []);
  await world.settle(stopped);
  assert.deepEqual(world.story('terminated', 'shutdown-error'), ['terminated b', 'shutdown-error b']);
  assert.deepEqual(await world.tree.done, { reason: 'shutdown', detail: 'stopped as asked' });
});

test('shutdown by kill grants no grace, and Infinity all the time in the world', async () => {
  const children = [worker('a', { shutdownMs: Number.POSITIVE_INFINITY }), worker('b', { shutdownMs: 'kill' })];
  const world = new World(supervisor('root', children));
  world.manner('a', { stopMs: 3_000_000 });
  await world.up();
  const stopped = world.tree.stop();
  world.clock.advance(3);
  assert.equal(
    world.of('b').heard.some(({ type }) => type === 'stop'),
    false,
  );
  assert.deepEqual(
    world.alive.map(({ id }) => id),
    ['a'],
  );
  await world.settle(stopped, 4_000_000);
  assert.deepEqual(world.story('terminated'), ['terminated b']);
});

test('stop with a limit terminates all that is left by then at once', async () => {
  const children = ['a', 'b', 'c'].map((id) => worker(id, { shutdownMs: 60_000 }));
  const world = new World(supervisor('root', children));
  for (const id of ['a', 'b', 'c']) world.manner(id, { stopMs: undefined });
  await world.up();
  await world.settle(world.tree.stop(2_000), 2_010);
  assert.equal(world.alive.length, 0);
});

test('children that end by themselves while the tree stops do not hold it up', async () => {
  const world = await new World(supervisor('root', abc())).up();
  const stopped = world.tree.stop();
  world.of('c').crash();
  world.of('b').crash('while stopping');
  await world.settle(stopped);
  assert.equal(world.threads.length, 3);
});

test('supervisor with a shutdown time limit is killed with all its children when it passes', async () => {
  const children = ['a', 'b', 'c'].map((id) => worker(id, { shutdownMs: 60_000 }));
  const world = new World(supervisor('root', [supervisor('s', children, { shutdownMs: 500 })]));
  for (const id of ['a', 'b', 'c']) world.manner(id, { stopMs: undefined });
  await world.up();
  await world.settle(world.tree.stop(), 600);
  assert.equal(world.alive.length, 0);
  assert.equal(world.node('s')?.lastExit?.reason, 'killed');
});
