/**
 * How long handlers take: an actor counts each in one of 120 buckets of its shared block, the supervisor takes
 * differences. Four buckets for each doubling, from a microsecond to half an hour: a quantile is right to an eighth.
 */

export const DURATION_BUCKETS = 120;

const PER_DOUBLING_BITS = 2;
const PER_DOUBLING = 2 ** PER_DOUBLING_BITS;
const LONGEST_US = 2 ** 31 - 1;

export function bucketOf(ms: number): number {
  const us = Math.min(LONGEST_US, Math.max(0, ms * 1_000)) | 0;
  if (us < PER_DOUBLING) return us;
  const doublings = 31 - Math.clz32(us);
  const part = (us >>> (doublings - PER_DOUBLING_BITS)) & (PER_DOUBLING - 1);
  return (doublings - 1) * PER_DOUBLING + part;
}

/** In the middle of the bucket. */
export function millisecondsOf(bucket: number): number {
  if (bucket < PER_DOUBLING) return (bucket + 0.5) / 1_000;
  const step = 2 ** (Math.floor(bucket / PER_DOUBLING) - 1);
  return ((PER_DOUBLING + (bucket % PER_DOUBLING) + 0.5) * step) / 1_000;
}

/** One minute is looked back on, in steps of five seconds. */
const STEP_MS = 5_000;
const STEPS = 12;

type Snapshot = { readonly at: number; readonly counts: Int32Array };

/** The supervisor's side, of one incarnation: its block begins with zeros. */
export class DurationWindow {
  readonly #counts: Int32Array;
  #snapshots: Snapshot[];

  constructor(counts: Int32Array, now: number) {
    this.#counts = counts;
    this.#snapshots = [{ at: now, counts: new Int32Array(counts.length) }];
  }

  /** To be called now and then, at least every few seconds. */
  sample(now: number): void {
    const last = this.#snapshots.at(-1);
    if (last !== undefined && now - last.at < STEP_MS) return;
    this.#snapshots = [...this.#snapshots, { at: now, counts: this.#counts.slice() }].slice(-STEPS);
  }

  /** Of what was handled within the last minute or so; null where nothing was. Counts may wrap at 2^32. */
  quantile(share: number): number | null {
    let total = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) total += this.#newIn(bucket);
    if (total === 0) return null;
    let left = Math.ceil(total * share);
    let bucket = -1;
    while (left > 0) left -= this.#newIn(++bucket);
    return millisecondsOf(bucket);
  }

  #newIn(bucket: number): number {
    return ((this.#counts[bucket] ?? 0) - (this.#snapshots[0]?.counts[bucket] ?? 0)) >>> 0;
  }
}
