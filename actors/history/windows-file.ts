/**
 * The minutes of a day as one file of the archive: packed windows (kpi/pack.ts), each merged over all topic-partitions,
 * so that an archived day can be asked by minute like any other. One zstd frame of, little endian:
 *
 *   u8[8]  "PULSOKW1"
 *   u32    number of windows
 *   per window, in order of time: f64 start (epoch ms), u32 length in bytes
 *   the packed windows, back to back
 */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { AppError } from '../../protocol/errors.ts';
import type { StoredWindow } from '../ports/hot-store.ts';

const MAGIC = 'PULSOKW1';
const HEAD_BYTES = MAGIC.length + 4;
const ENTRY_BYTES = 12;
const LEVEL = 3;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Compression runs beside this thread. */
export async function writeWindowsFile(windows: readonly StoredWindow[]): Promise<Uint8Array> {
  const bytes = windows.reduce((sum, { packed }) => sum + ENTRY_BYTES + packed.length, HEAD_BYTES);
  const whole = Buffer.alloc(bytes);
  whole.write(MAGIC, 'latin1');
  whole.writeUInt32LE(windows.length, MAGIC.length);
  let entry = HEAD_BYTES;
  let at = HEAD_BYTES + windows.length * ENTRY_BYTES;
  for (const { start, packed } of windows) {
    whole.writeDoubleLE(start, entry);
    whole.writeUInt32LE(packed.length, entry + 8);
    whole.set(packed, at);
    entry += ENTRY_BYTES;
    at += packed.length;
  }
  return compress(whole, { params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
}

export async function readWindowsFile(content: Uint8Array): Promise<StoredWindow[]> {
  const whole = await decompress(content).catch((cause: unknown) => {
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (whole.length < HEAD_BYTES || whole.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw damaged('it does not begin as one');
  const count = whole.readUInt32LE(MAGIC.length);
  let at = HEAD_BYTES + count * ENTRY_BYTES;
  if (at > whole.length) throw damaged('it names more windows than it has bytes');
  // A Buffer's `slice` is no copy, which those who unpack rely on.
  const plain = new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
  const windows: StoredWindow[] = [];
  for (let entry = HEAD_BYTES; windows.length < count; entry += ENTRY_BYTES) {
    const end = at + whole.readUInt32LE(entry + 8);
    windows.push({ start: whole.readDoubleLE(entry), packed: plain.subarray(at, end) });
    at = end;
  }
  if (at !== whole.length) throw damaged('its windows do not end where it ends');
  return windows;
}

function damaged(why: string, cause?: unknown): AppError {
  return new AppError('data-mismatch', `Cannot read archived windows as ${why}`, { cause });
}
