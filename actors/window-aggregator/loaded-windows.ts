/**
 * The windows in memory: all that changed since the last commit, and of the others those used last, up to a budget.
 * A window that is not here is in the store, or holds nothing yet.
 */
import { unpackWindow, WINDOW_MS, WindowState, windowStart } from '../kpi/window.ts';

/** Packed bytes of windows kept (in memory about five times that): minutes of a very busy partition, hours of a quiet one. */
const MOST_BYTES = 2 * 1024 * 1024;
/** What an empty window weighs: its own tables. */
const LEAST_BYTES = 4 * 1024;

type Loaded = { readonly window: WindowState; bytes: number };

export class LoadedWindows {
  /** In order of use, the one not used for longest first. */
  readonly #windows = new Map<number, Loaded>();
  /** Windows that may have changed since the last commit. */
  readonly #used = new Set<number>();
  #bytes = 0;
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
    const loaded = this.#windows.get(start);
    if (!loaded) return this.#add(new WindowState(start), 0);
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

  /** Lets go of clean windows: those that end at `horizon` or before, then those not used for longest. */
  evict(horizon: number): void {
    const clearTo = windowStart(horizon);
    if (this.#bytes <= MOST_BYTES && clearTo === this.#clearedTo) return;
    this.#clearedTo = clearTo;
    for (const [start, loaded] of this.#windows) {
      const over = this.#bytes > MOST_BYTES || start + WINDOW_MS <= horizon;
      if (!over || this.#used.has(start)) continue;
      this.#windows.delete(start);
      this.#bytes -= loaded.bytes;
    }
  }

  #add(window: WindowState, packedBytes: number): WindowState {
    const bytes = LEAST_BYTES + packedBytes;
    this.#windows.set(window.start, { window, bytes });
    this.#bytes += bytes;
    return window;
  }
}
