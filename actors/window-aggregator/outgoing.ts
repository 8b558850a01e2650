/**
 * What one follower (the gateway, the bus) has not been told yet of a topic-partition: packs of changes by window.
 * Several packs of a window become one, so what waits is bounded by the windows, not by the commits; and more than a
 * bound of it is let go of: the follower is told where the partition stands, and reads what it lacks from the store.
 */
import { unpackWindow, WindowState } from '../kpi/window.ts';
import type { StoredWindow } from '../ports/hot-store.ts';

/** Packs of a window kept apart before they are made one. */
const MOST_PACKS = 4;
/** A follower that is away while a lane works off years of history must not hold all of it in memory. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Changes of the commits (from, to]; from = to says that they are in the store alone. */
export type Untold = { readonly from: number; readonly to: number; readonly windows: readonly StoredWindow[] };

export class Outgoing {
  #packs = new Map<number, Uint8Array[]>();
  #bytes = 0;
  #overflown = false;
  /** The commit up to which the follower was told. */
  #toldTo: number;
  #mostBytes: number;

  constructor(toldTo: number, mostBytes = MOST_BYTES) {
    this.#toldTo = toldTo;
    this.#mostBytes = mostBytes;
  }

  add(changes: readonly StoredWindow[]): void {
    if (this.#overflown) return;
    for (const { start, packed } of changes) {
      const packs = this.#packs.get(start) ?? [];
      packs.push(packed);
      this.#bytes += packed.length;
      if (packs.length < MOST_PACKS) this.#packs.set(start, packs);
      else this.#joinPacks(start, packs);
    }
    if (this.#bytes <= this.#mostBytes) return;
    this.#overflown = true;
    this.#packs.clear();
  }

  /** All up to the commit `to`; undefined when that was told already. */
  take(to: number): Untold | undefined {
    if (to === this.#toldTo) return undefined;
    const windows = [...this.#packs].map(([start, packs]) => ({ start, packed: join(start, packs) }));
    const from = this.#overflown ? to : this.#toldTo;
    this.#packs = new Map();
    this.#bytes = 0;
    this.#overflown = false;
    this.#toldTo = to;
    return { from, to, windows };
  }

  #joinPacks(start: number, packs: readonly Uint8Array[]): void {
    const joined = join(start, packs);
    this.#packs.set(start, [joined]);
    for (const { length } of packs) this.#bytes -= length;
    this.#bytes += joined.length;
  }
}

function join(start: number, packs: readonly Uint8Array[]): Uint8Array {
  if (packs.length === 1) return packs[0] as Uint8Array;
  const joined = new WindowState(start);
  for (const packed of packs) joined.overwrite(unpackWindow(start, packed));
  return joined.pack();
}
