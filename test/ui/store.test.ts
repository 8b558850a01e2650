/** The store between worker and elements: one notice a frame, and a pause that loses nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChannelChange } from '../../ui/data/channel.ts';
import { Store } from '../../ui/data/store.ts';

/** Collects what waits for the next animation frame. */
function frames(): { schedule: (run: () => void) => void; next: () => number } {
  let waiting: (() => void)[] = [];
  return {
    schedule: (run) => waiting.push(run),
    next: () => {
      const due = waiting;
      waiting = [];
      for (const run of due) run();
      return due.length;
    },
  };
}

const change = (
  flat: ChannelChange['flat'],
  reset = false,
  channel: ChannelChange['channel'] = 'states',
): ChannelChange => ({
  channel,
  reset,
  flat,
  frames: 1,
  asOf: 1,
  watermark: 2,
});

test('store tells a subscriber once a frame however many batches came, and only of its channels', () => {
  const { schedule, next } = frames();
  const store = new Store(schedule);
  let told = 0;
  const end = store.subscribe(['states'], () => told++);
  store.apply({ changes: [change(['a', 1], true)], status: undefined });
  store.apply({ changes: [change(['a', 2])], status: undefined });
  assert.equal(next(), 1);
  assert.equal(told, 1);
  store.apply({ changes: [change(['x', 1], true, 'minutes')], status: undefined });
  next();
  assert.equal(told, 1);
  end();
  store.apply({ changes: [change(['a', 3])], status: undefined });
  next();
  assert.equal(told, 1);
});

test('store knows the difference between nothing known and nothing there', () => {
  const store = new Store(() => undefined);
  assert.equal(store.channel('states').ready, false);
  store.apply({ changes: [change([], true)], status: undefined });
  assert.equal(store.channel('states').ready, true);
  assert.equal(store.channel('states').values.size, 0);
});

test('store holds changes back while paused, counts them, and shows them all on resume', () => {
  const store = new Store(() => undefined);
  store.apply({ changes: [change(['a', 1, 'b', 1], true)], status: undefined });
  store.pause(50);
  store.apply({ changes: [change(['a', 2])], status: undefined });
  store.apply({ changes: [change(['b', null])], status: undefined });
  assert.deepEqual(
    [...store.channel('states').values],
    [
      ['a', 1],
      ['b', 1],
    ],
  );
  assert.equal(store.paused?.since, 50);
  assert.equal(store.paused?.updates, 2);
  store.resume();
  assert.deepEqual([...store.channel('states').values], [['a', 2]]);
  assert.equal(store.paused, undefined);
});

test('store with pauses anywhere ends where a store without them ends', () => {
  const changes = fc.array(
    fc.record({
      reset: fc.boolean(),
      pause: fc.constantFrom('pause', 'resume', 'none'),
      writes: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.nat(9), fc.constant(null))), {
        maxLength: 3,
      }),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(changes, (steps) => {
      const plain = new Store(() => undefined);
      const pausing = new Store(() => undefined);
      for (const { reset, pause, writes } of steps) {
        if (pause === 'pause') pausing.pause(0);
        if (pause === 'resume') pausing.resume();
        // A snapshot has no removals in it.
        const flat = writes.filter(([, value]) => !reset || value !== null).flat();
        plain.apply({ changes: [change(flat, reset)], status: undefined });
        pausing.apply({ changes: [change(flat, reset)], status: undefined });
      }
      pausing.resume();
      assert.deepEqual(new Map(pausing.channel('states').values), new Map(plain.channel('states').values));
    }),
  );
});
