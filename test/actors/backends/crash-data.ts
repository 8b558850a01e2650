/** What the process that is killed writes, so that the test can tell what must be there. */

export const CRASH_TOPICS = ['orders', 'clicks'];

export function crashConfig(dataDir: string) {
  return { dataDir, group: 'pulso', partitions: 2, topics: CRASH_TOPICS, logBytes: 1e9 };
}

export function recordOf(offset: number): string {
  return `record ${offset} ${'.'.repeat(offset % 300)}`;
}

/** Large enough for several pages, so that a torn one would show. */
export function windowOf(seq: number): Uint8Array {
  return new Uint8Array(20_000).fill(seq % 251);
}
