/**
 * The windows in memory: all that changed since the last commit, and of the others those used lately, up to a budget.
 * A window that is not here is in the store, or holds nothing yet.
 */
import { unpackWindow, WINDOW_MS, WindowState, windowStart } from '../kpi/window.ts';

/** Packed bytes of windows kept (in memory about five times that): minutes of a very busy partition, hours of a quiet one. */
const MOST_BYTES = 2 * 1024 * 1024;
/** What an empty window weighs: its own tables. */
const LEAST_BYTES = 4 * 1024;

/**
 * A window that was not used while the newest one moved on by so much goes even below the budget: nearly all events are of
 * the last minutes, and an hour that nobody asks for any more would be most of an aggregator's memory. Where events come
 * in shuffled by more than that their windows are used all the time, and stay.
 */
const UNUSED_MS = 5 * WINDOW_MS;

/** `usedAt` is the newest window when this one was last used. */
type Loaded = { readonly window: WindowState; bytes: number; usedAt: number };

export class LoadedWindows {
  /** In order of use, the one not used for longest first. */
  readonly #windows = new Map<number, Loaded>();
  /** Windows that may have changed since the last commit. */
  readonly #used = new Set<number>();
  #bytes = 0;
  #newest = Number.NEGATIVE_INFINITY;
  /** The window of the horizon that was last cleared up to. */
  #clearedTo = Number.NEGATIVE_INFINITY;

  has(start: number): boolean {
    return this.#windows.has(start);
  }

  adopt(start: number, packed: Uint8Array | undefined): void {
    this.#add(packed ? unpackWindow(start, packed) : new WindowState(start), packed?.length ?? 0);
  }

  /** How many windows the next commit would write, at most. */
  get changedCount(): number {
    return this.#used.size;
  }

  /** The window, made where there is none, to be changed. */
  use(start: number): WindowState {
    this.#used.add(start);
    this.#newest = Math.max(this.#newest, start);
    const loaded = this.#windows.get(start);
    if (!loaded) return this.#add(new WindowState(start), 0);
    loaded.usedAt = this.#newest;
    this.#windows.delete(start);
    this.#windows.set(start, loaded);
    return loaded.window;
  }

  /** Changed windows, each with what to tell when it has been packed. */
  *changed(): Generator<{ readonly window: WindowState; readonly packedTo: (bytes: number) => void }> {
    for (const start of this.#used) {
      const loaded = this.#windows.get(start) as Loaded;
      const packedTo = (bytes: number) => {
        this.#bytes += LEAST_BYTES + bytes - loaded.bytes;
        loaded.bytes = LEAST_BYTES + bytes;
        this.#used.delete(start);
      };
      if (loaded.window.dirty) yield { window: loaded.window, packedTo };
      else this.#used.delete(start);
    }
  }

  /** Lets go of clean windows: those that end at `horizon` or before, those not used lately, then those not used for longest. */
  evict(horizon: number): void {
    const clearTo = windowStart(horizon);
    if (this.#bytes <= MOST_BYTES && clearTo === this.#clearedTo) return;
    this.#clearedTo = clearTo;
    for (const [start, loaded] of this.#windows) {
      const unused = loaded.usedAt < this.#newest - UNUSED_MS;
      const over = this.#bytes > MOST_BYTES || unused || start + WINDOW_MS <= horizon;
      if (!over || this.#used.has(start)) continue;
      this.#windows.delete(start);
      this.#bytes -= loaded.bytes;
    }
  }

  #add(window: WindowState, packedBytes: number): WindowState {
    const bytes = LEAST_BYTES + packedBytes;
    this.#windows.set(window.start, { window, bytes, usedAt: this.#newest });
    this.#bytes += bytes;
    return window;
  }
}
