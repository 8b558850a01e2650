/**
 * Raw records as lines of NDJSON in zstd, and beside them an index with what lines cannot carry, so that every record
 * comes back byte for byte at its offset. Each file is one zstd frame: Node reads no further than the first.
 *
 * The index is CSV, a line a record in the order of the lines: offset, time of the record (epoch ms), length in bytes
 * (a record may hold line feeds of its own).
 */
import { once } from 'node:events';
import { promisify } from 'node:util';
import { constants, createZstdCompress, zstdDecompress } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';

const HEADER = 'offset,time,length\n';
const LINE_FEED = 10;
/** Handed to the compressor at once. */
const PIECE_BYTES = 256 * 1024;
const LEVEL = 3;

const decompress = promisify(zstdDecompress);
const encoder = new TextEncoder();

/** A zstd frame in the making; compression runs beside this thread. */
class Compressed {
  #stream = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  #parts: Buffer[] = [];
  #piece = Buffer.allocUnsafe(PIECE_BYTES);
  #used = 0;

  constructor() {
    this.#stream.on('data', (part: Buffer) => this.#parts.push(part));
  }

  get full(): boolean {
    return this.#used >= PIECE_BYTES / 2;
  }

  add(bytes: Uint8Array): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#piece.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#piece.length * 2));
      this.#piece.copy(grown, 0, 0, this.#used);
      this.#piece = grown;
    }
    this.#piece.set(bytes, this.#used);
    this.#used = needed;
  }

  async flush(): Promise<void> {
    if (this.#used === 0) return;
    const piece = this.#piece.subarray(0, this.#used);
    this.#piece = Buffer.allocUnsafe(PIECE_BYTES);
    this.#used = 0;
    if (!this.#stream.write(piece)) await once(this.#stream, 'drain');
  }

  async finish(): Promise<Uint8Array> {
    await this.flush();
    this.#stream.end();
    await once(this.#stream, 'end');
    return Buffer.concat(this.#parts);
  }
}

export class RawWriter {
  records = 0;
  #lines = new Compressed();
  #index = new Compressed();
  #rows = HEADER;

  /** bytes[start, end) is the record. */
  add(offset: number, at: number, bytes: Uint8Array, start: number, end: number): void {
    this.records++;
    this.#lines.add(bytes.subarray(start, end));
    this.#lines.add(LINE_END);
    this.#rows += `${offset},${at},${end - start}\n`;
  }

  /** Waits until the compressor has taken what was added. */
  async flush(): Promise<void> {
    if (this.#lines.full) await this.#lines.flush();
    if (this.#rows.length < PIECE_BYTES) return;
    this.#index.add(encoder.encode(this.#rows));
    this.#rows = '';
    await this.#index.flush();
  }

  async finish(): Promise<{ readonly lines: Uint8Array; readonly index: Uint8Array }> {
    this.#index.add(encoder.encode(this.#rows));
    return { lines: await this.#lines.finish(), index: await this.#index.finish() };
  }
}

const LINE_END = Uint8Array.of(LINE_FEED);

export type RawRecord = {
  readonly offset: number;
  readonly at: number;
  readonly bytes: Uint8Array;
};

/** The records of the two files, in their order. Throws `data-mismatch` when they do not belong together. */
export async function readRawFile(lines: Uint8Array, index: Uint8Array): Promise<Iterable<RawRecord>> {
  const [records, rows] = await Promise.all([unpacked(lines), unpacked(index)]);
  return recordsOf(records, rows.toString('latin1'));
}

function* recordsOf(lines: Buffer, index: string): Generator<RawRecord> {
  if (!index.startsWith(HEADER)) throw mismatch('its index has another header');
  let at = 0;
  for (let from = HEADER.length; from < index.length; ) {
    const to = index.indexOf('\n', from);
    const [offset, time, length] = index.slice(from, to).split(',').map(Number) as [number, number, number];
    const end = at + length;
    if (to < 0 || !Number.isInteger(end) || lines[end] !== LINE_FEED)
      throw mismatch('its index does not fit its lines');
    yield { offset, at: time, bytes: lines.subarray(at, end) };
    at = end + 1;
    from = to + 1;
  }
  if (at !== lines.length) throw mismatch('its index ends before its lines');
}

/** The records of several files as one sequence by offset: the files of a batch that spans days. */
export function* mergeRecords(files: readonly Iterable<RawRecord>[]): Generator<RawRecord> {
  const heads = files.flatMap((file) => {
    const iterator = file[Symbol.iterator]();
    const first = iterator.next();
    return first.done ? [] : [{ iterator, record: first.value }];
  });
  while (heads.length > 0) {
    const head = heads.reduce((a, b) => (b.record.offset < a.record.offset ? b : a));
    yield head.record;
    const next = head.iterator.next();
    if (next.done) heads.splice(heads.indexOf(head), 1);
    else head.record = next.value;
  }
}

async function unpacked(bytes: Uint8Array): Promise<Buffer> {
  try {
    return await decompress(bytes);
  } catch (cause) {
    throw mismatch(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function mismatch(detail: string, cause?: unknown): AppError {
  return new AppError('data-mismatch', `Cannot read a raw file of the archive: ${detail}`, { cause });
}
