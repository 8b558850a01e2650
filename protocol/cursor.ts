/**
 * Walks over the bytes of one record of a known form. Each step answers whether the bytes go on as expected; on the
 * first that do not, the caller gives up and the record goes to JSON.parse, which decides what it really is.
 * So everything unusual is refused here: spaces, escapes, exponents, signs, more than two decimals, odd lengths.
 */

import { HASH_FACTOR, HASH_START, type TextDictionary } from './dictionary.ts';
import { LIMITS } from './event.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const DELETE = 0x7f;
const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
/** 15 digits are always exact in a double. */
const MOST_DIGITS = 15;
const MOST_MONEY_DIGITS = 12;

const encoder = new TextEncoder();
const NULL = encoder.encode('null');

/** A constant piece of a record, as bytes. */
export function piece(text: string): Uint8Array {
  return encoder.encode(text);
}

export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  /** Where the last `id` stands. */
  idStart = 0;
  idEnd = 0;
  #dictionary: TextDictionary;

  constructor(dictionary: TextDictionary) {
    this.#dictionary = dictionary;
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get done(): boolean {
    return this.at === this.end;
  }

  literal(expected: Uint8Array): boolean {
    const { bytes, at } = this;
    const { length } = expected;
    if (at + length > this.end) return false;
    for (let i = 0; i < length; i++) if (bytes[at + i] !== expected[i]) return false;
    this.at = at + length;
    return true;
  }

  /** After the opening quote: a text of least..most bytes and its closing quote. Its dictionary number, or -1. */
  text(least: number, most: number): number {
    const { bytes, at: start, end } = this;
    let hash = HASH_START;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        const length = at - start;
        if (length < least || length > most) return -1;
        this.at = at + 1;
        return this.#dictionary.idOfBytes(bytes, start, at, hash);
      }
      if (byte < SPACE || byte === BACKSLASH) return -1;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    return -1;
  }

  /** Before the value: `null` (answers `absent`) or a text. */
  textOrNull(absent: number): number {
    if (this.bytes[this.at] !== QUOTE) return this.literal(NULL) ? absent : -1;
    this.at++;
    return this.text(0, LIMITS.textCharacters);
  }

  /** After the opening quote: an id in plain ASCII and its closing quote. */
  id(): boolean {
    const { bytes, at: start, end } = this;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.idStart = start;
        this.idEnd = at;
        this.at = at + 1;
        return at > start && at - start <= LIMITS.idCharacters;
      }
      if (byte < SPACE || byte >= DELETE || byte === BACKSLASH) return false;
    }
    return false;
  }

  /** A whole number of at most 15 digits, or -1. */
  whole(most = MOST_DIGITS): number {
    const { bytes, at: start, end } = this;
    let value = 0;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + (byte - ZERO);
    }
    const digits = at - start;
    if (digits === 0 || digits > most || (digits > 1 && bytes[start] === ZERO)) return -1;
    this.at = at;
    return value;
  }

  /** An amount with at most two decimals, in cents, or -1. */
  money(): number {
    const units = this.whole(MOST_MONEY_DIGITS);
    if (units < 0) return -1;
    const cents = this.bytes[this.at] === POINT ? units * 100 + this.#decimals() : units * 100;
    return cents <= LIMITS.money * 100 ? cents : -1;
  }

  /** Before the value: `null` (NaN), or a time or an amount as `read` has it; -1 when neither. */
  orNull(read: 'whole' | 'money'): number {
    if (this.bytes[this.at] === 0x6e) return this.literal(NULL) ? Number.NaN : -1;
    return read === 'whole' ? this.whole() : this.money();
  }

  /** At the point: one or two digits, as hundredths. What is no digit makes the amount impossibly large. */
  #decimals(): number {
    const { bytes, at, end } = this;
    const tenths = at + 1 < end ? (bytes[at + 1] as number) - ZERO : -1;
    if (tenths < 0 || tenths > 9) return Number.POSITIVE_INFINITY;
    const hundredths = at + 2 < end ? (bytes[at + 2] as number) - ZERO : -1;
    if (hundredths < 0 || hundredths > 9) {
      this.at = at + 2;
      return tenths * 10;
    }
    this.at = at + 3;
    return tenths * 10 + hundredths;
  }
}
