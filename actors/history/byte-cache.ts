/** What was read of the archive, the least recently used forgotten first; of files that never change under their key. */
type Entry = { readonly value: unknown; readonly bytes: number };

export class ByteCache {
  readonly #most: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  /** One entry is kept even when it alone weighs more. */
  constructor(mostBytes: number) {
    this.#most = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** One key is always of one kind of value. */
  async get<T>(key: string, read: () => Promise<{ readonly value: T; readonly bytes: number }>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value as T;
    }
    const entry = await read();
    // Read twice at once: the first stays.
    if (!this.#entries.has(key)) {
      this.#entries.set(key, entry);
      this.#bytes += entry.bytes;
      this.#forget();
    }
    return entry.value;
  }

  #forget(): void {
    for (const [key, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#most || this.#entries.size === 1) return;
      this.#entries.delete(key);
      this.#bytes -= bytes;
    }
  }
}
