/**
 * A thread that goes on after it was terminated, as native code lets it and other runtimes do: here it is real, only
 * that nobody ends it. Whatever it does must reach nobody.
 */

import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { Fences } from '../../supervisor/fences.ts';
import { BlockWriter } from '../../supervisor/shared-block.ts';
import { type Spawner, threadSpawner } from '../../supervisor/spawn.ts';
import { puppet, RealTree } from './real.ts';
import { supervisor } from './virtual.ts';

/** Threads of this actor's first epoch go on whatever they are told, until the test is over. */
function stubborn(t: TestContext, id: string, blocks: SharedArrayBuffer[] = []): Spawner {
  return {
    ...threadSpawner,
    isOverloaded: () => false,
    thread(entry, order, events) {
      const thread = threadSpawner.thread(entry, order, events);
      if (order.id !== id || order.epoch > 1) return thread;
      t.after(() => thread.terminate());
      blocks.push(order.block);
      return { ...thread, terminate: () => {} };
    },
  };
}

test('zombie that goes on is fenced: no message, no link and no figure of it reaches anybody, and each try counts', async (t) => {
  const children = [puppet('a', { links: ['l'] }), puppet('b', { links: ['l'] }, { links: [{ name: 'l', to: 'a' }] })];
  const blocks: SharedArrayBuffer[] = [];
  const real = await RealTree.up(t, supervisor('root', children), { spawn: stubborn(t, 'a', blocks) });
  const [block = assert.fail('no thread')] = blocks;
  const meterOfZombie = new BlockWriter(block, Date.now);
  real.order('a', 'haunt');
  await real.hears('b', 1, ({ heard }) => heard === 'boo');
  await real.hears('a', 1, ({ boo }) => boo === 1);
  assert.deepEqual([real.tree.status().fenced, meterOfZombie.givenUp], [0, false]);
  await real.tree.command('a', 'kill');
  await real.event('zombie', 'a', 1);
  assert.ok(meterOfZombie.givenUp, 'it can know');
  await real.running('a', 2);
  await real.hears('a', 2, ({ linked }) => linked === 'l');
  // What it said before comes first: once the new one is heard, all the rest has come too late.
  real.order('a', { send: 'alive', to: 'b', link: 'l' });
  await real.hears('b', 1, ({ heard }) => heard === 'alive');
  const said = real.told.length;
  const { fenced, zombies } = real.tree.status();
  await real.until('it has tried often', () => {
    const now = real.tree.status();
    return now.fenced >= fenced + 40 && now.dropped > 10;
  });
  assert.deepEqual(real.told.slice(said), []);
  assert.equal(zombies, 1);
  const { epoch, depth, handled } = real.node('a') ?? assert.fail('no a');
  assert.deepEqual([epoch, depth], [2, 0]);
  assert.ok(handled < 5, `its successor is said to have handled ${handled}`);
});

test('fences count what the living, the last ended and those before them have refused', () => {
  const fences = new Fences();
  const all = Array.from({ length: 40 }, () => ({ fenced: 1 }));
  for (const one of all) fences.begin(one);
  fences.refused();
  assert.equal(fences.total, 41);
  for (const one of all.slice(0, 39)) fences.end(one);
  assert.equal(fences.total, 41);
  for (const one of all) one.fenced++;
  assert.equal(fences.total, 74);
});
