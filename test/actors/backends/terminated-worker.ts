/** Takes a partition over and commits until it is terminated or fenced, with a turn of the loop after each: Deno ends threads only there. */
import { parentPort, workerData } from 'node:worker_threads';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import type { PartitionState } from '../../../actors/ports/hot-store.ts';
import { commitAfter } from '../../contracts/commits.ts';

const store = new EmbeddedPartitionStore(workerData);
let state: PartitionState = await store.open({ topic: 'orders', partition: 0 });
const packed = new Uint8Array(100_000);
try {
  for (;;) {
    const windows = [0, 1, 2].map((minute) => ({ start: minute * 60_000, packed }));
    const commit = commitAfter(state, { nextOffset: state.seq + 1, windows });
    await store.commit([commit]);
    if (state.seq % 50 === 0) parentPort?.postMessage(state.seq);
    state = commit;
    await new Promise((resolve) => setImmediate(resolve));
  }
} catch {
  // Fenced: what a zombie meets.
}
await store.close();
