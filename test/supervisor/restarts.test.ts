/** Restarting, falling and rising in groups, giving up, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { supervisor, World, worker } from './virtual.ts';

const abc = () => [worker('c'), worker('a'), worker('b')];

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

test('restart of a sub-supervisor whose child cannot start is tried again, and counts each time', async () => {
  const inner = supervisor('s', [worker('a'), worker('b')], { intensity: 0 });
  const world = await new World(supervisor('root', [inner])).up();
  world.manner('b', { failsToStart: true });
  world.of('a').crash();
  world.clock.advance(30);
  world.manner('b', {});
  world.clock.advance(500);
  assert.equal(world.running, 'a3 b3');
  assert.equal(world.node('root')?.budget?.used, 2);
  await world.down();
});

test('tree that gives up and is then stopped says that it gave up', async () => {
  const world = new World(supervisor('root', [worker('a'), worker('b', { shutdownMs: 10_000 })], { intensity: 0 }));
  world.manner('b', { stopMs: undefined });
  await world.up();
  world.of('a').crash();
  await world.settle(world.tree.stop(100));
  assert.equal((await world.tree.done).reason, 'gave-up');
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
