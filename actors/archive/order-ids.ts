/**
 * Which order ids a batch may hold: the 32-bit hashes of their ids (protocol/hash.ts, seed `low`), sorted, each once,
 * four bytes little endian, back to back. Beside the raw files, so that one order is found without reading every batch.
 */
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';

const HASH_BYTES = 4;

export class OrderIds {
  #hashes: Uint32Array[] = [];

  add(hashes: Uint32Array): void {
    if (hashes.length > 0) this.#hashes.push(hashes);
  }

  finish(): Uint8Array {
    const all = new Uint32Array(this.#hashes.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const hashes of this.#hashes) {
      all.set(hashes, at);
      at += hashes.length;
    }
    all.sort();
    const bytes = new Uint8Array(all.length * HASH_BYTES);
    const view = new DataView(bytes.buffer);
    let count = 0;
    for (let place = 0; place < all.length; place++) {
      const hash = all[place] as number;
      if (place === 0 || hash !== all[place - 1]) view.setUint32(count++ * HASH_BYTES, hash, true);
    }
    return bytes.slice(0, count * HASH_BYTES);
  }
}

export function hashOfId(id: string): number {
  const bytes = new TextEncoder().encode(id);
  return murmur3(bytes, 0, bytes.length, ID_SEEDS.low);
}

export function hasHash(ids: Uint8Array, hash: number): boolean {
  const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength);
  let [low, high] = [0, Math.floor(ids.length / HASH_BYTES)];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = view.getUint32(middle * HASH_BYTES, true);
    if (found === hash) return true;
    if (found < hash) low = middle + 1;
    else high = middle;
  }
  return false;
}
