/** Starting, stopping, restarting and escalating, on a virtual clock. */

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

test('a crash comes back at once, the next ones after a pause that is shown', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  world.of('a').crash();
  assert.equal(world.of('a').epoch, 2);
  world.clock.advance(100);
  world.of('a').crash();
  assert.equal(world.state('a'), 'backing-off');
  assert.equal(world.node('a')?.nextRetryAt, world.clock.now() + 50);
  assert.deepEqual(world.node('a')?.lastExit, {
    reason: 'crashed',
    detail: 'Error: boom',
    at: world.clock.now(),
    failure: { name: 'Error', message: 'boom' },
    work: null,
  });
  world.clock.advance(60);
  assert.equal(world.running, 'a3');
  assert.equal(world.node('a')?.nextRetryAt, null);
  world.clock.advance(5_000);
  world.of('a').crash();
  assert.equal(world.of('a').epoch, 4, 'after a healthy time there is no pause');
  await world.down();
});

test('a child that cannot come up again is tried with growing pauses until the supervisor gives up', async () => {
  const world = await new World(
    supervisor('root', [worker('a'), worker('b')], { intensity: 4, periodMs: 60_000 }),
  ).up();
  world.manner('b', { failsToStart: true });
  world.of('b').crash();
  world.clock.advance(60_000);
  assert.equal(world.threads.filter(({ id }) => id === 'b').length, 5);
  const { reason, detail } = await world.tree.done;
  assert.equal(reason, 'gave-up');
  assert.match(detail, /root gives up: more than 4 restarts in 60000 ms, last b \(crashed\): Error: cannot start/);
  assert.equal(world.alive.length, 0);
  assert.deepEqual(
    world.tree.status().children.map(({ state }) => state),
    ['stopped', 'failed'],
  );
});

test('budget is one for all children of a supervisor, and forgets after its period', async () => {
  const world = await new World(supervisor('root', abc(), { intensity: 2, periodMs: 1_000 })).up();
  for (const id of ['a', 'b']) world.of(id).crash();
  assert.equal(world.node('root')?.budget?.used, 2);
  world.clock.advance(1_100);
  assert.equal(world.node('root')?.budget?.used, 0);
  for (const id of ['c', 'a']) world.of(id).crash();
  world.clock.advance(500);
  world.of('b').crash();
  world.clock.advance(500);
  assert.equal((await world.tree.done).reason, 'gave-up');
});

test('escalation restarts the sub-supervisor with its static children, then ends at the root', async () => {
  const inner = supervisor('s', [worker('a'), worker('b')], { intensity: 1, periodMs: 1_000 });
  const world = await new World(supervisor('root', [worker('x'), inner], { intensity: 1, periodMs: 60_000 })).up();
  const giveUp = () => {
    world.of('a').crash();
    world.clock.advance(100);
    world.of('a').crash();
    world.clock.advance(100);
  };
  giveUp();
  assert.equal(world.running, 'x1 a3 b2');
  assert.equal(world.node('s')?.epoch, 2);
  assert.match(String(world.node('s')?.lastExit?.detail), /s gives up/);
  giveUp();
  assert.equal((await world.tree.done).reason, 'gave-up');
  assert.equal(world.alive.length, 0);
});

test('escalation backs off like any failure, and shows the children meanwhile', async () => {
  const inner = supervisor('s', [worker('a')], { intensity: 0 });
  const world = await new World(supervisor('root', [inner])).up();
  world.of('a').crash();
  world.clock.advance(50);
  world.of('a').crash();
  world.clock.advance(40);
  assert.equal(world.state('s'), 'backing-off');
  assert.equal(world.state('a'), 'failed');
  await assert.rejects(world.tree.command('a', 'start'), /its supervisor is not running/);
  world.clock.advance(50);
  assert.equal(world.running, 'a3');
  await world.down();
});

test('one_for_all starts the whole group again when one of it cannot start', async () => {
  const world = await new World(supervisor('root', [worker('a'), worker('b')], { strategy: 'one_for_all' })).up();
  world.manner('b', { failsToStart: true });
  world.of('a').crash();
  world.clock.advance(25);
  world.manner('b', {});
  world.clock.advance(200);
  assert.deepEqual(
    world.threads.slice(2).map(({ id, epoch }) => id + epoch),
    ['a2', 'b2', 'a3', 'b3'],
  );
  assert.equal(world.running, 'a3 b3');
  await world.down();
});

