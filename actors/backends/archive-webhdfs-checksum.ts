/**
 * The checksum that HDFS keeps of a file, computed from the bytes at hand: MD5 over the blocks' MD5s over the CRC32C of
 * each chunk. Equal to what the DataNodes answer only for the block and chunk sizes that the file was written with.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Some 5 ms of work; the loop turns in between. */
const SLICE_BYTES = 1024 * 1024;
const CASTAGNOLI = 0x82f63b78;

const TABLE = new Uint32Array(256).map((_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
  return crc >>> 0;
});

/** What `GETFILECHECKSUM` answers: the sizes to compute with, and the digest. Undefined for a kind not known here. */
export function readChecksum(algorithm: string, bytes: string): { chunkBytes: number; digest: string } | undefined {
  const [, chunk] = /^MD5-of-\d+MD5-of-(\d+)CRC32C$/.exec(algorithm) ?? [];
  const chunkBytes = Number(chunk);
  // 4 bytes of chunk size and 8 of chunks a block stand before the 16 of the digest.
  const digest = bytes.slice(24, 56);
  return chunkBytes > 0 && digest.length === 32 ? { chunkBytes, digest } : undefined;
}

export async function hdfsChecksum(file: Uint8Array, blockBytes: number, chunkBytes: number): Promise<string> {
  const whole = createHash('md5');
  let blocks = 0;
  for (let start = 0; start < file.length; start += blockBytes, blocks++) {
    whole.update(await blockDigest(file.subarray(start, start + blockBytes), chunkBytes));
  }
  // Hadoop digests its whole buffer of 32, 64, 128 .. bytes, zeros at the end included.
  let capacity = 32;
  while (capacity < blocks * 16) capacity *= 2;
  return whole.update(new Uint8Array(capacity - blocks * 16)).digest('hex');
}

async function blockDigest(block: Uint8Array, chunkBytes: number): Promise<Buffer> {
  const digest = createHash('md5');
  const chunksASlice = Math.max(1, Math.floor(SLICE_BYTES / chunkBytes));
  for (let start = 0; start < block.length; start += chunksASlice * chunkBytes) {
    const slice = block.subarray(start, start + chunksASlice * chunkBytes);
    const sums = Buffer.alloc(Math.ceil(slice.length / chunkBytes) * 4);
    for (let at = 0, sum = 0; at < slice.length; at += chunkBytes, sum += 4) {
      sums.writeUInt32BE(crc32c(slice, at, Math.min(slice.length, at + chunkBytes)), sum);
    }
    digest.update(sums);
    await nextTurn();
  }
  return digest.digest();
}

function crc32c(bytes: Uint8Array, from: number, to: number): number {
  let crc = -1;
  for (let at = from; at < to; at++) crc = (TABLE[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}
