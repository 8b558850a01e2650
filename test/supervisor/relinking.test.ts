/** Links that are lost between two living actors, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { LostLink } from '../../supervisor/wire.ts';
import { supervisor, World, worker } from './virtual.ts';

const pair = () => supervisor('root', [worker('a'), worker('b', { links: [{ name: 'l', to: 'a' }] })]);

/** The links that the newest thread of that actor was given, as it would tell of their loss. */
function linksOf(world: World, id: string): LostLink[] {
  return world
    .of(id)
    .heard.flatMap((message) =>
      message.type === 'link' ? [{ name: message.name, peer: message.peer, serial: message.serial }] : [],
    );
}

function lose(world: World, id: string): void {
  world.of(id).say({ type: 'link-lost', ...(linksOf(world, id).at(-1) ?? assert.fail('no link')) });
}

const counts = (world: World) => [linksOf(world, 'a').length, linksOf(world, 'b').length];

test('link that both ends say is lost is laid once more, after a moment', async () => {
  const world = await new World(pair()).up();
  assert.deepEqual(counts(world), [1, 1]);
  lose(world, 'a');
  lose(world, 'b');
  world.clock.advance(49);
  assert.deepEqual(counts(world), [1, 1]);
  world.clock.advance(1);
  assert.deepEqual(counts(world), [2, 2]);
  assert.deepEqual(world.story('relinked', 'exited'), ['relinked a']);
  world.clock.advance(1_000);
  assert.deepEqual(counts(world), [2, 2]);
  await world.down();
});

test('loss of a link as it was laid before, or of one that is none, changes nothing', async () => {
  const world = await new World(pair()).up();
  const [former] = linksOf(world, 'a');
  lose(world, 'a');
  world.clock.advance(50);
  const [name, peer, serial] = [former?.name ?? '', former?.peer ?? { id: '', epoch: 0 }, former?.serial ?? 0];
  world.of('a').say({ type: 'link-lost', name, peer, serial });
  world.of('a').say({ type: 'link-lost', name: 'other', peer, serial: serial + 1 });
  world.of('a').say({ type: 'link-lost', name, peer: { id: 'nobody', epoch: 1 }, serial: serial + 1 });
  world.clock.advance(1_000);
  assert.deepEqual(counts(world), [2, 2]);
  await world.down();
});

test('link that is lost because its other end has died is laid when the successor is there, not before', async () => {
  const world = await new World(pair()).up();
  lose(world, 'b');
  world.of('a').crash();
  world.clock.advance(1_000);
  assert.equal(world.running, 'a2 b1');
  assert.deepEqual([linksOf(world, 'a').length, linksOf(world, 'b').length], [1, 2]);
  assert.equal(linksOf(world, 'b').at(-1)?.peer.epoch, 2);
  assert.deepEqual(world.story('relinked'), []);
  await world.down();
});

test('link to an actor that is being stopped is not laid again', async () => {
  const world = new World(pair());
  world.manner('a', { stopMs: 500 });
  await world.up();
  const stopped = world.tree.stopChild('a');
  lose(world, 'b');
  world.clock.advance(200);
  assert.deepEqual(counts(world), [1, 1]);
  await world.settle(stopped);
  assert.deepEqual(world.story('relinked'), []);
  await world.down();
});
