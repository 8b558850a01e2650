import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pacer } from '../../../actors/replay/pace.ts';
import { AppError } from '../../../protocol/errors.ts';

const record = (time: number) => new TextEncoder().encode(JSON.stringify({ timestamp: time }));

test('replay pace waits by event time, so many times faster', async () => {
  let now = 1000;
  const slept: number[] = [];
  const wait = pacer('10x', {
    now: () => now,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
  });
  for (const time of [5000, 5100, 6000, 5000]) await wait(record(time));
  await wait(new TextEncoder().encode('no time in here'));
  assert.deepEqual(slept, [10, 90]);
});

test('replay pace refuses what is no factor', () => {
  for (const speed of ['fast', '0x', '-1x', '1']) {
    assert.throws(
      () => pacer(speed, { now: Date.now, sleep: async () => {} }),
      (thrown) => thrown instanceof AppError,
    );
  }
});
