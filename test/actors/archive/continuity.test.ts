import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesWrong } from '../../../actors/archive/continuity.ts';
import type { PartitionState, RawExtent } from '../../../actors/ports/hot-store.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';
import { emptyState } from '../window-aggregator/batches.ts';

const state = (parts: Partial<PartitionState>): PartitionState => emptyState(parts);
const hot = (from: number, next: number): RawExtent => {
  return { topic: 'orders', partition: 0, bytes: 1, records: next - from, from, next, horizon: from };
};
const batches = (...ranges: readonly [number, number][]) =>
  ranges.map(([from, toOffset]) => archiveBatch(from, { toOffset, state: 'DELETED' }));

test('every record in one place is nothing to speak of', () => {
  const states = [state({ nextOffset: 300 })];
  assert.deepEqual(placesWrong({ states, extents: [hot(200, 300)], batches: batches([0, 100], [100, 200]) }), []);
  assert.deepEqual(placesWrong({ states, extents: [hot(300, 300)], batches: batches([0, 300]) }), []);
  assert.deepEqual(placesWrong({ states, extents: [hot(0, 300)], batches: [] }), []);
  // Committed, and the owner has not let go yet.
  assert.deepEqual(placesWrong({ states, extents: [hot(0, 300)], batches: batches([0, 200]) }), []);
  // Archived since the extents were read.
  assert.deepEqual(placesWrong({ states, extents: [hot(0, 250)], batches: batches([0, 300]) }), []);
  assert.deepEqual(placesWrong({ states: [state({})], extents: [], batches: [] }), []);
});

test('what is in no place is counted, wherever it is missing', () => {
  const states = [state({ nextOffset: 300 })];
  const cases: readonly [RawExtent[], [number, number][], number][] = [
    [[hot(200, 300)], [[0, 100]], 100],
    [[hot(200, 300)], [[100, 200]], 100],
    [
      [hot(200, 300)],
      [
        [0, 50],
        [100, 200],
      ],
      50,
    ],
    [[hot(200, 290)], [[0, 200]], 10],
    [[], [[0, 200]], 100],
    [[], [], 300],
  ];
  for (const [extents, ranges, missing] of cases) {
    const wrong = placesWrong({ states, extents, batches: batches(...ranges) });
    assert.equal(wrong.length, 1);
    assert.match(wrong[0] ?? '', new RegExp(`^${missing} offsets of orders/0 below 300`));
  }
});

test('what the ledger knows as lost is not missing', () => {
  const states = [state({ nextOffset: 300, gap: 50 })];
  assert.deepEqual(placesWrong({ states, extents: [hot(250, 300)], batches: batches([0, 200]) }), []);
  assert.equal(placesWrong({ states, extents: [hot(251, 300)], batches: batches([0, 200]) }).length, 1);
});

test('what stands in two batches is named', () => {
  const wrong = placesWrong({
    states: [state({ nextOffset: 200 })],
    extents: [],
    batches: batches([0, 150], [100, 200]),
  });
  assert.equal(wrong.length, 1);
  assert.match(wrong[0] ?? '', /orders-0-000000000100 holds records of orders\/0 below 150/);
});
