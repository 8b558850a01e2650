import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesOver,
  chunksInBatch,
  failed,
  finalPath,
  oldestOf,
  plannedBatch,
  replanned,
  retryDelayMs,
  unclaimed,
} from '../../../actors/archiver/core.ts';
import type { BatchFile } from '../../../actors/ports/archive.ts';
import type { RawExtent } from '../../../actors/ports/hot-store.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';
import { ordersChunk } from '../../contracts/commits.ts';

const extent = (partition: number, bytes: number): RawExtent => {
  return { topic: 'orders', partition, bytes, records: bytes, from: 0, next: bytes, horizon: 0 };
};
const own = new Set(['orders/0', 'orders/1']);

test('archiver has nothing to do up to 95 % of the budget, and its share down to 85 % of it above', () => {
  assert.equal(bytesOver([extent(0, 600), extent(1, 350)], own, 1000, false), 0);
  assert.equal(bytesOver([extent(0, 600), extent(1, 351)], own, 1000, false), 101);
  assert.equal(bytesOver([extent(0, 600), extent(2, 600)], own, 1000, false), 175);
  assert.equal(bytesOver([extent(2, 5000)], own, 1000, false), 0);
});

test('archiver that has begun goes on until it is far enough below the budget', () => {
  assert.equal(bytesOver([extent(0, 900)], own, 1000, false), 0);
  assert.equal(bytesOver([extent(0, 900)], own, 1000, true), 50);
  assert.equal(bytesOver([extent(0, 850)], own, 1000, true), 0);
});

test('archiver takes the partition whose oldest record is the oldest', () => {
  const candidates = [
    { extent: extent(0, 10), oldestAt: 50 },
    { extent: extent(1, 10), oldestAt: 40 },
    { extent: extent(2, 0), oldestAt: 1 },
  ];
  assert.equal(oldestOf(candidates)?.extent.partition, 1);
  assert.equal(oldestOf([]), undefined);
});

test('batch ends at the chunk that reaches what is needed, at the offset that is wanted, and has one chunk at least', () => {
  const chunks = [0, 10, 20, 30].map((base) => {
    const orders = Array.from({ length: 10 }, (_, index) => ({ id: `o${base + index}`, time: 1, state: 'SP' }));
    return ordersChunk(base, orders);
  });
  const one = (chunks[0]?.frames.length ?? 0) + 40;
  assert.equal(chunksInBatch(chunks, 1), 1);
  assert.equal(chunksInBatch(chunks, one), 1);
  assert.equal(chunksInBatch(chunks, one + 1), 2);
  assert.equal(chunksInBatch(chunks, Number.POSITIVE_INFINITY), 4);
  assert.equal(chunksInBatch(chunks, Number.POSITIVE_INFINITY, 20), 2);
  assert.equal(chunksInBatch(chunks, Number.POSITIVE_INFINITY, 25), 3);
  assert.equal(chunksInBatch(chunks, Number.POSITIVE_INFINITY, 0), 1);
  assert.equal(chunksInBatch([], 1), 0);
});

test('a failed batch is planned again with its records, its attempts and why', () => {
  const planned = plannedBatch({ topic: 'orders', partition: 3 }, 100, 200, 5);
  assert.equal(planned.id, 'orders-3-000000000100');
  const once = failed({ ...planned, state: 'WRITTEN', rows: 7, files: [] }, 'why');
  assert.deepEqual([once.state, once.attempts, once.error], ['FAILED', 1, 'why']);
  const again = replanned(once);
  assert.deepEqual(again, { ...planned, attempts: 1, error: 'why' });
});

test('archiver waits twice as long after each failure, five minutes at most', () => {
  assert.deepEqual([1, 2, 3, 9, 10, 99].map(retryDelayMs), [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
});

test('files of a batch know their final names from wherever they stand', () => {
  const batch = archiveBatch(0);
  const file = (table: BatchFile['table'], path: string): BatchFile => {
    return { table, path, orderDate: '2026-02-28', rows: 0, bytes: 0, checksum: '', from: null, to: null };
  };
  const finals = [
    file('orders', '_tmp/x..orders..part.parquet'),
    file('raw', '_tmp/x..raw..a.ndjson.zst'),
    file('raw', '_tmp/x..raw..a.index.zst'),
  ].map((one) => finalPath(batch, one));
  assert.deepEqual(finals, [
    'orders/order_date=2026-02-28/part-orders-0-000000000000.parquet',
    'raw/orders/date=2026-02-28/part-orders-0-000000000000-0.ndjson.zst',
    'raw/orders/date=2026-02-28/part-orders-0-000000000000-0.index.zst',
  ]);
});

test('temporary files are unclaimed when they are of an own partition and no batch names them', () => {
  const path = (topic: string, partition: number) =>
    `_tmp/n..orders..order_date=2026-02-28..part-${topic}-${partition}-000000000000.parquet`;
  const paths = [path('orders', 0), path('orders', 1), path('orders', 10), path('re-orders', 1), '_tmp/other'];
  const claimed = archiveBatch(0, {
    files: [
      {
        table: 'orders',
        path: path('orders', 0),
        orderDate: '2026-02-28',
        rows: 0,
        bytes: 0,
        checksum: '',
        from: null,
        to: null,
      },
    ],
  });
  const places = [0, 1].map((partition) => ({ topic: 'orders', partition }));
  assert.deepEqual(unclaimed(paths, places, [claimed]), [path('orders', 1)]);
});
