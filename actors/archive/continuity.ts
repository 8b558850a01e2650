/** Whether every record that was ever committed stands in exactly one place: in a batch, or above all batches in the hot store. */
import { partitionKey } from '../../protocol/event.ts';
import type { ArchiveBatch } from '../ports/archive.ts';
import type { PartitionState, RawExtent } from '../ports/hot-store.ts';

/** Read in this order, so that what moves meanwhile is never missing: states, extents, batches. */
export type Places = {
  readonly states: readonly PartitionState[];
  readonly extents: readonly RawExtent[];
  /** Those that readers see. */
  readonly batches: readonly ArchiveBatch[];
};

/** What is wrong, a sentence each. */
export function placesWrong({ states, extents, batches }: Places): string[] {
  return states.flatMap((state) => {
    const key = partitionKey(state);
    const of = (place: { topic: string; partition: number }) => partitionKey(place) === key;
    const own = batches.filter((batch) => batch.kind === 'events' && of(batch));
    return wrongIn(key, state, extents.find(of), own);
  });
}

function wrongIn(
  key: string,
  { nextOffset, gap = 0 }: PartitionState,
  extent: RawExtent | undefined,
  batches: readonly ArchiveBatch[],
): string[] {
  const wrong: string[] = [];
  let at = 0;
  let missing = 0;
  for (const { id, fromOffset, toOffset } of [...batches].sort((a, b) => a.fromOffset - b.fromOffset)) {
    if (fromOffset < at) wrong.push(`${id} holds records of ${key} below ${at} that another batch holds already`);
    missing += Math.max(0, fromOffset - at);
    at = Math.max(at, toOffset);
  }
  const hasHot = extent !== undefined && extent.next > at;
  if (hasHot) missing += Math.max(0, extent.from - at);
  missing += Math.max(0, nextOffset - (hasHot ? extent.next : at));
  if (missing > gap) {
    wrong.push(
      `${missing} offsets of ${key} below ${nextOffset} are neither archived nor hot, and ${gap} are known as lost`,
    );
  }
  return wrong;
}
