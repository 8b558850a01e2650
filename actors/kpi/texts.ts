/**
 * Texts of a window by number. A text keeps its number while it lives, so cells hold numbers only; its UTF-8 bytes are
 * kept too, for a window is packed at every commit and its texts hardly change.
 */
import { type ByteReader, type ByteWriter, garbled } from './bytes.ts';

const encoder = new TextEncoder();
// Without `ignoreBOM` a text that begins with U+FEFF would come back another text.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const STALE = 0xffffffff;
const EMPTY_WORDS = new Uint32Array(0);

/** A growing list of texts with their bytes. Packed: count, lengths, then all bytes back to back. */
export class TextColumn {
  readonly texts: string[] = [];
  #bytes = new Uint8Array(0);
  #used = 0;
  #starts = EMPTY_WORDS;
  #lengths = EMPTY_WORDS;
  /** Texts from here on have no bytes yet. */
  #encoded = 0;
  #stale: number[] = [];
  /** Whether the bytes stand in the order of the texts. */
  #inOrder = true;
  #wasted = 0;

  get size(): number {
    return this.texts.length;
  }

  set(index: number, text: string): void {
    this.texts[index] = text;
    if (index >= this.#encoded || this.#lengths[index] === STALE) return;
    this.#wasted += this.#lengths[index] as number;
    this.#lengths[index] = STALE;
    this.#stale.push(index);
    this.#inOrder = false;
  }

  /** Writes all texts, in order. */
  write(writer: ByteWriter): void {
    this.#encode();
    writer.varint(this.texts.length);
    for (let index = 0; index < this.texts.length; index++) writer.varint(this.#lengths[index] as number);
    if (this.#inOrder) writer.bytes(this.#bytes.subarray(0, this.#used));
    else for (let index = 0; index < this.texts.length; index++) writer.bytes(this.#slice(index));
  }

  /** Writes these texts, then some that are not in here. */
  writeSome(writer: ByteWriter, indexes: readonly number[], others: readonly string[] = []): void {
    this.#encode();
    const encoded = others.map((text) => encoder.encode(text));
    writer.varint(indexes.length + others.length);
    for (const index of indexes) writer.varint(this.#lengths[index] as number);
    for (const bytes of encoded) writer.varint(bytes.length);
    for (const index of indexes) writer.bytes(this.#slice(index));
    for (const bytes of encoded) writer.bytes(bytes);
  }

  #slice(index: number): Uint8Array {
    const start = this.#starts[index] as number;
    return this.#bytes.subarray(start, start + (this.#lengths[index] as number));
  }

  #encode(): void {
    if (this.#wasted > 4096 && this.#wasted * 2 > this.#used) this.#forget();
    const count = this.texts.length;
    if (count > this.#starts.length) {
      this.#starts = grown(this.#starts, count);
      this.#lengths = grown(this.#lengths, count);
    }
    for (const index of this.#stale) this.#append(index);
    this.#stale = [];
    for (; this.#encoded < count; this.#encoded++) this.#append(this.#encoded);
  }

  /** Begins again: most of the bytes are of texts that are gone. */
  #forget(): void {
    this.#encoded = 0;
    this.#used = 0;
    this.#wasted = 0;
    this.#stale = [];
    this.#inOrder = true;
  }

  #append(index: number): void {
    const text = this.texts[index] ?? '';
    const most = this.#used + text.length * 3;
    if (most > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(most, this.#bytes.length * 2));
      bytes.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = bytes;
    }
    const length = writeText(this.#bytes, this.#used, text);
    this.#starts[index] = this.#used;
    this.#lengths[index] = length;
    this.#used += length;
  }
}

/** Short plain text is written faster by hand than by the encoder. */
function writeText(bytes: Uint8Array, start: number, text: string): number {
  let at = start;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 127) return encoder.encodeInto(text, bytes.subarray(start)).written;
    bytes[at++] = unit;
  }
  return text.length;
}

function grown(words: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(needed, words.length * 2));
  larger.set(words);
  return larger;
}

export function readTexts(reader: ByteReader): string[] {
  const lengths = new Array<number>(reader.count());
  let total = 0;
  for (let index = 0; index < lengths.length; index++) {
    lengths[index] = reader.varint();
    total += lengths[index] as number;
  }
  const bytes = reader.bytes(total);
  const whole = decode(bytes);
  const plain = whole.length === bytes.length;
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return plain ? whole.slice(at - length, at) : decode(bytes.subarray(at - length, at));
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw garbled('a text in it is not UTF-8');
  }
}

/** Texts of one dimension, each once. */
export class Dictionary extends TextColumn {
  readonly #ids = new Map<string, number>();

  find(text: string): number | undefined {
    return this.#ids.get(text) ?? (text.isWellFormed() ? undefined : this.#ids.get(text.toWellFormed()));
  }

  /**
   * The text's number, a new one where needed. Half a surrogate pair has no bytes: it counts as U+FFFD from the
   * start, else it would become another text when the window is read back.
   */
  intern(text: string): number {
    const known = this.find(text);
    if (known !== undefined) return known;
    const id = this.texts.length;
    this.#put(id, text.toWellFormed());
    return id;
  }

  /** Gives the number to another text. */
  replace(id: number, text: string): void {
    this.#ids.delete(this.texts[id] as string);
    this.#put(id, text.toWellFormed());
  }

  #put(id: number, text: string): void {
    this.set(id, text);
    this.#ids.set(text, id);
  }
}
