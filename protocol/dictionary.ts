/**
 * Texts of the decoder as small numbers, kept from batch to batch, so that a text that repeats is neither decoded nor
 * checked again. A number never changes its text until `reset`; the same text always has the same number.
 *
 * `#ids` is the truth. In front of it stands an open-addressed table from bytes to numbers: a slot is four words
 * (number + 1, hash, start, length) side by side, so that a probe is one cache line; the bytes lie in one arena.
 */

const SLOT_WORDS = 4;
const FIRST_SLOTS = 4096;
const FIRST_ARENA_BYTES = 256 * 1024;
/** A text that finds no place in this many slots stays out of the table: hostile texts of one hash cannot slow others. */
const PROBES = 16;
/** Above these the dictionary starts anew between two batches: some 100 MB at the very most. */
const MOST_TEXTS = 200_000;
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** What begins a hash of a text's bytes, and how a byte is added; the scanner does it while it looks for the end. */
export const HASH_START = 0x2545f491;
export const HASH_FACTOR = 0x01000193;

export class TextDictionary {
  #preloaded: readonly string[];
  #texts: string[] = [];
  #ids = new Map<string, number>();
  #characters = 0;
  #slots = new Int32Array(0);
  #used = 0;
  #arena = new Uint8Array(0);
  #arenaUsed = 0;
  #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** `preloaded` texts have the numbers 0, 1, 2 .. for ever. */
  constructor(preloaded: readonly string[]) {
    this.#preloaded = preloaded;
    this.reset();
  }

  get size(): number {
    return this.#texts.length;
  }

  get overfull(): boolean {
    return this.#texts.length > MOST_TEXTS || this.#characters > MOST_CHARACTERS || this.#arenaUsed > MOST_CHARACTERS;
  }

  reset(): void {
    this.#texts = [];
    this.#ids = new Map();
    this.#characters = 0;
    this.#slots = new Int32Array(FIRST_SLOTS * SLOT_WORDS);
    this.#used = 0;
    this.#arena = new Uint8Array(FIRST_ARENA_BYTES);
    this.#arenaUsed = 0;
    for (const text of this.#preloaded) this.idOf(text);
  }

  textOf(id: number): string {
    return this.#texts[id] as string;
  }

  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#texts.length;
    this.#texts.push(text);
    this.#ids.set(text, id);
    this.#characters += text.length;
    return id;
  }

  /** The number of the text that stands in bytes[start, end), -1 when that is not UTF-8. `hash` is of these bytes. */
  idOfBytes(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length / SLOT_WORDS - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let probe = 0; probe < PROBES; probe++) {
      const at = slot * SLOT_WORDS;
      const id = (slots[at] as number) - 1;
      if (id < 0) return this.#learn(bytes, start, end, hash, at);
      if (slots[at + 1] === hash && this.#same(bytes, start, end, slots[at + 2] as number, slots[at + 3] as number))
        return id;
      slot = (slot + 1) & mask;
    }
    return this.#decode(bytes, start, end);
  }

  #same(bytes: Uint8Array, start: number, end: number, from: number, length: number): boolean {
    if (end - start !== length) return false;
    const arena = this.#arena;
    for (let i = 0; i < length; i++) if (arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #decode(bytes: Uint8Array, start: number, end: number): number {
    try {
      return this.idOf(this.#decoder.decode(bytes.subarray(start, end)));
    } catch {
      return -1;
    }
  }

  #learn(bytes: Uint8Array, start: number, end: number, hash: number, at: number): number {
    const id = this.#decode(bytes, start, end);
    if (id < 0) return id;
    const slots = this.#slots;
    slots[at] = id + 1;
    slots[at + 1] = hash;
    slots[at + 2] = this.#keep(bytes, start, end);
    slots[at + 3] = end - start;
    this.#used++;
    if (this.#used * SLOT_WORDS * 2 > slots.length) this.#growSlots();
    return id;
  }

  #keep(bytes: Uint8Array, start: number, end: number): number {
    const from = this.#arenaUsed;
    const needed = from + end - start;
    if (needed > this.#arena.length) {
      const grown = new Uint8Array(Math.max(needed, this.#arena.length * 2));
      grown.set(this.#arena);
      this.#arena = grown;
    }
    this.#arena.set(bytes.subarray(start, end), from);
    this.#arenaUsed = needed;
    return from;
  }

  /** A slot whose text finds no place again is let go: the text keeps its number. */
  #growSlots(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length / SLOT_WORDS - 1;
    this.#used = 0;
    for (let from = 0; from < old.length; from += SLOT_WORDS) {
      if (old[from] === 0) continue;
      const hash = old[from + 1] as number;
      let slot = (hash ^ (hash >>> 15)) & mask;
      for (let probe = 0; probe < PROBES; probe++, slot = (slot + 1) & mask) {
        if (slots[slot * SLOT_WORDS] !== 0) continue;
        slots.set(old.subarray(from, from + SLOT_WORDS), slot * SLOT_WORDS);
        this.#used++;
        break;
      }
    }
    this.#slots = slots;
  }
}
