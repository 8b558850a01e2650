/**
 * How the embedded log keeps records: rows of consecutive records, a row of some size as zstd. Pure but for zlib.
 * A row's frames are checked before they are written and after they are read.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';
import { FRAME_HEADER_BYTES } from '../../protocol/frames.ts';

/** A row larger than this makes a reader decode more than it asked for. */
const ROW_RECORDS = 1000;
const ROW_BYTES = 256 * 1024;
/** From either of these on zstd pays: about 1 us a record for a fifth to a seventh of the bytes. */
const ZSTD_FROM_RECORDS = 100;
const ZSTD_FROM_BYTES = 16 * 1024;

export const CODEC = { plain: 0, zstd: 1 } as const;

export type Cut = { readonly bytes: number; readonly count: number };

/** As it stands in a table; `bytes` is the size of the frames before compression. */
export type LogRow = {
  readonly base: number;
  readonly count: number;
  readonly codec: number;
  readonly bytes: number;
  readonly payload: Uint8Array;
};

/** Stamps records that have no time yet, and cuts the frames into rows. Throws when they are not `count` whole frames. */
export function cutRows(frames: Uint8Array, count: number, now: number): Cut[] {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  const cuts: Cut[] = [];
  let rowStart = 0;
  let rowCount = 0;
  let total = 0;
  let at = 0;
  while (at < frames.length) {
    if (frames.length - at < FRAME_HEADER_BYTES) throw brokenFrames(count);
    const end = at + FRAME_HEADER_BYTES + view.getUint32(at, true);
    if (end > frames.length) throw brokenFrames(count);
    if (view.getFloat64(at + 4, true) === 0) view.setFloat64(at + 4, now, true);
    if (rowCount > 0 && (rowCount === ROW_RECORDS || end - rowStart > ROW_BYTES)) {
      cuts.push({ bytes: at - rowStart, count: rowCount });
      rowStart = at;
      rowCount = 0;
    }
    rowCount++;
    total++;
    at = end;
  }
  if (rowCount > 0) cuts.push({ bytes: at - rowStart, count: rowCount });
  if (total !== count) throw brokenFrames(count);
  return cuts;
}

export function encodeRow(base: number, count: number, frames: Uint8Array): LogRow {
  const bytes = frames.length;
  if (count >= ZSTD_FROM_RECORDS || bytes >= ZSTD_FROM_BYTES) {
    const payload = zstdCompressSync(frames, {
      params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
    });
    if (payload.length < bytes) return { base, count, codec: CODEC.zstd, bytes, payload };
  }
  return { base, count, codec: CODEC.plain, bytes, payload: frames };
}

/** The frames of a row; `name` says whose it is when it turns out to be damaged. */
export function decodeRow(row: LogRow, name: string): Uint8Array {
  let frames: Uint8Array;
  try {
    frames =
      row.codec === CODEC.zstd ? zstdDecompressSync(row.payload, { chunkSize: Math.max(64, row.bytes) }) : row.payload;
  } catch (cause) {
    throw damaged(row, name, cause);
  }
  if (frames.length !== row.bytes || skipFrames(frames, row.count) !== frames.length) throw damaged(row, name);
  return frames;
}

/** Where frame number `count` begins; -1 when there are not so many. */
export function skipFrames(frames: Uint8Array, count: number): number {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + FRAME_HEADER_BYTES > frames.length) return -1;
    at += FRAME_HEADER_BYTES + view.getUint32(at, true);
  }
  return at;
}

/** The whole records that fit into so many bytes. */
export function fitFrames(frames: Uint8Array, maxBytes: number): Cut {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  let bytes = 0;
  let count = 0;
  while (bytes < frames.length) {
    const next = bytes + FRAME_HEADER_BYTES + view.getUint32(bytes, true);
    if (next > maxBytes) break;
    bytes = next;
    count++;
  }
  return { bytes, count };
}

/** All of them in one buffer that nobody else holds, so that it can be transferred. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function brokenFrames(count: number): AppError {
  return new AppError(
    'bad-message',
    `Cannot append as the frames must hold exactly the records they are said to: ${count}`,
  );
}

function damaged({ base, count }: LogRow, name: string, cause?: unknown): AppError {
  return new AppError(
    'data-mismatch',
    `Cannot read ${name} from offset ${base} to ${base + count} as the row is damaged`,
    {
      cause,
    },
  );
}
