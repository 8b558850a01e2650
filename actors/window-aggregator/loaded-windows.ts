/**
 * The windows in memory: all that changed since the last commit, and of the others those used last, up to a budget.
 * A window that is not here is in the store, or holds nothing yet.
 */
import { unpackWindow, WINDOW_MS, WindowState } from '../kpi/window.ts';

/** Packed bytes of clean windows kept: some minutes of a very busy partition, hours of a quiet one. */
const CLEAN_BYTES = 4 * 1024 * 1024;
/** What an empty window weighs: its own tables. */
const LEAST_BYTES = 4 * 1024;

type Loaded = { readonly window: WindowState; bytes: number };

export class LoadedWindows {
  /** In order of use, the one not used for longest first. */
  readonly #windows = new Map<number, Loaded>();

  has(start: number): boolean {
    return this.#windows.has(start);
  }

  adopt(start: number, packed: Uint8Array | undefined): void {
    const window = packed ? unpackWindow(start, packed) : new WindowState(start);
    this.#windows.set(start, { window, bytes: LEAST_BYTES + (packed?.length ?? 0) });
  }

  /** The window, made where there is none; it counts as used. */
  use(start: number): WindowState {
    const loaded = this.#windows.get(start) ?? { window: new WindowState(start), bytes: LEAST_BYTES };
    this.#windows.delete(start);
    this.#windows.set(start, loaded);
    return loaded.window;
  }

  /** Changed windows, by start, each with what to note when it has been packed. */
  *changed(): Generator<{ readonly window: WindowState; readonly packedTo: (bytes: number) => void }> {
    for (const loaded of this.#windows.values()) {
      if (!loaded.window.dirty) continue;
      const packedTo = (bytes: number) => {
        loaded.bytes = LEAST_BYTES + bytes;
      };
      yield { window: loaded.window, packedTo };
    }
  }

  /** Lets go of clean windows: those that end at `horizon` or before, then those not used for longest. */
  evict(horizon: number): void {
    let bytes = 0;
    for (const loaded of this.#windows.values()) bytes += loaded.bytes;
    for (const [start, loaded] of this.#windows) {
      const over = bytes > CLEAN_BYTES || start + WINDOW_MS <= horizon;
      if (!over || loaded.window.dirty) continue;
      this.#windows.delete(start);
      bytes -= loaded.bytes;
    }
  }
}
