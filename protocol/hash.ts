/**
 * The three hashes of pulso. murmur2 decides partitions and must stay Kafka's; murmur3 stands for ids in columns and
 * sketches; fnv1a32 proves that a browser holds the same channel as the server.
 */

/** Kafka's murmur2 as a signed 32-bit number, over bytes[start, end). */
export function murmur2(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const M = 0x5bd1e995;
  const length = end - start;
  let h = 0x9747b28c ^ length;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const k = Math.imul(word(bytes, at), M);
    h = Math.imul(h, M) ^ Math.imul(k ^ (k >>> 24), M);
  }
  const rest = end - at;
  if (rest === 3) h ^= byte(bytes, at + 2) << 16;
  if (rest >= 2) h ^= byte(bytes, at + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ byte(bytes, at), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return (h ^ (h >>> 15)) | 0;
}

/**
 * The partition that Kafka's own producers choose for the key in bytes[start, end).
 * @example partitionOf(new TextEncoder().encode('o123'), 4)
 */
export function partitionOf(key: Uint8Array, partitions: number, start = 0, end = key.length): number {
  return (murmur2(key, start, end) & 0x7fffffff) % partitions;
}

/** murmur3, 32 bits, unsigned, over bytes[start, end). */
export function murmur3(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    h ^= scramble(word(bytes, at));
    h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
  }
  const rest = end - at;
  let k = 0;
  if (rest === 3) k = byte(bytes, at + 2) << 16;
  if (rest >= 2) k |= byte(bytes, at + 1) << 8;
  if (rest >= 1) h ^= scramble(k | byte(bytes, at));
  h ^= end - start;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * Ids stand in columns as two murmur3 hashes. The seeds are part of what is stored: sketches and remembered order ids
 * of earlier runs rest on them.
 */
export const ID_SEEDS = { low: 0x70756c73, high: 0x6f2d6964 } as const;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const encoder = new TextEncoder();

/**
 * FNV-1a, 32 bits, over a text's UTF-8 bytes, as eight hex digits.
 * @example fnv1a32('a') // 'e40c292c'
 */
export function fnv1a32(text: string): string {
  return fnvHex(fnvAdd(FNV_OFFSET, text));
}

/** The steps of fnv1a32, for texts that come in pieces. */
export function fnvStart(): number {
  return FNV_OFFSET;
}

export function fnvAdd(hash: number, text: string): number {
  let h = hash;
  for (const value of encoder.encode(text)) h = Math.imul(h ^ value, FNV_PRIME);
  return h;
}

export function fnvHex(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function word(bytes: Uint8Array, at: number): number {
  return byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24);
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
