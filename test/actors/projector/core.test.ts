import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WindowState } from '../../../actors/kpi/window.ts';
import { foldMinute, lags, pauseAfter } from '../../../actors/projector/core.ts';

const T0 = 1_763_600_400_000;

function window(cells: readonly (readonly [string, string, readonly number[]])[]): Uint8Array {
  const state = new WindowState(T0);
  for (const [customer, category, values] of cells) state.set('state_category', [customer, category], values);
  return state.pack();
}

test('a minute is folded from the windows of all topic-partitions, by state and category', () => {
  const rows = foldMinute(T0, [
    window([
      ['SP', 'toys', [2, 1, 5, 1_999]],
      ['RJ', 'books', [1, 0, 3, 0]],
    ]),
    window([['SP', 'toys', [1, 1, 2, 1_001]]]),
    window([]),
  ]);
  assert.deepEqual(
    rows.sort((a, b) => (a.customer_state < b.customer_state ? -1 : 1)),
    [
      {
        customer_state: 'RJ',
        product_category: 'books',
        total_orders: 1,
        paid_orders: 0,
        total_items: 3,
        total_sales: 0,
        avg_order_value: null,
      },
      {
        customer_state: 'SP',
        product_category: 'toys',
        total_orders: 3,
        paid_orders: 2,
        total_items: 7,
        total_sales: 30,
        avg_order_value: 15,
      },
    ],
  );
});

test('a projection rests in proportion to its work, goes on at once while more waits, and never rests for long', () => {
  assert.equal(pauseAfter({ tookMs: 10, more: false, restMs: 400 }), 400);
  assert.equal(pauseAfter({ tookMs: 500, more: false, restMs: 400 }), 1_500);
  assert.equal(pauseAfter({ tookMs: 500, more: true, restMs: 400 }), 0);
  assert.equal(pauseAfter({ tookMs: 60_000, more: false, restMs: 400 }), 5_000, 'the store was away for a minute');
});

test('a backlog is told of when it is old or long', () => {
  assert.equal(lags({ commits: 100, bytes: 1e6, oldestMs: 3_000 }), false);
  assert.equal(lags({ commits: 100, bytes: 1e6, oldestMs: 31_000 }), true);
  assert.equal(lags({ commits: 30_000, bytes: 1e6, oldestMs: 3_000 }), true);
});
