/** The raw records of a batch as the store keeps them, with what finds an order again. */
import { type EventBatch, KIND } from '../../protocol/batch.ts';
import type { BatchMessage } from '../../protocol/message.ts';
import type { RawChunk } from '../ports/hot-store.ts';
import type { Mark } from './judge.ts';

export function rawChunk(batch: BatchMessage, events: EventBatch, marks: readonly Mark[]): RawChunk {
  const hashes = new Uint32Array(events.rows);
  let orders = 0;
  // No order: a span that holds no time.
  let [minTime, maxTime] = [0, -1];
  for (let row = 0; row < events.rows; row++) {
    if (events.kind[row] !== KIND.order) continue;
    const time = events.time[row] as number;
    minTime = orders === 0 ? time : Math.min(minTime, time);
    maxTime = orders === 0 ? time : Math.max(maxTime, time);
    hashes[orders++] = events.idLow[row] as number;
  }
  const { base, next, records, zstd, frames } = batch;
  const orderHashes = hashes.slice(0, orders).sort();
  return { base, next, records, zstd, frames, orders, minTime, maxTime, orderHashes, marks };
}
