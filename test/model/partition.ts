/** Where a record goes (decisions 11), written from Kafka's description of murmur2 and from nothing of the product. */

/** Kafka's murmur2 (seed 0x9747b28c) as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const M = 0x5bd1e995;
  let h = (0x9747b28c ^ bytes.length) | 0;
  const whole = bytes.length - (bytes.length % 4);
  for (let i = 0; i < whole; i += 4) {
    let k =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    k = Math.imul(k, M);
    h = Math.imul(h, M) ^ k;
  }
  const rest = bytes.length - whole;
  if (rest === 3) h ^= (bytes[whole + 2] as number) << 16;
  if (rest >= 2) h ^= (bytes[whole + 1] as number) << 8;
  if (rest >= 1) {
    h ^= bytes[whole] as number;
    h = Math.imul(h, M);
  }
  h ^= h >>> 13;
  h = Math.imul(h, M);
  h ^= h >>> 15;
  return h | 0;
}

export function partitionOf(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === 'string' ? new TextEncoder().encode(key) : key;
  return (murmur2(bytes) & 0x7fffffff) % partitions;
}
