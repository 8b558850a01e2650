import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatnessOf } from './flatness.ts';

const MB = 1024 * 1024;

function samples(seconds: number, bytesAt: (second: number) => number) {
  return Array.from({ length: seconds }, (_, second) => ({ atMs: second * 1_000, bytes: bytesAt(second) }));
}

test('memory that fills up at first is flat all the same, and one that grows is not', () => {
  const filled = flatnessOf(samples(600, (second) => (second < 50 ? second : 50) * MB));
  assert.deepEqual(filled, { secondMinute: 50 * MB, lastMinute: 50 * MB, bytesAMinute: 0, highest: 50 * MB });
  const leaking = flatnessOf(samples(600, (second) => (100 + second) * MB));
  assert.equal(Math.round(leaking.bytesAMinute / MB), 60);
  assert.ok(leaking.lastMinute > 3 * leaking.secondMinute, JSON.stringify(leaking));
});

test('flatness of less than two minutes is that of their second half', () => {
  const { secondMinute, lastMinute } = flatnessOf(samples(20, (second) => (second < 9 ? 7 : 3)));
  assert.deepEqual([secondMinute, lastMinute], [3, 3]);
});
