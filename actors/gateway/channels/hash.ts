/** The hash of a channel's content: FNV-1a 32 over its lines, the same on every client that holds the same keys. */

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const encoder = new TextEncoder();

/** Lines are `key TAB JSON value LF`, sorted by the key's UTF-8 bytes; keys are ASCII (percent-encoded), so that order is the text's. */
export function hashEntries(entries: Iterable<readonly [key: string, json: string]>): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  let hash = OFFSET_BASIS;
  for (const [key, json] of sorted) {
    for (const byte of encoder.encode(`${key}\t${json}\n`)) hash = Math.imul(hash ^ byte, PRIME);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
