/**
 * Records of a file, as bytes and one by one: NDJSON lines as they stand, or the elements of one JSON array that
 * spreads over lines. Memory is bounded by the largest record, not by the file.
 */
import { LineSplitter } from '../../protocol/lines.ts';

const OPEN = new Set([0x7b, 0x5b]); // { [
const CLOSE = new Set([0x7d, 0x5d]); // } ]
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** Cuts the top-level array of a JSON text into its elements, whatever the chunks' borders. */
export class ArraySplitter {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #element: number[] = [];

  *push(chunk: Uint8Array): Generator<Uint8Array> {
    for (const byte of chunk) {
      const done = this.#step(byte);
      if (done) {
        const text = Uint8Array.from(this.#element);
        this.#element = [];
        if (text.some((value) => value > 0x20)) yield text;
      }
    }
  }

  /** Answers true when an element has just ended. */
  #step(byte: number): boolean {
    if (this.#inString) {
      this.#element.push(byte);
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inString = false;
      return false;
    }
    if (CLOSE.has(byte)) {
      this.#depth--;
      if (this.#depth === 0) return true;
    }
    if (byte === COMMA && this.#depth === 1) return true;
    const inside = this.#depth > 0;
    if (OPEN.has(byte)) this.#depth++;
    if (byte === QUOTE) this.#inString = true;
    if (inside) this.#element.push(byte);
    return false;
  }
}

/** Whether a file is one JSON array over many lines: it begins with `[`, and its first line is no JSON by itself. */
export function isSpreadArray(head: string): boolean {
  const text = head.replace(/^\uFEFF/, '').trimStart();
  if (!text.startsWith('[')) return false;
  const firstLine = text.split('\n', 1)[0] as string;
  try {
    JSON.parse(firstLine);
    return false;
  } catch {
    return firstLine.length < text.length;
  }
}

/** Records of a stream of chunks, in order. */
export async function* readRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let splitter: ArraySplitter | undefined;
  let lines: LineSplitter | undefined;
  for await (const chunk of chunks) {
    if (splitter === undefined && lines === undefined) {
      if (isSpreadArray(new TextDecoder().decode(chunk.subarray(0, HEAD_BYTES)))) splitter = new ArraySplitter();
      else lines = new LineSplitter();
    }
    if (splitter !== undefined) yield* splitter.push(chunk);
    if (lines !== undefined) for (const { bytes } of lines.push(chunk)) yield bytes;
  }
  if (lines !== undefined) for (const { bytes } of lines.end()) yield bytes;
}

const HEAD_BYTES = 64 * 1024;
