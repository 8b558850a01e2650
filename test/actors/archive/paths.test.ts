import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayIn } from '../../../actors/archive/days.ts';
import { batchIdOf, indexPathOf, rawPath, tablePath, temporaryPath } from '../../../actors/archive/paths.ts';
import { checkArchivePath } from '../../../actors/backends/archive-path.ts';

test('paths of the archive are those of the contract, and fit every backend', () => {
  const place = { topic: 'orders', partition: 2 };
  const id = batchIdOf(place, 1234);
  assert.equal(id, 'orders-2-000000001234');
  const paths = [
    tablePath('orders', '2026-02-28', id),
    rawPath(place, '2026-02-28', id),
    indexPathOf(rawPath(place, '2026-02-28', id)),
  ];
  assert.deepEqual(paths, [
    'orders/order_date=2026-02-28/part-orders-2-000000001234.parquet',
    'raw/orders/date=2026-02-28/part-orders-2-000000001234-2.ndjson.zst',
    'raw/orders/date=2026-02-28/part-orders-2-000000001234-2.index.zst',
  ]);
  const temporary = paths.map((path) => temporaryPath(path, 'a1'));
  assert.deepEqual(indexPathOf(temporary[1] as string), temporary[2]);
  assert.equal(new Set(temporary).size, 3);
  for (const path of [...paths, ...temporary]) checkArchivePath(path);
  assert.ok(temporary.every((path) => path.split('/').length === 2 && path.startsWith('_tmp/')));
});

test('batch ids sort by offset', () => {
  const ids = [0, 9, 10, 999_999, 1_000_000].map((from) => batchIdOf({ topic: 'clicks', partition: 0 }, from));
  assert.deepEqual([...ids].sort(), ids);
});

test('days are those of the zone, at their borders too', () => {
  const dayOf = dayIn('America/Sao_Paulo');
  const midnight = Date.UTC(2026, 1, 28, 3);
  assert.equal(dayOf(midnight - 1), '2026-02-27');
  assert.equal(dayOf(midnight), '2026-02-28');
  assert.equal(dayOf(midnight + 86_400_000 - 1), '2026-02-28');
  assert.equal(dayOf(midnight + 86_400_000), '2026-03-01');
  // The clocks went forward at midnight: this day began at one.
  assert.equal(dayOf(Date.UTC(2017, 9, 15, 3)), '2017-10-15');
  assert.equal(dayOf(Date.UTC(2017, 9, 15, 2, 59, 59, 999)), '2017-10-14');
  assert.equal(dayIn('UTC')(0), '1970-01-01');
  assert.equal(dayOf(0), '1969-12-31');
  assert.equal(dayOf(Number.NaN), '1970-01-01');
  assert.equal(dayOf(8.64e15), '1970-01-01');
});
