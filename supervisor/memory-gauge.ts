/**
 * Keeps the figures of a thread's memory fresh enough: as often as it beats, and while it grows ten times as often. Of a
 * loop that never turns nothing can be told from within; its heartbeat gives it away long before its memory does.
 */

export type OwnMemory = {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly heapLimitBytes: number;
};

/** While it grows, and at most: a look takes a microsecond. */
const LOOK_MS = 100;
/** More than garbage makes between two looks where nothing much happens. */
const GROWTH_BYTES = 8 * 2 ** 20;

export class MemoryGauge {
  readonly #read: () => OwnMemory;
  readonly #write: (memory: OwnMemory) => void;
  #bytes = Number.POSITIVE_INFINITY;
  #lookedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => OwnMemory, write: (memory: OwnMemory) => void) {
    this.#read = read;
    this.#write = write;
  }

  look(): void {
    const memory = this.#read();
    const bytes = memory.heapBytes + memory.externalBytes;
    const grows = bytes > this.#bytes + GROWTH_BYTES;
    this.#bytes = bytes;
    this.#lookedAt = performance.now();
    this.#write(memory);
    if (grows) this.#timer ??= setTimeout(() => this.#lookAgain(), LOOK_MS).unref();
  }

  /** For whoever comes by often. */
  lookIfDue(): void {
    if (performance.now() - this.#lookedAt >= LOOK_MS) this.look();
  }

  #lookAgain(): void {
    this.#timer = undefined;
    this.look();
  }
}
