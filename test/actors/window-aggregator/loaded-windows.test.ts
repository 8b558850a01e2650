import assert from 'node:assert/strict';
import test from 'node:test';
import { LoadedWindows } from '../../../actors/window-aggregator/loaded-windows.ts';

const MINUTE = 60_000;

/** Windows 0 to count - 1, each clean and as heavy as told. */
function loaded(count: number, bytes: number): LoadedWindows {
  const windows = new LoadedWindows();
  for (let minute = 0; minute < count; minute++) windows.use(minute * MINUTE).set('overall', [], [1]);
  for (const { window, packedTo } of windows.changed()) {
    window.clearChanges();
    packedTo(bytes);
  }
  return windows;
}

function held(windows: LoadedWindows, count: number): number[] {
  return Array.from({ length: count }, (_, minute) => minute).filter((minute) => windows.has(minute * MINUTE));
}

test('loaded windows that no event can reach any more are let go', () => {
  const windows = loaded(6, 100);
  windows.evict(3 * MINUTE - 1);
  assert.deepEqual(held(windows, 6), [2, 3, 4, 5]);
  windows.evict(3 * MINUTE);
  assert.deepEqual(held(windows, 6), [3, 4, 5]);
});

test('loaded windows above the budget go in the order of their last use', () => {
  const windows = loaded(6, 512 * 1024);
  windows.use(0);
  windows.evict(-MINUTE);
  assert.deepEqual(held(windows, 6), [0, 4, 5]);
});

test('loaded windows that changed stay whatever they weigh', () => {
  const windows = loaded(6, 3 * 1024 * 1024);
  windows.use(MINUTE).set('overall', [], [2]);
  windows.evict(100 * MINUTE);
  assert.deepEqual(held(windows, 6), [1]);
});

test('loaded windows that nobody used for minutes are let go, however little they weigh', () => {
  const windows = loaded(12, 100);
  windows.use(MINUTE);
  windows.evict(-MINUTE);
  assert.deepEqual(held(windows, 12), [1, 6, 7, 8, 9, 10, 11]);
});
