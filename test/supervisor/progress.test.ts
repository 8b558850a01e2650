/** Whether an actor gets on with its work, judged on ticks that the test makes. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Progress, type Seen } from '../../supervisor/progress.ts';
import { BlockReader, BlockWriter, createBlock } from '../../supervisor/shared-block.ts';
import { supervisor, World, worker } from './virtual.ts';

const IDLE: Seen = { handlingSince: 0, takes: 0, steps: 0, depth: 0, excused: false };

/** What a progress with a limit of 300 ms says, tick by tick, of an actor seen so. */
function looks(seen: readonly Partial<Seen>[], sinceMs = 100, progress = new Progress({ limitMs: 300, tickMs: 100 })) {
  return seen.map((part) => progress.look({ ...IDLE, ...part }, sinceMs)?.kind);
}

const times = (count: number, part: Partial<Seen>) => Array.from({ length: count }, () => part);

test('progress finds a handler that is in work for longer than its limit', () => {
  const work = { handlingSince: 7 };
  assert.deepEqual(looks(times(4, work)), [undefined, undefined, undefined, 'handler']);
});

test('progress starts anew with each handler', () => {
  const turns = [7, 7, 7, 8, 8, 8, 0, 8, 8, 8].map((handlingSince) => ({ handlingSince }));
  assert.deepEqual(
    looks(turns),
    times(10, {}).map(() => undefined),
  );
});

test('progress finds a mailbox that nothing is taken from', () => {
  const full = { depth: 3, takes: 5 };
  assert.deepEqual(looks(times(4, full)), [undefined, undefined, undefined, 'mailbox']);
});

test('progress takes each step of a long work for getting on', () => {
  const steps = [1, 1, 1, 2, 2, 2, 3].map((steps) => ({ handlingSince: 7, depth: 3, steps }));
  assert.deepEqual(
    looks(steps),
    steps.map(() => undefined),
  );
});

test('progress sees that a full mailbox is worked off, that an empty one asks for nothing', () => {
  const worked = [1, 1, 1, 2, 2, 2, 3].map((takes) => ({ takes, depth: 9 }));
  assert.deepEqual(
    looks(worked),
    worked.map(() => undefined),
  );
  assert.deepEqual(
    looks(times(9, {})),
    times(9, {}).map(() => undefined),
  );
});

test('progress excuses who has said what it waits for, and forgets nothing of the time before', () => {
  const work = { handlingSince: 7 };
  const seen = [...times(3, work), ...times(20, { ...work, excused: true }), work];
  assert.deepEqual(looks(seen), [...times(23, {}).map(() => undefined), 'handler']);
});

test('progress does not count ticks that come late, as after a sleep', () => {
  const progress = new Progress({ limitMs: 300, tickMs: 100 });
  const work = times(5, { handlingSince: 7, depth: 1 });
  assert.deepEqual(
    looks(work, 8 * 3_600_000, progress),
    work.map(() => undefined),
  );
  assert.deepEqual(looks(times(3, { handlingSince: 7, depth: 1 }), 100, progress), [undefined, undefined, 'handler']);
});

test('progress without a limit finds nothing', () => {
  const progress = new Progress({ limitMs: 0, tickMs: 100 });
  assert.deepEqual(looks(times(50, { handlingSince: 7, depth: 1 }), 100, progress).filter(Boolean), []);
});

test('progress is patient when asked to be', () => {
  const progress = new Progress({ limitMs: 300, tickMs: 100 });
  const kinds = times(7, { handlingSince: 7 }).map((seen) => progress.look({ ...IDLE, ...seen }, 100, 2)?.kind);
  assert.deepEqual(kinds, [...times(6, {}).map(() => undefined), 'handler']);
});

test('shared block says since when the oldest of several handlers has been in work', () => {
  const block = createBlock();
  let now = 10;
  const writer = new BlockWriter(block, () => now);
  const reader = new BlockReader(block);
  const seen: number[] = [];
  const first = writer.begin();
  now = 20;
  const second = writer.begin();
  seen.push(reader.handlingSince);
  writer.settle(first);
  seen.push(reader.handlingSince);
  now = 30;
  const third = writer.begin();
  writer.settle(third);
  seen.push(reader.handlingSince);
  writer.settle(second);
  seen.push(reader.handlingSince);
  assert.deepEqual(seen, [10, 20, 20, 0]);
});

test('shared block tells messages handled from looks that found none, and steps from both', () => {
  const block = createBlock();
  const writer = new BlockWriter(block, () => 0);
  const { handled, takes, steps } = new BlockReader(block);
  assert.deepEqual([handled, takes, steps], [0, 0, 0]);
  writer.handled(0);
  writer.handled(4);
  writer.progressed();
  const reader = new BlockReader(block);
  assert.deepEqual([reader.handled, reader.takes, reader.steps], [4, 2, 1]);
});

for (const overloaded of [false, true]) {
  test(`tree waits ${overloaded ? 'twice as long' : 'no longer'} for progress when the machine is ${overloaded ? '' : 'not '}overloaded`, async () => {
    const world = await new World(supervisor('root', [worker('a', { progressMs: 1_000 })])).up();
    world.overloaded = overloaded;
    world.of('a').meter.begin();
    const beat = () => {
      world.of('a').meter.beat(0);
      world.clock.advance(100);
    };
    for (let tick = 0; tick < 15; tick++) beat();
    assert.equal(world.running, overloaded ? 'a1' : 'a2');
    for (let tick = 0; tick < 10; tick++) beat();
    assert.equal(world.running, 'a2');
    assert.match(String(world.node('a')?.lastExit?.detail), /^a handler has been in work for \d+ ms$/);
    await world.down();
  });
}
