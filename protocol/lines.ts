/**
 * NDJSON as it streams in: bytes to lines. A byte order mark at the very start and a CR at the end of a line are not
 * part of a line; blank lines are passed over but numbered. Memory is bounded whatever comes.
 */
import { LIMITS } from './event.ts';

export type Line = {
  /** Its own bytes, part of the chunk it came in or a copy. */
  readonly bytes: Uint8Array;
  /** From 1, blank ones included. */
  readonly number: number;
  /** Longer than a record may be: `bytes` holds its beginning, one byte more than the limit. */
  readonly tooLarge: boolean;
};

const LF = 0x0a;
const CR = 0x0d;
const TAB = 0x09;
const SPACE = 0x20;
const BOM = [0xef, 0xbb, 0xbf];

/**
 * Splits chunk after chunk; call `end` for the last line.
 * @example
 * const lines = new LineSplitter();
 * for await (const chunk of stream) for (const line of lines.push(chunk)) take(line);
 * for (const line of lines.end()) take(line);
 */
export class LineSplitter {
  #limit: number;
  /** The beginning of a line whose end has not come yet, and how long it really is. */
  #held: Uint8Array;
  #heldLength = 0;
  #length = 0;
  /** None of it was anything else, nor what was not kept of it. */
  #blank = true;
  #last = 0;
  #number = 0;
  #bomSeen = 0;

  constructor(limit: number = LIMITS.recordBytes) {
    this.#limit = limit;
    this.#held = new Uint8Array(Math.min(4096, limit + 2));
  }

  *push(chunk: Uint8Array): Generator<Line> {
    let start = this.#skipBom(chunk);
    while (start < chunk.length) {
      const feed = chunk.indexOf(LF, start);
      if (feed < 0) {
        this.#hold(chunk.subarray(start));
        return;
      }
      const line = this.#finish(chunk.subarray(start, feed));
      if (line !== undefined) yield line;
      start = feed + 1;
    }
  }

  /** The last line, when it does not end with a line feed. */
  *end(): Generator<Line> {
    this.#keepPartOfBom();
    if (this.#length === 0) return;
    const line = this.#finish(new Uint8Array(0));
    if (line !== undefined) yield line;
  }

  /** How many bytes of this chunk still belong to the byte order mark, which may come in pieces. */
  #skipBom(chunk: Uint8Array): number {
    let at = 0;
    while (this.#bomSeen < BOM.length && at < chunk.length) {
      if (chunk[at] !== BOM[this.#bomSeen]) {
        this.#keepPartOfBom();
        return at;
      }
      this.#bomSeen++;
      at++;
    }
    return at;
  }

  /** No mark after all: what looked like one belongs to the first line. */
  #keepPartOfBom(): void {
    if (this.#bomSeen < BOM.length) this.#hold(Uint8Array.from(BOM.slice(0, this.#bomSeen)));
    this.#bomSeen = BOM.length;
  }

  #finish(rest: Uint8Array): Line | undefined {
    this.#number++;
    let bytes = rest;
    let { length } = rest;
    const blank = this.#blank && isBlank(rest);
    if (this.#length > 0) {
      this.#hold(rest);
      length = this.#length;
      bytes = this.#held.slice(0, this.#heldLength);
    }
    const last = rest.length > 0 ? rest[rest.length - 1] : this.#last;
    if (length > 0 && last === CR) length--;
    this.#heldLength = 0;
    this.#length = 0;
    this.#blank = true;
    const tooLarge = length > this.#limit;
    const kept = bytes.subarray(0, tooLarge ? this.#limit + 1 : length);
    return blank ? undefined : { bytes: kept, number: this.#number, tooLarge };
  }

  /** Keeps what may be needed: one byte more than the limit, and one for a CR. */
  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    this.#blank &&= isBlank(bytes);
    this.#last = bytes[bytes.length - 1] as number;
    const kept = bytes.subarray(0, this.#limit + 2 - this.#heldLength);
    const needed = this.#heldLength + kept.length;
    if (needed > this.#held.length) {
      const grown = new Uint8Array(Math.min(Math.max(needed, this.#held.length * 2), this.#limit + 2));
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(kept, this.#heldLength);
    this.#heldLength = needed;
  }
}

/**
 * All lines of bytes that are there as a whole.
 * @example for (const { bytes, number } of splitLines(body)) ..
 */
export function* splitLines(bytes: Uint8Array): Generator<Line> {
  const lines = new LineSplitter();
  yield* lines.push(bytes);
  yield* lines.end();
}

function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== SPACE && byte !== TAB && byte !== CR) return false;
  return true;
}
