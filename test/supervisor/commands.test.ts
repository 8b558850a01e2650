/** Commands and dynamic children, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError } from '../../protocol/errors.ts';
import type { Command } from '../../supervisor/tree.ts';
import { supervisor, World, worker } from './virtual.ts';

const isError = (code: string, sentence: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === code && sentence.test(error.message);

const ab = () => new World(supervisor('root', [worker('a'), worker('b')])).up();

test('kill counts, restart does not, and both bring a higher epoch', async () => {
  const world = await ab();
  assert.deepEqual(await world.tree.command('a', 'kill'), { accepted: true, epoch: 1 });
  world.clock.advance(100);
  assert.equal(world.node('root')?.budget?.used, 1);
  assert.deepEqual(await world.tree.command('a', 'restart'), { accepted: true, epoch: 2 });
  world.clock.advance(100);
  assert.equal(world.node('root')?.budget?.used, 1);
  assert.equal(world.running, 'a3 b1');
  await world.down();
});

test('kill after kill never backs off: it says nothing about the health of the child', async () => {
  const world = await ab();
  for (let i = 0; i < 8; i++) {
    await world.tree.command('a', 'kill');
    world.clock.advance(20);
    assert.equal(world.state('a'), 'running');
  }
  assert.deepEqual(world.story('backing-off'), []);
  await world.down();
});

test('kill of a child while its supervisor starts does not fail that start', async () => {
  const world = new World(supervisor('root', [worker('a'), worker('b')]));
  world.manner('b', { readyMs: 100 });
  const started = world.tree.start();
  world.clock.advance(50);
  await world.tree.command('b', 'kill');
  await world.settle(started);
  assert.equal(world.running, 'a1 b2');
  await world.down();
});

test('kill twice terminates once', async () => {
  const world = new World(supervisor('root', [worker('a')]));
  world.manner('a', { endMs: 200 });
  await world.up();
  await world.tree.command('a', 'kill');
  world.clock.advance(100);
  await world.tree.command('a', 'kill');
  world.clock.advance(160);
  assert.deepEqual(world.story('terminated', 'zombie'), ['terminated a']);
  assert.equal(world.running, 'a2');
  await world.down();
});

test('start and restart of a child whose turn is still to come do not let it jump the queue', async () => {
  const world = new World(
    supervisor(
      'root',
      ['a', 'b', 'c'].map((id) => worker(id)),
    ),
  );
  const started = world.tree.start();
  await world.tree.command('b', 'start');
  await world.tree.command('c', 'restart');
  assert.deepEqual(
    world.threads.map(({ id }) => id),
    ['a'],
  );
  await world.settle(started);
  assert.equal(world.running, 'a1 b1 c1');
  await world.down();
});

test('stop keeps a child down until it is started, whatever its type', async () => {
  const world = await ab();
  await world.tree.command('a', 'stop');
  assert.equal(world.state('a'), 'draining');
  world.clock.advance(60_000);
  assert.deepEqual([world.state('a'), world.running], ['stopped', 'b1']);
  assert.deepEqual(await world.tree.command('a', 'stop'), { accepted: true, epoch: 1 }, 'twice is fine');
  assert.deepEqual(await world.tree.command('a', 'start'), { accepted: true, epoch: 2 });
  world.clock.advance(100);
  assert.equal(world.running, 'a2 b1');
  assert.equal(world.node('root')?.budget?.used, 0);
  await world.down();
});

test('restart of a child that was stopped starts it, and wins over a stop under way', async () => {
  const world = await ab();
  await world.settle(world.tree.stopChild('a'));
  await world.tree.command('a', 'restart');
  world.clock.advance(100);
  assert.equal(world.running, 'a2 b1');
  await world.tree.command('a', 'stop');
  await world.tree.command('a', 'restart');
  assert.equal(world.state('a'), 'restarting');
  world.clock.advance(100);
  assert.equal(world.running, 'a3 b1');
  await world.down();
});

test('stopChild that a restart overtakes still settles, when the child is down', async () => {
  const world = await ab();
  const stopped = world.tree.stopChild('a');
  await world.tree.command('a', 'restart');
  await world.settle(stopped, 6);
  assert.equal(world.of('a').epoch, 2);
  await world.down();
});

test('restart, start and stop cut a pause short', async () => {
  for (const [command, running] of [
    ['restart', 'a3 b1'],
    ['start', 'a3 b1'],
    ['stop', 'b1'],
  ] as const) {
    const world = await new World(
      supervisor('root', [worker('a', { backoff: { baseMs: 30_000, capMs: 30_000 } }), worker('b')]),
    ).up();
    world.of('a').crash();
    world.clock.advance(20);
    world.of('a').crash();
    assert.equal(world.state('a'), 'backing-off');
    await world.tree.command('a', command);
    world.clock.advance(50);
    assert.equal(world.running, running);
    world.clock.advance(60_000);
    assert.equal(world.running, running, `no leftover of the pause after ${command}`);
    await world.down();
  }
});

test('restart during the pause of a group restart brings the group back at once', async () => {
  const children = [worker('a', { backoff: { baseMs: 30_000, capMs: 30_000 } }), worker('b')];
  const world = await new World(supervisor('root', children, { strategy: 'one_for_all' })).up();
  for (let i = 0; i < 2; i++) {
    world.of('a').crash();
    world.clock.advance(100);
  }
  assert.deepEqual(
    ['a', 'b'].map((id) => world.state(id)),
    ['backing-off', 'restarting'],
  );
  await world.tree.command('a', 'restart');
  world.clock.advance(100);
  assert.equal(world.running, 'a3 b3');
  await world.down();
});

test('kill makes a child that drains for ever end at once', async () => {
  const world = new World(supervisor('root', [worker('a', { shutdownMs: Number.POSITIVE_INFINITY }), worker('b')]));
  world.manner('a', { stopMs: undefined });
  await world.up();
  await world.tree.command('a', 'restart');
  world.clock.advance(60_000);
  assert.equal(world.state('a'), 'restarting');
  world.manner('a', {});
  await world.tree.command('a', 'kill');
  world.clock.advance(50);
  assert.equal(world.running, 'a2 b1');
  assert.equal(world.node('root')?.budget?.used, 0, 'a restart does not count, however it went');
  await world.down();
});

test('commands on supervisors are refused, but on those that may be restarted', async () => {
  const lane = (id: string, restartable: boolean) => supervisor(id, [worker(`${id}-w`)], { restartable });
  const world = await new World(supervisor('root', [lane('s', false), lane('lane', true)], { restartable: true })).up();
  for (const command of ['restart', 'kill', 'stop', 'start'] satisfies Command[]) {
    for (const id of ['root', 's']) {
      await assert.rejects(world.tree.command(id, command), isError('conflict', /it is a supervisor/));
    }
  }
  await world.tree.command('lane', 'restart');
  world.clock.advance(100);
  assert.equal(world.running, 's-w1 lane-w2');
  await world.tree.command('lane', 'kill');
  world.clock.advance(100);
  assert.equal(world.running, 's-w1 lane-w3');
  assert.equal(world.node('root')?.budget?.used, 1);
  await world.down();
});

test('commands that make no sense are refused with a reason', async () => {
  const world = await ab();
  await assert.rejects(world.tree.command('nobody', 'kill'), isError('not-found', /current value is nobody/));
  await assert.rejects(world.tree.command('a', 'start'), isError('conflict', /it is running/));
  await world.settle(world.tree.stopChild('a'));
  await assert.rejects(world.tree.command('a', 'kill'), isError('conflict', /it is stopped/));
  await assert.rejects(world.tree.stopChild('root'), isError('conflict', /supervisor is not running/));
  assert.throws(() => world.tree.tell('nobody', 1), isError('not-found', /nobody/));
  assert.equal(world.tree.tell('a', 1), false);
  await world.down();
  await assert.rejects(world.tree.command('a', 'start'), isError('conflict', /its supervisor is not running/));
});

test('added child is up when the promise says so, under the root too', async () => {
  const world = await ab();
  assert.deepEqual(await world.settle(world.tree.startChild('root', worker('c'))), { epoch: 1 });
  assert.equal(world.running, 'a1 b1 c1');
  world.of('c').crash();
  world.clock.advance(50);
  assert.equal(world.running, 'a1 b1 c2');
  await world.down();
});

test('added supervisor comes up with its children in order', async () => {
  const world = await new World(supervisor('root', [supervisor('lanes', [])])).up();
  await world.settle(world.tree.startChild('lanes', supervisor('lane-1', [worker('x'), worker('y')])));
  assert.deepEqual(world.story('running').slice(-3), ['running x', 'running y', 'running lane-1']);
  await world.settle(world.tree.stopChild('lane-1'));
  assert.deepEqual(world.story('exited'), ['exited y', 'exited x', 'exited lane-1']);
  await world.tree.deleteChild('lane-1');
  assert.equal(world.node('x'), undefined);
  assert.throws(() => world.tree.tell('x', 1), isError('not-found', /x/));
  await world.down();
});

test('added child that cannot start leaves no trace, and costs no budget', async () => {
  const world = await ab();
  world.manner('c', { failsToStart: true });
  await assert.rejects(world.settle(world.tree.startChild('root', worker('c'))), isError('unavailable', /c could not/));
  assert.equal(world.node('c'), undefined);
  assert.equal(world.node('root')?.budget?.used, 0);
  world.manner('c', {});
  assert.deepEqual(await world.settle(world.tree.startChild('root', worker('c'))), { epoch: 2 });
  await world.down();
});

test('added child is refused when its id is taken, its spec is bad, or its parent is no running supervisor', async () => {
  const world = await new World(supervisor('root', [worker('a'), supervisor('s', [worker('b')])])).up();
  const add = (parent: string, spec = worker('c')) => world.tree.startChild(parent, spec);
  await assert.rejects(add('s', worker('a')), isError('bad-config', /unique/));
  await assert.rejects(add('s', worker('b')), isError('conflict', /"b" as it is started: current value is epoch 1/));
  await assert.rejects(add('s', supervisor('n', [worker('b')])), isError('bad-config', /unique/));
  await assert.rejects(add('s', worker('c', { restart: 'x' as never })), isError('bad-config', /restart/));
  await assert.rejects(add('nobody'), isError('not-found', /nobody/));
  await assert.rejects(add('a'), isError('conflict', /for a supervisor as it is none: current value is worker/));
  await world.settle(world.tree.stopChild('s'));
  await assert.rejects(add('s'), isError('conflict', /no running supervisor but stopped/));
  assert.equal(world.running, 'a1');
  await world.down();
});

test('adding that is cut short by the end of the supervisor is told', async () => {
  const world = await ab();
  world.manner('c', { readyMs: undefined });
  const added = world.tree.startChild('root', worker('c'));
  const down = world.down();
  await assert.rejects(added, isError('unavailable', /root has ended/));
  await down;
});

test('deleted child must be down, may come again, and its epochs go on rising', async () => {
  const world = await ab();
  await assert.rejects(world.tree.deleteChild('a'), isError('conflict', /it is running/));
  await world.settle(world.tree.stopChild('a'));
  await world.tree.deleteChild('a');
  assert.equal(world.running, 'b1');
  await assert.rejects(world.tree.command('a', 'start'), isError('not-found', /a/));
  assert.deepEqual(await world.settle(world.tree.startChild('root', worker('a'))), { epoch: 2 });
  assert.deepEqual([world.node('a')?.restarts, world.node('a')?.lastExit], [0, null]);
  await world.down();
});

test('dynamic children are forgotten when their supervisor restarts, unless it keeps them', async () => {
  for (const [keepDynamic, running] of [
    [false, 'a2'],
    [true, 'b2 c2'],
  ] as const) {
    const inner = supervisor('s', [worker('a'), worker('b')].slice(0, 1), { keepDynamic, restartable: true });
    const world = await new World(supervisor('root', [inner])).up();
    await world.settle(world.tree.startChild('s', worker('b')));
    await world.settle(world.tree.startChild('s', worker('c')));
    await world.settle(world.tree.stopChild('a'));
    await world.tree.deleteChild('a');
    await world.tree.command('s', 'kill');
    world.clock.advance(200);
    assert.equal(world.running, running);
    await world.down();
  }
});

test('command of a listener takes effect after the event it answers', async () => {
  const world = await ab();
  const silence = world.tree.onEvent(({ kind, actor }) => {
    if (kind !== 'exited' || actor !== 'a') return;
    void world.tree.command('b', 'restart');
    assert.equal(world.state('b'), 'running');
  });
  world.of('a').crash();
  assert.equal(world.state('b'), 'restarting');
  world.clock.advance(100);
  assert.equal(world.running, 'a2 b2');
  silence();
  await world.down();
});
