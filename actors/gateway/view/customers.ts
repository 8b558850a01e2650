/** Distinct customers by minute, all and by segment. Sketches only ever grow, so the partitions' merge into one a minute. */
import { HyperLogLog } from '../../kpi/hll.ts';
import { entryOf } from '../entry.ts';
import { HOUR_MINUTES, MINUTE_MS } from './span.ts';

export class Customers {
  /** Minutes whose sketch is not what it was when this set was last emptied. */
  readonly changed = new Set<number>();
  #minutes = new Map<number, Map<string | undefined, HyperLogLog>>();

  /** `group` is a segment, or undefined for all customers. */
  add(minute: number, group: string | undefined, sketch: HyperLogLog): void {
    const groups = entryOf(this.#minutes, minute, () => new Map<string | undefined, HyperLogLog>());
    entryOf(groups, group, () => new HyperLogLog()).merge(sketch);
    this.changed.add(minute);
  }

  ofMinute(minute: number): number {
    const sketch = this.#minutes.get(minute)?.get(undefined);
    return sketch === undefined ? 0 : sketch.estimate();
  }

  /** Distinct customers of the sixty minutes that end with `last`, by group. */
  ofHour(last: number): Map<string | undefined, number> {
    const merged = new Map<string | undefined, HyperLogLog>();
    for (let minute = last - (HOUR_MINUTES - 1) * MINUTE_MS; minute <= last; minute += MINUTE_MS) {
      for (const [group, sketch] of this.#minutes.get(minute) ?? []) {
        entryOf(merged, group, () => new HyperLogLog()).merge(sketch);
      }
    }
    return new Map([...merged].map(([group, sketch]) => [group, sketch.estimate()]));
  }

  dropBefore(minute: number): void {
    for (const start of [...this.#minutes.keys()]) {
      if (start >= minute) continue;
      this.#minutes.delete(start);
      this.changed.add(start);
    }
  }

  clear(): void {
    this.dropBefore(Number.POSITIVE_INFINITY);
  }
}
