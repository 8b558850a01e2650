/**
 * Who owns which partitions, and how they move when the number of lanes changes. Decisions only; the moves are
 * carried out by whoever holds the tree. State moves by itself: it stands in the store, and the new owner's epoch
 * fences the old one.
 */
import { allPartitions, type PartitionCounts, type TopicPartition } from '../protocol/event.ts';

/** Partition i of every topic goes to lane i mod K. */
export function partitionsOfLane(
  lane: number,
  lanes: number,
  topics: readonly string[],
  partitions: PartitionCounts,
): TopicPartition[] {
  return allPartitions(topics, partitions).filter(({ partition }) => partition % lanes === lane);
}

/** What a lane keeps while it changes from one number of lanes to another: what it owns before and after. */
export function partitionsKept(
  lane: number,
  change: { readonly from: number; readonly to: number },
  topics: readonly string[],
  partitions: PartitionCounts,
): TopicPartition[] {
  return partitionsOfLane(lane, change.from, topics, partitions).filter(
    ({ partition }) => lane < change.to && partition % change.to === lane,
  );
}
