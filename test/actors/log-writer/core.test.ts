import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppendQueue, ConsumedPositions } from '../../../actors/log-writer/core.ts';
import type { AppendRequest } from '../../../protocol/message.ts';

const LIMITS = { queueBytes: 100, groupBytes: 50 };

function request(id: number, bytes: number, partitions: readonly number[] = [0]): AppendRequest {
  const appends = partitions.map((partition) => ({
    topic: 'orders',
    partition,
    count: 2,
    frames: new Uint8Array(bytes),
  }));
  return { type: 'append', id, appends };
}

test('append queue groups all that waits, up to the size of a group', () => {
  const queue = new AppendQueue<string>(LIMITS);
  for (const [id, bytes] of [20, 20, 20, 5].entries()) assert.equal(queue.offer('a', request(id, bytes), 0), undefined);
  assert.deepEqual([queue.depth, queue.bytes], [4, 65]);
  assert.equal(queue.takeGroup().size, 2);
  assert.equal(queue.takeGroup().size, 2);
  assert.equal(queue.takeGroup().size, 0);
  assert.deepEqual([queue.depth, queue.bytes], [0, 0]);
});

test('append queue takes a request larger than a group by itself', () => {
  const queue = new AppendQueue<string>(LIMITS);
  queue.offer('a', request(1, 300), 0);
  assert.equal(queue.takeGroup().size, 1);
});

test('append queue refuses what is over its bound, and takes more once there is room', () => {
  const queue = new AppendQueue<string>(LIMITS);
  queue.offer('a', request(1, 60), 0);
  const refusal = queue.offer('a', request(2, 60), 0);
  assert.ok(refusal?.type === 'append-failed' && refusal.id === 2 && refusal.error.code === 'too-many-requests');
  queue.takeGroup();
  assert.equal(queue.offer('a', request(3, 60), 0), undefined);
});

test('append queue refuses everything once it is closed, and keeps what waits', () => {
  const queue = new AppendQueue<string>(LIMITS);
  queue.offer('a', request(1, 10), 0);
  queue.close();
  const refusal = queue.offer('a', request(2, 10), 0);
  assert.ok(refusal?.type === 'append-failed' && refusal.error.code === 'unavailable');
  assert.equal(queue.takeGroup().size, 1);
});

test('append queue knows since when its oldest request waits', () => {
  const queue = new AppendQueue<string>(LIMITS);
  assert.equal(queue.oldest(9), 9);
  queue.offer('a', request(1, 10), 5);
  queue.offer('a', request(2, 10), 7);
  assert.equal(queue.oldest(9), 5);
});

test('append group answers each request with the offsets of its own appends', () => {
  const queue = new AppendQueue<string>(LIMITS);
  queue.offer('a', request(7, 10, [0, 1]), 0);
  queue.offer('b', request(7, 10, [0]), 0);
  const group = queue.takeGroup();
  assert.equal(group.records, 6);
  assert.deepEqual(group.appended([10, 20, 12]), [
    { producer: 'a', reply: { type: 'appended', id: 7, offsets: [10, 20] } },
    { producer: 'b', reply: { type: 'appended', id: 7, offsets: [12] } },
  ]);
  assert.deepEqual(group.ends([10, 20, 12]), [
    { topic: 'orders', partition: 0, offset: 14 },
    { topic: 'orders', partition: 1, offset: 22 },
  ]);
  assert.deepEqual(
    group.singly().map((single) => single.appends.length),
    [2, 1],
  );
});

test('consumed positions only rise, and are news once', () => {
  const consumed = new ConsumedPositions();
  const at = (offset: number) => ({ topic: 'orders', partition: 0, offset });
  assert.equal(consumed.takeNews(), undefined);
  consumed.note([at(5)]);
  consumed.note([at(3)]);
  assert.deepEqual(consumed.takeNews(), [at(5)]);
  consumed.note([at(5)]);
  assert.equal(consumed.takeNews(), undefined);
});
