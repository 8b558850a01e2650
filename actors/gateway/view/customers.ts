/**
 * Distinct customers by minute, all and by segment. Sketches only ever grow, so the partitions' merge into one a minute.
 *
 * Reading a sketch costs far more than any other cell, and each pack of changes brings the whole of it: packs wait
 * until somebody asks for their minute, and one whose groups all come again in a later pack is never read.
 */
import { HyperLogLog } from '../../kpi/hll.ts';
import { unpackWindow } from '../../kpi/window.ts';
import { entryOf } from '../entry.ts';
import { MINUTE_MS } from './span.ts';

/** A segment, or undefined for all customers. */
export type Group = string | undefined;
export type Sketches = ReadonlyMap<Group, HyperLogLog>;

type Pack = { readonly partition: string; readonly packed: Uint8Array; readonly segments: ReadonlySet<string> };
type Minute = { readonly sketches: Map<Group, HyperLogLog>; waiting: Pack[] };

/** More packs than this wait for no minute: what they hold is bounded. */
const MOST_WAITING = 64;
const READ = { cubes: ['segment'], sketches: ['overall', 'segment'] } as const;
const NONE: Sketches = new Map();

export class Customers {
  /** Minutes told since this set was last emptied. */
  readonly changed = new Set<number>();
  #minutes = new Map<number, Minute>();

  /** `segments` are those with an order in the pack: whoever is new to a sketch has ordered. */
  tell(partition: string, minute: number, packed: Uint8Array, segments: ReadonlySet<string>): void {
    if (segments.size === 0) return;
    const entry = entryOf(this.#minutes, minute, () => ({ sketches: new Map(), waiting: [] }));
    entry.waiting = entry.waiting.filter((pack) => pack.partition !== partition || !pack.segments.isSubsetOf(segments));
    entry.waiting.push({ partition, packed, segments });
    if (entry.waiting.length > MOST_WAITING) read(minute, entry);
    this.changed.add(minute);
  }

  sketchesOf(minute: number): Sketches {
    const entry = this.#minutes.get(minute);
    if (entry === undefined) return NONE;
    read(minute, entry);
    return entry.sketches;
  }

  ofMinute(minute: number): number {
    return this.sketchesOf(minute).get(undefined)?.estimate() ?? 0;
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

function read(minute: number, entry: Minute): void {
  for (const { packed } of entry.waiting) {
    const window = unpackWindow(minute, packed, READ);
    add(entry.sketches, undefined, window.customers);
    window.forEach('segment', ([segment]) => {
      const sketch = window.customersOf('segment', segment as string);
      if (sketch !== undefined) add(entry.sketches, segment, sketch);
    });
  }
  entry.waiting = [];
}

export function add(sketches: Map<Group, HyperLogLog>, group: Group, sketch: HyperLogLog): void {
  entryOf(sketches, group, () => new HyperLogLog()).merge(sketch);
}

/**
 * Distinct customers of an hour, by group. All but its last two minutes hardly change, so their union is kept until
 * one of them does.
 */
export class HourOfCustomers {
  #last = Number.NaN;
  #settled: Sketches | undefined;
  #minutes: number;

  /** `minutes` is the length of the hour. */
  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  /** The hour that ends with the minute `last`; `changed` are the minutes told since the last call. */
  estimates(customers: Customers, last: number, changed: ReadonlySet<number>): Map<Group, number> {
    const fresh = last - MINUTE_MS;
    const first = last - (this.#minutes - 1) * MINUTE_MS;
    const touched = [...changed].some((minute) => minute >= first && minute < fresh);
    if (last !== this.#last || touched) this.#settled = undefined;
    this.#last = last;
    this.#settled ??= union(customers, first, fresh - MINUTE_MS, NONE);
    const merged = union(customers, fresh, last, this.#settled);
    return new Map([...merged].map(([group, sketch]) => [group, sketch.estimate()]));
  }
}

/** The minutes first .. last, and what is known already. */
function union(customers: Customers, first: number, last: number, known: Sketches): Sketches {
  const merged = new Map<Group, HyperLogLog>();
  for (const [group, sketch] of known) add(merged, group, sketch);
  for (let minute = first; minute <= last; minute += MINUTE_MS) {
    for (const [group, sketch] of customers.sketchesOf(minute)) add(merged, group, sketch);
  }
  return merged;
}
