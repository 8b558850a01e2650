/**
 * What Kafka's other producers pack their batches with: snappy in xerial's framing or bare, and LZ4 frames. Only
 * unpacked here: what pulso writes is zstd. A batch carries a checksum of its own, so those of the frames are not read.
 */
import { snappyUncompress } from 'hyparquet';
import { AppError } from '../../protocol/errors.ts';

/** Of xerial: a magic of 8 bytes, version and lowest compatible version; then length and block, again and again. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_BYTES = 16;
const LZ4_MAGIC = 0x184d2204;
/** Set in the size of a block that is stored as it is. */
const STORED = 0x80000000;
/** Shorter matches are not worth a reference. */
const LEAST_MATCH = 4;

export function unpackSnappy(packed: Buffer): Buffer {
  if (!packed.subarray(0, XERIAL.length).equals(XERIAL)) return snappyBlock(packed);
  const blocks: Buffer[] = [];
  for (let at = XERIAL_BYTES; at < packed.length; ) {
    const bytes = packed.readInt32BE(at);
    blocks.push(snappyBlock(packed.subarray(at + 4, at + 4 + bytes)));
    at += 4 + bytes;
  }
  return Buffer.concat(blocks);
}

/** It begins with the size that it unpacks to, seven bits a byte. */
function snappyBlock(packed: Buffer): Buffer {
  let size = 0;
  for (let at = 0, factor = 1; at < packed.length && at < 5; at++, factor *= 128) {
    const byte = packed[at] as number;
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  const plain = Buffer.alloc(size);
  snappyUncompress(packed, plain);
  return plain;
}

export function unpackLz4(packed: Buffer): Buffer {
  if (packed.length < 7 || packed.readUInt32LE(0) !== LZ4_MAGIC) throw torn('begin with the magic of LZ4');
  const flags = packed[4] as number;
  const has = { blockSum: (flags & 0x10) !== 0, contentSize: (flags & 0x08) !== 0, dictionary: (flags & 0x01) !== 0 };
  const mostOfBlock = 1 << (8 + 2 * (((packed[5] as number) >> 4) & 7));
  const begin = 7 + (has.contentSize ? 8 : 0) + (has.dictionary ? 4 : 0);
  const blocks = blocksOf(packed, begin, has.blockSum ? 4 : 0);
  const plain = Buffer.alloc(blocks.length * mostOfBlock);
  let to = 0;
  // Into one buffer: a block may refer to those before it.
  for (const { bytes, stored } of blocks) {
    if (stored) to += Buffer.from(bytes).copy(plain, to);
    else to = lz4Block(bytes, plain, to);
  }
  return plain.subarray(0, to);
}

function blocksOf(packed: Buffer, begin: number, sumBytes: number): { bytes: Uint8Array; stored: boolean }[] {
  const blocks: { bytes: Uint8Array; stored: boolean }[] = [];
  for (let at = begin; ; ) {
    if (at + 4 > packed.length) throw torn('end with an empty block');
    const size = packed.readUInt32LE(at);
    if (size === 0) return blocks;
    const length = size % STORED;
    if (at + 4 + length > packed.length) throw torn('hold its blocks whole');
    blocks.push({ bytes: packed.subarray(at + 4, at + 4 + length), stored: size >= STORED });
    at += 4 + length + sumBytes;
  }
}

/** Literals and matches by turns; the last sequence has literals only. Returns where the output ends. */
function lz4Block(block: Uint8Array, plain: Buffer, begin: number): number {
  let [at, to] = [0, begin];
  const more = (length: number) => {
    let sum = length;
    if (length === 15) {
      let byte: number;
      do {
        byte = block[at++] ?? 0;
        sum += byte;
      } while (byte === 255);
    }
    return sum;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = more(token >> 4);
    if (at + literals > block.length || to + literals > plain.length) throw torn('hold its literals whole');
    plain.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at >= block.length) break;
    const back = (block[at] as number) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    const length = more(token & 15) + LEAST_MATCH;
    if (back === 0 || back > to || to + length > plain.length) throw torn('refer to bytes that are there');
    // A match may reach into what it writes: that repeats it.
    if (back >= length) plain.copyWithin(to, to - back, to - back + length);
    else for (let i = 0; i < length; i++) plain[to + i] = plain[to + i - back] as number;
    to += length;
  }
  return to;
}

function torn(rule: string): AppError {
  return new AppError('internal', `Cannot unpack a batch of Kafka as it must ${rule}: it is torn or of another format`);
}
