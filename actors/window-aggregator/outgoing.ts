/**
 * What the gateway has not been told yet: packs of changes by window. Several packs of a window become one, so what waits
 * is bounded by the windows, not by the commits.
 */
import { unpackWindow, WindowState } from '../kpi/window.ts';
import type { StoredWindow } from '../ports/hot-store.ts';

/** Packs of a window kept apart before they are made one. */
const MOST_PACKS = 4;

export class Outgoing {
  #packs = new Map<number, Uint8Array[]>();

  add(changes: readonly StoredWindow[]): void {
    for (const { start, packed } of changes) {
      const packs = this.#packs.get(start) ?? [];
      packs.push(packed);
      this.#packs.set(start, packs.length < MOST_PACKS ? packs : [join(start, packs)]);
    }
  }

  take(): StoredWindow[] {
    const taken = [...this.#packs].map(([start, packs]) => ({ start, packed: join(start, packs) }));
    this.#packs = new Map();
    return taken;
  }
}

function join(start: number, packs: readonly Uint8Array[]): Uint8Array {
  if (packs.length === 1) return packs[0] as Uint8Array;
  const joined = new WindowState(start);
  for (const packed of packs) joined.overwrite(unpackWindow(start, packed));
  return joined.pack();
}
