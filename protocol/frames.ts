/**
 * Records as bytes: what a producer hands to the log, what the log keeps, what the store keeps as raw events.
 *
 * One frame a record, little endian, frames back to back:
 *   u32  length of the record in bytes
 *   f64  the record's own time (epoch ms), stamped by the log when it takes the record
 *   u8[] the record
 */
export const FRAME_HEADER_BYTES = 12;

/** One record inside a buffer of frames. */
export type Frame = { readonly start: number; readonly end: number; readonly at: number };

/** Collects records into one buffer that grows by doubling. */
export class FrameWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  #count = 0;

  constructor(capacity = 64 * 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get byteLength(): number {
    return this.#length;
  }

  get count(): number {
    return this.#count;
  }

  add(record: Uint8Array, at = 0): void {
    const end = this.#length + FRAME_HEADER_BYTES + record.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#view.setUint32(this.#length, record.length, true);
    this.#view.setFloat64(this.#length + 4, at, true);
    this.#bytes.set(record, this.#length + FRAME_HEADER_BYTES);
    this.#length = end;
    this.#count++;
  }

  /** What was collected, in a buffer of its own that can be transferred; the writer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const out = this.#bytes.slice(0, this.#length) as Uint8Array<ArrayBuffer>;
    this.#length = 0;
    this.#count = 0;
    return out;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** The records of a buffer of frames, in order. */
export function* readFrames(frames: Uint8Array): Generator<Frame> {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  for (let at = 0; at < frames.length; ) {
    const start = at + FRAME_HEADER_BYTES;
    const end = start + view.getUint32(at, true);
    yield { start, end, at: view.getFloat64(at + 4, true) };
    at = end;
  }
}

/** Sets the time of every record that has none yet (0), and answers how many records there are. */
export function stampFrames(frames: Uint8Array, now: number): number {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  let count = 0;
  for (let at = 0; at < frames.length; count++) {
    if (view.getFloat64(at + 4, true) === 0) view.setFloat64(at + 4, now, true);
    at += FRAME_HEADER_BYTES + view.getUint32(at, true);
  }
  return count;
}
