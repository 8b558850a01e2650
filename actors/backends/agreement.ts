/** Whether store and log belong together: the store must never be ahead of the log it was fed from. */
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { LogExtent } from '../ports/event-log.ts';
import type { PartitionState } from '../ports/hot-store.ts';

/** Throws at the first topic-partition whose stored offset lies beyond the log's end: going on would skip records. */
export function checkAgreement(states: readonly PartitionState[], extents: readonly LogExtent[]): void {
  const ends = new Map(extents.map((extent) => [partitionKey(extent), extent.end]));
  for (const state of states) {
    const key = partitionKey(state);
    const end = ends.get(key);
    if (end !== undefined && state.nextOffset > end) {
      throw new AppError(
        'data-mismatch',
        `Cannot go on as the store of ${key} stands at offset ${state.nextOffset} and its log ends at ${end}: log and store are not of the same time`,
      );
    }
  }
}
