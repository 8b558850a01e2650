/**
 * Updates cut to what a message may hold, and put together again. A piece:
 *
 *   u8   layout, 1
 *   u8   length of the sender's name in bytes, u8[] the name (ASCII)
 *   u32  number of the update, counted by its sender
 *   u16  number of the piece from 0 on, u16 number of pieces
 *   u8[] the piece
 */
import { AppError } from '../../protocol/errors.ts';
import type { BusMessage } from '../ports/delta-bus.ts';

const LAYOUT = 1;
const HEAD_BYTES = 10;
/** Updates that are not whole yet: more than that at a time means that their rest will not come. */
const MOST_PARTIAL = 64;

export class Cutter {
  #name: Uint8Array;
  #mostBytes: number;
  #count = 0;

  constructor(sender: string, mostBytes: number) {
    this.#name = new TextEncoder().encode(sender);
    this.#mostBytes = mostBytes;
  }

  /** One message or several, to be published in this order. */
  cut(key: string, bytes: Uint8Array): BusMessage[] {
    const headBytes = HEAD_BYTES + this.#name.length;
    const room = this.#mostBytes - headBytes;
    const pieces = Math.max(1, Math.ceil(bytes.length / room));
    this.#count = (this.#count + 1) >>> 0;
    return Array.from({ length: pieces }, (_, piece) => {
      const slice = bytes.subarray(piece * room, (piece + 1) * room);
      const value = new Uint8Array(headBytes + slice.length);
      const view = new DataView(value.buffer);
      value.set([LAYOUT, this.#name.length]);
      value.set(this.#name, 2);
      view.setUint32(headBytes - 8, this.#count, true);
      view.setUint16(headBytes - 4, piece, true);
      view.setUint16(headBytes - 2, pieces, true);
      value.set(slice, headBytes);
      return { key, value };
    });
  }
}

type Incomplete = { readonly number: number; readonly slices: Uint8Array[] };

/** Gives back whole updates; one that lacks a piece never comes, and what follows it shows the gap. */
export class Assembler {
  #self: string;
  #incomplete = new Map<string, Incomplete>();

  /** What `self` sent is not given back. */
  constructor(self: string) {
    this.#self = self;
  }

  /** The update that this message completes. Throws `bad-message` for what is no piece. */
  add({ key, value }: BusMessage): Uint8Array | undefined {
    const { sender, number, piece, pieces, slice } = read(value);
    if (sender === this.#self) return undefined;
    if (pieces === 1) return slice;
    const source = `${key} ${sender}`;
    if (piece === 0) this.#begin(source, number);
    const incomplete = this.#incomplete.get(source);
    // A piece that came before, or one after a lost one.
    if (incomplete?.number !== number || incomplete.slices.length !== piece) return undefined;
    incomplete.slices.push(slice);
    if (incomplete.slices.length < pieces) return undefined;
    this.#incomplete.delete(source);
    return concat(incomplete.slices);
  }

  #begin(source: string, number: number): void {
    this.#incomplete.delete(source);
    this.#incomplete.set(source, { number, slices: [] });
    if (this.#incomplete.size > MOST_PARTIAL) {
      this.#incomplete.delete(this.#incomplete.keys().next().value as string);
    }
  }
}

function read(value: Uint8Array) {
  const nameBytes = value[1] ?? 0;
  const at = 2 + nameBytes;
  if (value[0] !== LAYOUT || value.length < HEAD_BYTES + nameBytes) {
    throw new AppError(
      'bad-message',
      `Cannot read a message of another process as its layout must be ${LAYOUT}: current value is ${value[0]}, ${value.length} bytes`,
    );
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return {
    sender: String.fromCharCode(...value.subarray(2, at)),
    number: view.getUint32(at, true),
    piece: view.getUint16(at + 4, true),
    pieces: view.getUint16(at + 6, true),
    slice: value.subarray(at + 8),
  };
}

function concat(slices: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(slices.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const slice of slices) {
    whole.set(slice, at);
    at += slice.length;
  }
  return whole;
}
