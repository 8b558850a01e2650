/**
 * Whether an actor uses more memory than it may: over the soft limit for a while it is to be restarted in order, over
 * the hard one it is to end at once. V8 ends the whole process when a heap is full, and a heap cannot be told to be
 * smaller without that; so an actor must be gone before. Pure: the supervisor's tick brings what it saw.
 */

export type MemoryLimits = {
  /** Heap and buffers together. 0 = none. */
  readonly softBytes: number;
  readonly hardBytes: number;
  /** Least time from an actor's start to a restart in order: what it needs from the start no restart makes less. */
  readonly restMs: number;
};

export type MemorySeen = {
  readonly heapBytes: number;
  /** Outside the heap: buffers. */
  readonly externalBytes: number;
  /** What V8 would end the process at; 0 = not known. */
  readonly heapLimitBytes: number;
};

export type MemoryState = 'well' | 'soft' | 'hard';

/** Much of a heap is garbage that V8 has not looked for yet; what is left after so long is in use. */
const SOFT_MS = 3_000;
/** Of V8's own limit. The rest is for what is added until the thread has ended. */
const HEAP_SHARE = 0.75;

export class MemoryGuard {
  readonly #limits: MemoryLimits;
  #overMs = 0;
  #upMs = 0;

  constructor(limits: MemoryLimits) {
    this.#limits = limits;
  }

  /** `soft` comes at every look from then on. */
  look({ heapBytes, externalBytes, heapLimitBytes }: MemorySeen, sinceTickMs: number): MemoryState {
    const { softBytes, hardBytes, restMs } = this.#limits;
    const bytes = heapBytes + externalBytes;
    if (hardBytes > 0 && bytes >= hardBytes) return 'hard';
    if (heapLimitBytes > 0 && heapBytes >= heapLimitBytes * HEAP_SHARE) return 'hard';
    this.#upMs += sinceTickMs;
    this.#overMs = softBytes > 0 && bytes >= softBytes ? this.#overMs + sinceTickMs : 0;
    return this.#overMs >= SOFT_MS && this.#upMs >= restMs ? 'soft' : 'well';
  }
}

export function describeMemory({ heapBytes, externalBytes }: MemorySeen): string {
  const megabytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
  return `it uses ${megabytes(heapBytes + externalBytes)} of memory, ${megabytes(externalBytes)} of it outside the heap`;
}
