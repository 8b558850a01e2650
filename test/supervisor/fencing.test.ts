/** Epochs, zombies, hangs and links, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { supervisor, World, worker } from './virtual.ts';

test('messages of a former incarnation are dropped and counted', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  const told: unknown[] = [];
  world.tree.onTell((...args) => told.push(args));
  const former = world.of('a');
  former.say({ type: 'tell', body: 1 });
  former.crash();
  world.clock.advance(50);
  former.say({ type: 'tell', body: 2 });
  former.say({ type: 'ready' });
  world.of('a').say({ type: 'tell', body: 3 });
  world.of('a').say({ type: 'tell', body: 4 }, 1);
  assert.deepEqual(told, [
    ['a', 1, 1],
    ['a', 2, 3],
  ]);
  assert.equal(world.tree.status().dropped, 3);
  await world.down();
});

test('messages that no child sends are dropped, and harm nobody', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  for (const odd of [null, undefined, 7, 'text', {}, { epoch: 1 }, { epoch: 1, type: 'dance' }, { type: 'bye' }]) {
    world.of('a').sayAnything(odd);
  }
  assert.equal(world.tree.status().dropped, 8);
  assert.equal(world.running, 'a1');
  await world.down();
});

test('terminated thread that does not end is left behind after 250 ms, fenced and counted', async () => {
  const world = new World(supervisor('root', [worker('a')]));
  world.manner('a', { endMs: undefined });
  await world.up();
  const zombie = world.of('a');
  await world.tree.command('a', 'kill');
  world.clock.advance(249);
  assert.equal(world.threads.length, 1);
  world.clock.advance(20);
  assert.equal(world.running, 'a2');
  assert.deepEqual([world.tree.status().zombies, zombie.forgotten], [1, true]);
  zombie.say({ type: 'tell', body: 'boo' });
  zombie.say({ type: 'failure', failure: { name: 'Error', message: 'late' } });
  assert.equal(world.tree.status().dropped, 2);
  zombie.exit(1);
  assert.deepEqual([world.tree.status().zombies, world.tree.status().zombiesEver], [0, 1]);
  assert.equal(world.running, 'a2');
  await world.down();
});

test('thread that ends within the call that terminates it is handled once', async () => {
  const world = new World(supervisor('root', [worker('a'), worker('b')], { strategy: 'one_for_all' }));
  for (const id of ['a', 'b']) world.manner(id, { endMs: 'now', stopMs: undefined });
  await world.up();
  await world.tree.command('a', 'kill');
  world.clock.advance(10_000);
  assert.equal(world.running, 'a2 b2');
  assert.equal(world.node('root')?.budget?.used, 1);
  await world.down();
  assert.equal(world.alive.length, 0);
});

test('failure without an end is followed by a terminate', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  world.of('a').say({ type: 'failure', failure: { name: 'Error', message: 'last words' } });
  world.clock.advance(1_100);
  assert.equal(world.running, 'a2');
  assert.equal(world.node('a')?.lastExit?.reason, 'crashed');
  await world.down();
});

test('blocked loop is seen within its limit and replaced, the others go on', async () => {
  const world = await new World(supervisor('root', [worker('a', { heartbeatMs: 500 }), worker('b')])).up();
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  world.clock.advance(450);
  assert.equal(world.state('a'), 'running');
  world.clock.advance(300);
  assert.equal(world.running, 'a2 b1');
  assert.equal(world.node('a')?.lastExit?.reason, 'hung');
  await world.down();
});

test('loop that blocks on an overloaded machine gets twice the time, and not more', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  world.overloaded = true;
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  world.clock.advance(1_000);
  assert.equal(world.state('a'), 'running');
  world.clock.advance(400);
  assert.equal(world.running, 'a2');
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  world.clock.advance(700);
  world.overloaded = false;
  world.clock.advance(300);
  assert.equal(world.node('a')?.epoch, 3);
  await world.down();
});

test('loop that is seen to wait, or work that is seen to be done, is as good as a beat', async () => {
  const world = await new World(supervisor('root', [worker('a'), worker('b')])).up();
  world.of('a').manner = { ...world.of('a').manner, beats: false, idles: true };
  world.of('b').manner = { ...world.of('b').manner, beats: false };
  world.clock.advance(100);
  for (let i = 0; i < 30; i++) {
    world.of('b').meter.handled();
    world.clock.advance(100);
  }
  assert.equal(world.running, 'a1 b1');
  world.of('a').manner = { ...world.of('a').manner, idles: false };
  world.clock.advance(800);
  assert.equal(world.running, 'a2 b2');
  await world.down();
});

test('loop that blocks while it drains gets more time, but not all of it', async () => {
  const world = new World(supervisor('root', [worker('a', { shutdownMs: 60_000 })]));
  world.manner('a', { stopMs: undefined });
  await world.up();
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  const stopped = world.tree.stop();
  world.clock.advance(1_800);
  assert.equal(world.state('a'), 'draining');
  await world.settle(stopped, 500);
  assert.equal(world.node('a')?.lastExit?.reason, 'hung');
});

test('loop that blocks while it waits for something outside shows as waiting, and is replaced all the same', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  world.of('a').meter.waiting('store', 60_000);
  world.clock.advance(10_000);
  assert.equal(world.running, '');
  assert.deepEqual([world.state('a'), world.node('a')?.waiting?.what], ['waiting', 'store']);
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  world.clock.advance(800);
  assert.equal(world.running, 'a2');
  await world.down();
});

test('silence is not held against an actor that still starts, or has no heartbeat limit', async () => {
  const world = new World(supervisor('root', [worker('a'), worker('b', { heartbeatMs: 0 })]));
  world.manner('a', { readyMs: 5_000, beats: false });
  world.manner('b', { beats: false });
  const started = world.tree.start();
  world.clock.advance(4_990);
  world.of('a').manner = { ...world.of('a').manner, beats: true };
  world.clock.advance(10_000);
  await started;
  assert.equal(world.running, 'a1 b1');
  await world.down();
});

test('silence while the supervisor itself was away is not held against anyone', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  for (let i = 0; i < 20; i++) {
    world.clock.block(3_000);
    world.clock.advance(1);
  }
  assert.equal(world.running, 'a1');
  await world.down();
});

test('time limit that passes while the supervisor is away is not held against the child', async () => {
  const world = new World(supervisor('root', [worker('a', { shutdownMs: 1_000 })]));
  world.manner('a', { stopMs: 20 });
  await world.up();
  const stopped = world.tree.stop();
  world.clock.block(5_000);
  await world.settle(stopped);
  assert.deepEqual(world.story('terminated'), []);
});

test('time limit is put off once, not for ever, when the supervisor is always late', async () => {
  const world = new World(supervisor('root', [worker('a', { shutdownMs: 1_000 })]));
  world.manner('a', { stopMs: undefined });
  await world.up();
  const stopped = world.tree.stop();
  for (let i = 0; i < 10; i++) {
    world.clock.block(2_000);
    world.clock.advance(1);
  }
  await stopped;
  assert.deepEqual(world.story('terminated'), ['terminated a']);
});

test('waiting beyond its own deadline is waiting no more', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  world.of('a').meter.waiting('store', 500);
  assert.equal(world.state('a'), 'waiting');
  world.clock.advance(501);
  assert.equal(world.state('a'), 'running');
  assert.equal(world.node('a')?.waiting?.what, 'store');
  await world.down();
});

test('status shows what the shared block says, and the work at death is kept', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  const { meter } = world.of('a');
  meter.mailbox(3, 400, 2_048);
  meter.handled(500);
  meter.memory({ heapBytes: 1_000_000, externalBytes: 0, heapLimitBytes: 0 });
  world.clock.advance(1_000);
  const node = world.node('a');
  assert.deepEqual([node?.depth, node?.bytes, node?.handled, node?.heapBytes], [3, 2_048, 500, 1_000_000]);
  assert.equal(node?.oldestMs, 1_400);
  assert.ok(Number(node?.rate) > 200, `rate is ${node?.rate}`);
  meter.working(4_711, 2);
  world.of('a').crash();
  assert.deepEqual(world.node('a')?.lastExit?.work, { offset: 4_711, slot: 2 });
  assert.deepEqual([world.node('a')?.depth, world.node('a')?.rate], [0, 0]);
  await world.down();
});

const linked = () => [worker('a'), worker('b', { links: [{ name: 'l', to: 'a' }] })];
const linksOf = (world: World, id: string) =>
  world
    .of(id)
    .heard.flatMap((message) =>
      message.type === 'link' || message.type === 'unlink'
        ? [`${message.type} ${message.name} ${message.peer.id}${message.peer.epoch}`]
        : [],
    );

test('links are laid when both ends are there, and again when one restarts', async () => {
  const world = await new World(supervisor('root', linked())).up();
  assert.deepEqual([linksOf(world, 'a'), linksOf(world, 'b')], [['link l b1'], ['link l a1']]);
  world.of('a').crash();
  world.clock.advance(50);
  assert.deepEqual(linksOf(world, 'b'), ['link l a1', 'unlink l a1', 'link l a2']);
  assert.deepEqual(linksOf(world, 'a'), ['link l b1']);
  await world.down();
});

test('links of both ends falling together are laid once', async () => {
  const world = await new World(supervisor('root', linked(), { strategy: 'one_for_all' })).up();
  world.of('a').crash();
  world.clock.advance(100);
  assert.deepEqual([linksOf(world, 'a'), linksOf(world, 'b')], [['link l b2'], ['link l a2']]);
  await world.down();
});

test('link to an actor that comes later is laid when it comes, and withdrawn with its owner', async () => {
  const world = await new World(supervisor('root', [worker('b', { links: [{ name: 'l', to: 'late' }] })])).up();
  assert.deepEqual(linksOf(world, 'b'), []);
  await world.settle(world.tree.startChild('root', worker('late')));
  assert.deepEqual([linksOf(world, 'b'), linksOf(world, 'late')], [['link l late1'], ['link l b1']]);
  await world.settle(world.tree.stopChild('b'));
  await world.tree.deleteChild('b');
  await world.tree.command('late', 'restart');
  world.clock.advance(100);
  assert.deepEqual(linksOf(world, 'late'), []);
  await world.down();
});

test('links are not laid to one that is on its way out', async () => {
  const world = new World(supervisor('root', linked()));
  world.manner('a', { stopMs: 500 });
  await world.up();
  await world.tree.command('a', 'stop');
  await world.tree.command('b', 'restart');
  world.clock.advance(100);
  assert.deepEqual(linksOf(world, 'b'), []);
  await world.down();
});

test('events are numbered, the last thousand are kept, and a broken listener disturbs nobody', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  const heard: number[] = [];
  const silence = world.tree.onEvent(({ id }) => heard.push(id));
  for (let i = 0; i < 600; i++) {
    await world.tree.command('a', 'restart');
    world.clock.advance(20);
  }
  const ids = world.tree.events().map(({ id }) => id);
  assert.equal(ids.length, 1_000);
  assert.ok(ids.every((id, i) => i === 0 || id === Number(ids[i - 1]) + 1));
  silence();
  const before = heard.length;
  world.tree.onEvent(() => {
    throw new Error('broken listener');
  });
  await world.tree.command('a', 'restart');
  assert.throws(() => world.clock.advance(20), /broken listener/);
  assert.equal(heard.length, before);
});
