import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { bucketOf, DURATION_BUCKETS, DurationWindow, millisecondsOf } from '../../supervisor/durations.ts';

const close = (ms: number | null, wanted: number) => {
  assert.ok(ms !== null && Math.abs(ms / wanted - 1) <= 1 / 8, `${ms} is not about ${wanted}`);
};

test('bucket of a duration is right to an eighth from 4 microseconds to half an hour', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 1_800_000_000 }), (us) => {
      const bucket = bucketOf(us / 1_000);
      return bucket < DURATION_BUCKETS && Math.abs((millisecondsOf(bucket) * 1_000) / us - 1) <= 0.126;
    }),
  );
});

test('bucket of a duration grows with it, and takes what no clock should say', () => {
  const buckets = [-5, 0, 0.001, 0.002, 0.003, 0.004, 0.5, 3, 60_000, 1e9, Number.POSITIVE_INFINITY].map(bucketOf);
  assert.deepEqual(
    buckets,
    buckets.toSorted((a, b) => a - b),
  );
  assert.deepEqual([buckets[0], buckets.at(-1)], [0, DURATION_BUCKETS - 1]);
});

function world() {
  const counts = new Int32Array(DURATION_BUCKETS);
  const add = (ms: number, times: number) => {
    counts[bucketOf(ms)] = ((counts[bucketOf(ms)] as number) + times) | 0;
  };
  return { counts, add, window: new DurationWindow(counts, 0) };
}

test('duration window of an actor that has handled nothing says nothing', () => {
  assert.equal(world().window.quantile(0.99), null);
});

test('duration window answers the quantile of what was handled', () => {
  const { add, window } = world();
  add(0.2, 990);
  add(40, 10);
  close(window.quantile(0.99), 0.2);
  add(40, 1);
  close(window.quantile(0.99), 40);
  close(window.quantile(0.5), 0.2);
});

test('duration window forgets what is older than a minute', () => {
  const { add, window } = world();
  add(800, 50);
  for (let at = 0; at <= 30_000; at += 100) window.sample(at);
  add(2, 1_000);
  for (let at = 30_100; at <= 54_900; at += 100) window.sample(at);
  close(window.quantile(0.99), 800);
  for (let at = 55_000; at <= 66_000; at += 100) window.sample(at);
  close(window.quantile(0.99), 2);
  for (let at = 66_100; at <= 130_000; at += 100) window.sample(at);
  assert.equal(window.quantile(0.99), null);
});

test('duration window counts on where a counter wraps', () => {
  const { counts, add, window } = world();
  counts[bucketOf(1)] = -3;
  window.sample(5_000);
  for (let at = 10_000; at <= 70_000; at += 5_000) window.sample(at);
  add(1, 10);
  add(9, 5);
  close(window.quantile(0.5), 1);
  close(window.quantile(0.99), 9);
});
