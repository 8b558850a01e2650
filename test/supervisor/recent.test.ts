import assert from 'node:assert/strict';
import test from 'node:test';
import { type HandledMessage, RECENT_BYTES, RecentReader, RecentWriter } from '../../supervisor/recent.ts';
import { BlockReader, BlockWriter, createBlock } from '../../supervisor/shared-block.ts';
import { supervisor, World, worker } from './virtual.ts';

function pair() {
  const block = new SharedArrayBuffer(RECENT_BYTES);
  return { block, writer: new RecentWriter(block, 0), reader: new RecentReader(block, 0) };
}

const shown = (list: readonly HandledMessage[]) => list.map(({ type, bytes, ms }) => [type, bytes, ms]);

test('recent messages are told newest first, the one in work without a time', () => {
  const { writer, reader } = pair();
  assert.deepEqual(reader.list(1), []);
  const first = writer.begin(1_000.25, 'batch', 412);
  writer.settle(first, writer.serial, 3.5);
  writer.begin(1_001, 'assign', -1);
  assert.deepEqual(reader.list(7), [
    { epoch: 7, at: 1_001, type: 'assign', bytes: null, ms: null, threw: false },
    { epoch: 7, at: 1_000.25, type: 'batch', bytes: 412, ms: 3.5, threw: false },
  ]);
});

test('recent messages are the last 20, and what is in work stays among them', () => {
  const { writer, reader } = pair();
  const stuck = writer.begin(0, 'stuck', -1);
  const serial = writer.serial;
  for (let at = 1; at <= 100; at++) writer.settle(writer.begin(at, 'quick', at), writer.serial, 1);
  const list = reader.list(1);
  assert.equal(list.length, 20);
  assert.deepEqual([list[0]?.at, list[18]?.at], [100, 82]);
  assert.deepEqual(shown(list.slice(19)), [['stuck', null, null]]);
  writer.settle(stuck, serial, 5_000);
  assert.deepEqual(shown(reader.list(1).slice(19)), [['stuck', null, 5_000]]);
});

test('recent messages lose what is in work only to more in work than there are places, and mix none up', () => {
  const { writer, reader } = pair();
  const all = Array.from({ length: 25 }, (_, at) => ({ place: writer.begin(at, `m${at}`, at), serial: writer.serial }));
  for (const [at, { place, serial }] of all.entries()) writer.settle(place, serial, at);
  const list = reader.list(1);
  assert.deepEqual(
    list.map(({ type, ms }) => [type, ms]),
    Array.from({ length: 20 }, (_, back) => [`m${24 - back}`, 24 - back]),
  );
});

test('recent messages pass over a place that is being written', () => {
  const { block, writer, reader } = pair();
  writer.begin(1, 'a', 1);
  writer.begin(2, 'b', 2);
  new Int32Array(block)[6] = 0;
  assert.deepEqual(shown(reader.list(1)), [['b', 2, null]]);
});

test('recent messages cut long names, and do not tell apart more than 31 kinds', () => {
  const { writer, reader } = pair();
  const take = (type: string) => writer.settle(writer.begin(0, type, 0), writer.serial, 1);
  for (let kind = 0; kind < 31; kind++) take(`kind ${kind} of a long and winding name`);
  take('too many');
  take('kind 30 of a long and winding name');
  const names = reader.list(1).map(({ type }) => type);
  assert.deepEqual(names.slice(0, 3), ['kind 30 of a long and w', 'others', 'kind 30 of a long and w']);
});

test('shared block counts every handler by its time, and tells its kind', () => {
  const block = createBlock();
  let now = 1_000;
  let clock = 50;
  const writer = new BlockWriter(
    block,
    () => now,
    () => clock,
  );
  const reader = new BlockReader(block);
  const first = writer.begin('append', 99);
  clock += 2.5;
  now += 2;
  writer.settle(first);
  assert.deepEqual(reader.recent.list(1), [{ epoch: 1, at: 1_000, type: 'append', bytes: 99, ms: 2.5, threw: false }]);
  assert.equal(
    reader.durations.reduce((sum, count) => sum + count, 0),
    1,
  );
});

test('tree tells what an actor has in work, and after its death what it died of until that is out of date', async () => {
  const world = await new World(supervisor('root', [worker('a')])).up();
  const types = () => world.tree.messages('a').map(({ epoch, type, ms }) => `${epoch} ${type} ${ms}`);
  const take = (type: string) => world.of('a').meter.begin(type);
  world.of('a').meter.settle(take('good'));
  const bad = take('bad');
  assert.deepEqual(types(), ['1 bad null', '1 good 0']);
  world.of('a').meter.settle(bad, true);
  assert.deepEqual(
    world.tree.messages('a').map(({ threw }) => threw),
    [true, false],
  );
  world.of('a').crash('of the bad one');
  world.clock.advance(50);
  assert.equal(world.running, 'a2');
  assert.deepEqual(types(), ['1 bad null', '1 good 0']);
  world.of('a').meter.settle(take('next'));
  assert.deepEqual(types(), ['2 next 0', '1 bad null', '1 good 0']);
  for (let i = 0; i < 30; i++) world.of('a').meter.settle(take('next'));
  assert.deepEqual(types().slice(19), ['2 next 0', '1 bad null']);
  assert.deepEqual(world.tree.messages('root'), []);
  assert.throws(() => world.tree.messages('nobody'), /nobody/);
  await world.down();
});

test('tree says how long the handlers of an actor take, of the incarnation that is up', async () => {
  const world = await new World(supervisor('root', [worker('a', { heartbeatMs: 0, progressMs: 0 })])).up();
  assert.equal(world.node('a')?.handleP99Ms, null);
  const work = world.of('a').meter.begin();
  world.clock.advance(300);
  world.of('a').meter.settle(work);
  const { handleP99Ms } = world.node('a') ?? assert.fail('no a');
  assert.ok(handleP99Ms !== null && handleP99Ms > 260 && handleP99Ms < 340, `${handleP99Ms}`);
  world.of('a').crash('on purpose');
  world.clock.advance(50);
  assert.equal(world.node('a')?.handleP99Ms, null);
  await world.down();
});
