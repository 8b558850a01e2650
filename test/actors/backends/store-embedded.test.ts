/** What the embedded store must survive inside one process: owners that are terminated in the middle of a commit. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../../actors/backends/store-embedded-facts.ts';
import { EmbeddedStoreReader } from '../../../actors/backends/store-embedded-reader.ts';
import { prepareStore } from '../../../actors/backends/store-embedded-schema.ts';
import { commitAfter } from '../../contracts/commits.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const ORDERS_0 = { topic: 'orders', partition: 0 };
const TERMINATIONS = 8;

test('embedded store is free at once, and whole, when its owner is terminated in the middle of a commit', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const config = { dataDir: folder.path, partitions: 1, topics: ['orders'] };
  prepareStore(config);
  await new EmbeddedFactStore(config.dataDir).close();
  for (let round = 0; round < TERMINATIONS; round++) {
    const worker = new Worker(new URL('./terminated-worker.ts', import.meta.url), { workerData: config });
    await once(worker, 'message');
    const ended = worker.terminate();
    // A lock left behind would make this fail after some seconds.
    const successor = new EmbeddedPartitionStore(config);
    const state = await successor.open(ORDERS_0);
    await successor.commit([commitAfter(state, { nextOffset: state.seq + 1 })]);
    await successor.close();
    await ended;
    const reader = new EmbeddedStoreReader(config);
    const { states, windows } = await reader.snapshot(0, 1e9);
    assert.equal(states[0]?.seq, state.seq + 1);
    assert.equal(states[0]?.nextOffset, state.seq + 1);
    assert.ok(windows.every(({ seq }) => seq === windows[0]?.seq));
    await reader.close();
  }
});
