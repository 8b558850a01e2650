/** How the embedded store measures raw events, and gives their place back to the disk. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedRawReader } from '../../../actors/backends/store-embedded-raw.ts';
import { prepareStore } from '../../../actors/backends/store-embedded-schema.ts';
import { commitAfter, ordersChunk, rawChunk } from '../../contracts/commits.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const ORDERS_0 = { topic: 'orders', partition: 0 };
const T0 = 1_763_600_000_000;

function storeOf(t: TestContext) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const config = { dataDir: folder.path, partitions: 1, topics: ['orders', 'clicks'] };
  prepareStore(config);
  return { config, path: join(folder.path, 'store', 'p0.db') };
}

function someOrders(base: number, count: number) {
  const orders = Array.from({ length: count }, (_, index) => ({ id: `o${base + index}`, time: T0, state: 'SP' }));
  return ordersChunk(base, orders);
}

/** The sum worked out anew from every blob. */
function countedAnew(path: string): Record<number, number> {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare(
      `SELECT raw.key >> 44 AS topic, length(frames) AS frames, order_hashes AS hashes, marks
        FROM raw LEFT JOIN raw_orders USING (key)`,
    )
    .all() as { topic: number; frames: number; hashes: Uint8Array | null; marks: string | null }[];
  database.close();
  const sums: Record<number, number> = {};
  for (const { topic, frames, hashes, marks } of rows) {
    sums[topic] = (sums[topic] ?? 0) + frames + (hashes?.length ?? 0) + Buffer.byteLength(marks ?? '');
  }
  return sums;
}

function remembered(path: string): Record<number, number> {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare('SELECT topic, bytes FROM raw_sums WHERE bytes <> 0').all();
  database.close();
  return Object.fromEntries(rows.map(({ topic, bytes }) => [topic, bytes]));
}

test('embedded store remembers exactly what its raw events weigh, through commits and letting go', async (t) => {
  const { config, path } = storeOf(t);
  const store = new EmbeddedPartitionStore(config);
  let state = await store.open(ORDERS_0);
  let clicks = await store.open({ topic: 'clicks', partition: 0 });
  for (let round = 0; round < 20; round++) {
    const base = round * 100;
    const marks = [{ offset: base + 1, element: -1, mark: round % 2 === 0 ? 'late' : 'duplicate' } as const];
    const marked = { ...someOrders(base, 60), marks };
    const plain = rawChunk(
      base + 60,
      Array.from({ length: 40 }, () => ({ text: 'açúcar', orders: [] })),
    );
    const orders = commitAfter(state, { nextOffset: base + 100, raw: [marked, plain] });
    const other = commitAfter(clicks, { nextOffset: base + 40, raw: [rawChunk(base, [{ text: 'x', orders: [] }])] });
    await store.commit([orders, other]);
    [state, clicks] = [orders, other];
    if (round % 3 === 0) await store.dropRaw(state, base - 60);
    assert.deepEqual(remembered(path), countedAnew(path), `round ${round}`);
  }
  await store.close();
});

test('embedded store of before there was an archive is measured once, and goes on', async (t) => {
  const { config, path } = storeOf(t);
  const store = new EmbeddedPartitionStore(config);
  const state = await store.open(ORDERS_0);
  const marks = [{ offset: 1, element: -1, mark: 'late' } as const];
  const commit = commitAfter(state, { nextOffset: 200, raw: [{ ...someOrders(0, 100), marks }, someOrders(100, 100)] });
  await store.commit([commit]);
  await store.close();
  const database = new DatabaseSync(path);
  database.exec('DROP TABLE raw_sums');
  database.close();
  prepareStore(config);
  assert.deepEqual(remembered(path), countedAnew(path));
  const again = new EmbeddedPartitionStore(config);
  const owner = await again.open(ORDERS_0);
  await again.commit([commitAfter(owner, { nextOffset: 300, raw: [someOrders(200, 100)] })]);
  await again.dropRaw(owner, 100);
  assert.deepEqual(remembered(path), countedAnew(path));
  await again.close();
});

test('embedded store gives the place of what it let go back to the disk, a slice at a time', async (t) => {
  const { config, path } = storeOf(t);
  const store = new EmbeddedPartitionStore(config);
  let state = await store.open(ORDERS_0);
  for (let base = 0; base < 60_000; base += 1000) {
    const commit = commitAfter(state, { nextOffset: base + 1000, raw: [someOrders(base, 1000)] });
    await store.commit([commit]);
    state = commit;
  }
  const before = remembered(path)[1] as number;
  assert.ok(before > 10_000_000);
  let calls = 1;
  while (!(await store.dropRaw(state, 59_000))) calls++;
  assert.ok(calls > 3, `${calls} calls`);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  assert.ok(statSync(path).size < before / 3, `${statSync(path).size} of ${before} bytes`);
  const reader = new EmbeddedRawReader(config);
  assert.equal((await reader.raw(ORDERS_0, 0, 1)).at(0)?.base, 59_000);
  await reader.close();
  await store.close();
});
