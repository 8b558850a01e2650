import assert from 'node:assert/strict';
import test from 'node:test';
import { BlockReader, BlockWriter, createBlock } from '../../supervisor/shared-block.ts';

function pair(now = () => 10_000) {
  const block = createBlock();
  return { writer: new BlockWriter(block, now), reader: new BlockReader(block) };
}

test('shared block of a new actor says nothing', () => {
  const { reader } = pair();
  assert.deepEqual([reader.beat, reader.handled, reader.depth, reader.oldestAt, reader.busyMs], [0, 0, 0, 0, 0]);
  assert.deepEqual([reader.waiting, reader.work], [null, null]);
});

test('shared block carries what the actor tells about itself', () => {
  const { writer, reader } = pair();
  writer.beat(12.5);
  writer.handled();
  writer.handled(4);
  writer.mailbox(3, 250, 4_096);
  writer.working(2 ** 40 + 1, 5);
  writer.memory({ heapBytes: 1e9, externalBytes: 2e9, heapLimitBytes: 3e9 });
  assert.deepEqual([reader.busyMs, reader.handled], [12.5, 5]);
  assert.deepEqual([reader.depth, reader.mailboxBytes, reader.oldestAt], [3, 4_096, 9_750]);
  assert.deepEqual(reader.work, { offset: 2 ** 40 + 1, slot: 5 });
  assert.deepEqual([reader.heapBytes, reader.externalBytes, reader.heapLimitBytes], [1e9, 2e9, 3e9]);
  writer.workingOn(2 ** 40 + 2);
  assert.deepEqual(reader.work, { offset: 2 ** 40 + 2, slot: 5 });
  writer.working(-1);
  writer.mailbox(0, 0);
  assert.deepEqual([reader.work, reader.oldestAt], [null, 0]);
});

test('shared block tells an actor that its supervisor has given it up', () => {
  const { writer, reader } = pair();
  assert.equal(writer.givenUp, false);
  writer.fenced(3);
  reader.giveUp();
  writer.waiting('x'.repeat(60), 5);
  assert.deepEqual([writer.givenUp, reader.fenced, reader.waiting?.what], [true, 3, 'x'.repeat(48)]);
});

test('shared block says what an actor waits for, and until when', () => {
  const { writer, reader } = pair();
  writer.waiting('store', 3_000);
  assert.deepEqual(reader.waiting, { what: 'store', deadline: 13_000 });
  writer.waiting('a name that is much longer than the few bytes that there are for it', 1);
  assert.equal(reader.waiting?.what, 'a name that is much longer than the few bytes th');
  writer.waited();
  assert.equal(reader.waiting, null);
});

test('shared block takes every report for a sign of life, but figures about memory', () => {
  const { writer, reader } = pair();
  const reports = [
    () => writer.beat(0),
    () => writer.handled(),
    () => writer.mailbox(0, 0),
    () => writer.waiting('x', 1),
    () => writer.waited(),
    () => writer.working(1),
  ];
  for (const report of reports) report();
  writer.memory({ heapBytes: 1, externalBytes: 1, heapLimitBytes: 1 });
  assert.equal(reader.beat, reports.length);
});

test('shared block counts beyond 2^31', () => {
  const { writer, reader } = pair();
  writer.handled(2 ** 31 - 1);
  writer.handled(10);
  assert.equal(reader.handled, 2 ** 31 + 9);
});
