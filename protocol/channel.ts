/** Keys of a channel's state, and the hash by which two sides know that they hold the same. Runs in browsers too. */
import { fnvAdd, fnvHex, fnvStart } from './hash.ts';

/**
 * A key from its segments, each percent-encoded.
 * @example pathOf('São Paulo', 'orders') // 'S%C3%A3o%20Paulo/orders'
 */
export function pathOf(...segments: readonly string[]): string {
  return segments.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/');
}

/** The segments of a key; one that is not well encoded stands for itself. */
export function segmentsOf(path: string): string[] {
  return path.split('/').map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
}

/**
 * FNV-1a over the lines `key TAB JSON value LF`, sorted by the keys' UTF-8 bytes.
 * @example channelHash(new Map([['SP/orders', 3]]))
 */
export function channelHash(entries: Iterable<readonly [string, unknown]>): string {
  const lines = [...entries].sort(([a], [b]) => compareUtf8(a, b));
  let hash = fnvStart();
  for (const [key, value] of lines) hash = fnvAdd(hash, `${key}\t${JSON.stringify(value)}\n`);
  return fnvHex(hash);
}

/** As the UTF-8 bytes compare: by code points, where JavaScript itself compares UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Halves of surrogate pairs stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