test('rest_for_one keeps what came up again and goes on from the one that could not', async () => {
  const children = ['a', 'b', 'c', 'd'].map((id) => worker(id));
  const world = await new World(supervisor('root', children, { strategy: 'rest_for_one' })).up();
  world.manner('c', { failsToStart: true });
  world.of('b').crash();
  world.clock.advance(25);
  world.manner('c', {});
  world.clock.advance(200);
  assert.deepEqual(
    world.threads.slice(4).map(({ id, epoch }) => id + epoch),
    ['b2', 'c2', 'c3', 'd2'],
  );
  assert.equal(world.running, 'a1 b2 c3 d2');
  await world.down();
});

test('group restart starts a child again that was stopped by hand', async () => {
  const world = await new World(supervisor('root', abc(), { strategy: 'one_for_all' })).up();
  await world.settle(world.tree.stopChild('a'));
  assert.equal(world.running, 'c1 b1');
  world.of('b').crash();
  world.clock.advance(200);
  assert.equal(world.running, 'c2 a2 b2');
  await world.down();
});

test('group restart drops a temporary bystander and survives', async () => {
  const children = [worker('a'), worker('t', { restart: 'temporary' }), worker('b')];
  const world = await new World(supervisor('root', children, { strategy: 'one_for_all' })).up();
  world.of('b').crash();
  world.clock.advance(200);
  assert.equal(world.running, 'a2 b2');
  assert.equal(world.node('t'), undefined);
  await world.down();
});

test('group restart counts once, even when a sibling dies before its turn to be stopped', async () => {
  const world = await new World(supervisor('root', abc(), { strategy: 'one_for_all', intensity: 1 })).up();
  world.of('a').crash();
  world.of('c').crash('fell with it');
  world.clock.advance(200);
  assert.equal(world.running, 'c2 a2 b2');
  assert.equal(world.node('root')?.budget?.used, 1);
  await world.down();
});

test('group restart begins anew when one that is up again fails in the middle of it', async () => {
  const world = await new World(supervisor('root', abc(), { strategy: 'one_for_all' })).up();
  world.of('a').crash();
  world.clock.advance(16);
  assert.equal(world.running, '');
  world.clock.advance(5);
  assert.equal(world.running, 'c2');
  world.of('c').crash();
  world.clock.advance(500);
  assert.equal(world.running, 'c3 a3 b2');
  await world.down();
});

test('group restart under way keeps its order when a child of it was to be restarted by hand', async () => {
  const world = new World(
    supervisor(
      'root',
      ['a', 'b', 'c'].map((id) => worker(id)),
      { strategy: 'one_for_all' },
    ),
  );
  world.manner('c', { stopMs: 50 });
  await world.up();
  await world.tree.command('c', 'restart');
  world.of('a').crash();
  world.clock.advance(500);
  assert.deepEqual(
    world.threads.slice(3).map(({ id, epoch }) => id + epoch),
    ['a2', 'b2', 'c2'],
  );
  await world.down();
});

test('significant child takes its supervisor along when it ends for good', async () => {
  const significant = worker('a', { restart: 'transient', significant: true });
  const inner = supervisor('s', [significant, worker('b')], { autoShutdown: 'any_significant', restart: 'transient' });
  const world = await new World(supervisor('root', [inner, worker('x')])).up();
  world.of('a').crash();
  world.clock.advance(100);
  assert.equal(world.running, 'a2 b1 x1');
  world.of('a').exit(0);
  world.clock.advance(100);
  assert.equal(world.running, 'x1');
  assert.equal(world.node('s')?.lastExit?.reason, 'auto-shutdown');
  await world.down();
});

test('all_significant waits for the last active one', async () => {
  const child = (id: string) => worker(id, { restart: 'temporary', significant: true });
  const world = await new World(supervisor('root', [child('a'), child('b')], { autoShutdown: 'all_significant' })).up();
  world.of('a').crash();
  world.clock.advance(100);
  assert.equal(world.running, 'b1');
  world.of('b').exit(0);
  assert.equal((await world.tree.done).reason, 'auto-shutdown');
});

test('significant child that is stopped by hand, or falls with a sibling, takes nobody along', async () => {
  const significant = worker('a', { restart: 'transient', significant: true });
  const options = { autoShutdown: 'any_significant', strategy: 'one_for_all' } as const;
  const world = await new World(supervisor('root', [significant, worker('b')], options)).up();
  world.of('b').crash();
  world.clock.advance(200);
  assert.equal(world.running, 'a2 b2');
  await world.settle(world.tree.stopChild('a'));
  assert.equal(world.running, 'b2');
  await world.down();
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
