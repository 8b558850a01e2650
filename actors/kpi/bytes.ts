/**
 * Bytes written and read as LEB128 varints: whole numbers, seven bits a byte, the lowest first. Values may pass 2^53
 * (a double above it is whole as well), so that no amount of money can break a commit.
 */
import { AppError } from '../../protocol/errors.ts';

/** Bytes of the longest varint: 84 bits, far above every sum that can come up. */
const LONGEST = 12;
const TOO_LARGE = 2 ** 84;
const EMPTY = new Uint8Array(0);

/** Written by one owner at a time, and used again: `reset` keeps the buffer. */
export class ByteWriter {
  #bytes: Uint8Array = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  varint(value: number): void {
    this.#reserve(LONGEST);
    const bytes = this.#bytes;
    let at = this.#length;
    let left = value | 0;
    if (left === value && left >= 0) {
      while (left > 127) {
        bytes[at++] = (left & 127) | 128;
        left >>>= 7;
      }
      bytes[at++] = left;
    } else at = writeLarge(bytes, at, value);
    this.#length = at;
  }

  bytes(from: Uint8Array): void {
    this.#reserve(from.length);
    this.#bytes.set(from, this.#length);
    this.#length += from.length;
  }

  /** Leaves room for a 32-bit length and answers where; `endLength` fills it in. */
  beginLength(): number {
    this.#reserve(4);
    this.#length += 4;
    return this.#length;
  }

  endLength(began: number): void {
    const length = this.#length - began;
    for (let byte = 0; byte < 4; byte++) this.#bytes[began - 4 + byte] = (length >>> (8 * byte)) & 255;
  }

  /** What was written, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2, 1024));
    grown.set(this.view());
    this.#bytes = grown;
  }
}

function writeLarge(bytes: Uint8Array, start: number, value: number): number {
  if (!(value >= 0 && value < TOO_LARGE && Number.isInteger(value)))
    throw new RangeError(`Cannot pack a number as it must be whole and not negative: current value is ${value}`);
  let at = start;
  let left = value;
  while (left > 127) {
    bytes[at++] = (left % 128) | 128;
    left = Math.floor(left / 128);
  }
  bytes[at++] = left;
  return at;
}

/** Every read is checked against the end: bytes may come from a damaged file. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) throw garbled('it ends too early');
    return this.#bytes[this.#at++] as number;
  }

  varint(): number {
    const first = this.byte();
    if (first < 128) return first;
    let value = first & 127;
    let unit = 128;
    for (let length = 1; length < LONGEST; length++) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
    throw garbled('a number in it never ends');
  }

  /** A number of things that take at least a byte each, so it cannot pass what is left. */
  count(): number {
    const count = this.varint();
    if (count > this.left) throw garbled('it names more entries than it has bytes');
    return count;
  }

  /** Four bytes, the lowest first. */
  length(): number {
    const length = this.byte() + this.byte() * 0x100 + this.byte() * 0x10000 + this.byte() * 0x1000000;
    if (length > this.left) throw garbled('a part of it is longer than the whole');
    return length;
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw garbled('it ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export function garbled(why: string): AppError {
  return new AppError('data-mismatch', `Cannot unpack the bytes of a window as ${why}`);
}
