import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionsKept, partitionsOfLane } from '../../actors/lanes.ts';

test('lanes own every partition of every topic exactly once', () => {
  for (const lanes of [1, 2, 3, 4]) {
    const owned = Array.from({ length: lanes }, (_, lane) => partitionsOfLane(lane, lanes, ['a', 'b'], 4)).flat();
    assert.equal(new Set(owned.map(({ topic, partition }) => `${topic}/${partition}`)).size, 8);
    assert.equal(owned.length, 8);
  }
});

test('lanes keep only what they own before and after a change', () => {
  assert.deepEqual(partitionsKept(0, { from: 2, to: 4 }, ['a'], 4), [{ topic: 'a', partition: 0 }]);
  assert.deepEqual(
    partitionsKept(0, { from: 2, to: 1 }, ['a'], 4).map(({ partition }) => partition),
    [0, 2],
  );
  assert.deepEqual(partitionsKept(1, { from: 2, to: 1 }, ['a'], 4), []);
});
