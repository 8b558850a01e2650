/** Where orders stand: one order over all there are, the same in hot store and archive, so that pages neither repeat nor skip. */
import type { TopicPartition } from '../../protocol/event.ts';

export type OrderPlace = TopicPartition & {
  readonly time: number;
  readonly offset: number;
  readonly element: number;
};

export function newestFirst(a: OrderPlace, b: OrderPlace): number {
  if (a.time !== b.time) return b.time - a.time;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || b.offset - a.offset || b.element - a.element;
}
