/** Work that kills whoever handles it: found by the second death at one place, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Exit, ExitReason } from '../../supervisor/exit.ts';
import { proves, Suspects } from '../../supervisor/suspects.ts';
import { supervisor, World, worker } from './virtual.ts';

function exit(reason: ExitReason, offset: number, slot = 0) {
  return { reason, detail: 'Error: boom', started: true, ignored: false, work: { offset, slot } } satisfies Exit;
}

test('suspects are named by the second death at one place, wherever the deaths between were', () => {
  const suspects = new Suspects();
  assert.deepEqual([suspects.note(exit('crashed', 7), 1), suspects.note(exit('hung', 8), 2)].map(proves), [
    false,
    false,
  ]);
  assert.deepEqual(suspects.list, []);
  const second = suspects.note(exit('hung', 7), 3);
  assert.deepEqual([proves(second), second.firstAt], [true, 1]);
  assert.deepEqual(suspects.list, [{ work: { offset: 7, slot: 0 }, deaths: 2, error: 'hung: Error: boom' }]);
  assert.equal(proves(suspects.note(exit('crashed', 7), 4)), false, 'a third death proves nothing new');
  suspects.note(exit('crashed', 8, 1), 5);
  assert.equal(suspects.list.length, 1, 'the same offset of another slot is another place');
});

test('suspects are not those that somebody ended, nor those that died of no work', () => {
  const reasons: ExitReason[] = ['crashed', 'hung', 'out-of-memory', 'start-timeout', 'killed', 'shutdown', 'normal'];
  const evident = reasons.filter((reason) => Suspects.isEvidence(exit(reason, 3)));
  assert.deepEqual(evident, ['crashed', 'hung', 'out-of-memory', 'start-timeout']);
  assert.equal(Suspects.isEvidence({ reason: 'crashed', detail: '', started: true, ignored: false }), false);
});

test('suspects are forgotten once there are too many places, the oldest first', () => {
  const suspects = new Suspects();
  for (let offset = 0; offset <= 256; offset++) suspects.note(exit('crashed', offset), 0);
  assert.equal(suspects.note(exit('crashed', 0), 1).deaths, 1);
  assert.equal(suspects.note(exit('crashed', 256), 1).deaths, 2);
});

function diesAt(world: World, id: string, offset: number, die: 'crash' | 'hang' = 'crash'): void {
  world.of(id).meter.working(offset, 2);
  const hung = world.of(id);
  if (die === 'crash') hung.crash(`cannot take ${offset}`);
  for (let ms = 0; !hung.ended && ms < 5_000; ms += 100) world.clock.advance(100);
}

test('poison: the successor of two deaths at one place is told, at once and at no cost to the budget', async () => {
  const world = await new World(supervisor('root', [worker('a')], { intensity: 2, periodMs: 60_000 })).up();
  diesAt(world, 'a', 5);
  assert.deepEqual([world.of('a').order.suspects, world.node('root')?.budget?.used], [[], 1]);
  world.clock.advance(20);
  diesAt(world, 'a', 5);
  assert.deepEqual(world.of('a').order.suspects, [
    { work: { offset: 5, slot: 2 }, deaths: 2, error: 'Error: cannot take 5' },
  ]);
  assert.deepEqual([world.of('a').epoch, world.node('root')?.budget?.used], [3, 0], 'no pause, nothing spent');
  assert.match(
    world.tree.events().find(({ kind }) => kind === 'poison')?.text ?? '',
    /a has died .* offset 5 \(slot 2\)/,
  );
  await world.down();
});

test('poison: any number of such places is passed within a budget of one', async () => {
  const world = await new World(supervisor('root', [worker('a')], { intensity: 1, periodMs: 60_000 })).up();
  for (let offset = 0; offset < 20; offset++) {
    for (let death = 0; death < 2; death++) {
      diesAt(world, 'a', offset);
      world.clock.advance(20);
    }
  }
  assert.equal(world.of('a').epoch, 41, 'none of the restarts had to wait');
  assert.equal(world.of('a').order.suspects.length, 20);
  await world.down();
});

test('poison: who dies at a place that it was to pass counts, waits and gives up like any other', async () => {
  const world = await new World(supervisor('root', [worker('a')], { intensity: 2, periodMs: 60_000 })).up();
  for (let death = 0; death < 5; death++) {
    diesAt(world, 'a', 5);
    world.clock.advance(1_000);
  }
  assert.equal((await world.tree.done).reason, 'gave-up');
});

test('poison: a kill by command proves nothing', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  for (let kill = 0; kill < 3; kill++) {
    world.of('a').meter.working(5, 2);
    await world.tree.command('a', 'kill');
    world.clock.advance(50);
  }
  assert.deepEqual([world.of('a').epoch, world.of('a').order.suspects], [4, []]);
  await world.down();
});

test('poison: a hang at one place is as good a proof as a crash', async () => {
  const world = await new World(supervisor('root', [worker('a', { heartbeatMs: 500 })])).up();
  world.manner('a', { beats: false });
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  diesAt(world, 'a', 5, 'hang');
  world.clock.advance(50);
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  diesAt(world, 'a', 5, 'hang');
  assert.match(world.of('a').order.suspects[0]?.error ?? '', /^hung: its loop has not turned for \d+ ms$/);
  await world.down();
});

test('poison: children of one work group share what is known, others do not', async () => {
  const mates = ['a', 'b'].map((id) => worker(id, { workGroup: 'readers' }));
  const world = await new World(supervisor('root', [...mates, worker('c')])).up();
  for (const id of ['a', 'b']) {
    diesAt(world, id, 5);
    world.clock.advance(50);
  }
  assert.equal(world.of('b').order.suspects.length, 1, 'the work had moved from a to b');
  diesAt(world, 'c', 6);
  assert.deepEqual(world.of('c').order.suspects, []);
  await world.down();
});

test('a note is told to the incarnation that is up, and every later one is born with it', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  assert.equal(world.of('a').order.note, undefined);
  world.tree.note('a', { poisoned: ['o1'] });
  assert.deepEqual(world.of('a').heard.at(-1), { type: 'note', note: { poisoned: ['o1'] } });
  world.of('a').crash();
  assert.deepEqual(world.of('a').order.note, { poisoned: ['o1'] });
  await world.down();
});
