/**
 * Latencies as counts in buckets that grow by a fixed share, second by second over the last minute: quantiles of the
 * minute within that share, at a fixed size.
 */

/** Each bucket ends 10 % above the one before: quantiles are right within 10 %. */
const GROWTH = Math.log(1.1);
const LEAST_MS = 0.01;
/** 0.01 ms to some 14 hours. */
const BUCKETS = 236;
const SECONDS = 60;

function bucketOf(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / GROWTH));
}

export class Latency {
  #seconds = Array.from({ length: SECONDS }, () => new Uint32Array(BUCKETS));
  #sum = new Uint32Array(BUCKETS);
  #second = -1;
  #count = 0;
  #total = 0;
  #totalMs = 0;

  /** How many the last minute holds. */
  get count(): number {
    return this.#count;
  }

  /** How many, and how long together, since the beginning. */
  get ever(): { readonly count: number; readonly ms: number } {
    return { count: this.#total, ms: this.#totalMs };
  }

  /** `now` in ms, never going back. */
  add(ms: number, now: number): void {
    this.#moveTo(now);
    const bucket = bucketOf(ms);
    (this.#seconds[this.#second % SECONDS] as Uint32Array)[bucket]!++;
    this.#sum[bucket]!++;
    this.#count++;
    this.#total++;
    this.#totalMs += Math.max(0, ms);
  }

  /** The value that a share of the last minute does not exceed; null when there is none. */
  quantile(share: number, now: number): number | null {
    this.#moveTo(now);
    if (this.#count === 0) return null;
    let left = Math.max(1, Math.ceil(this.#count * share));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#sum[bucket] as number;
      if (left <= 0) return Math.round(LEAST_MS * Math.exp(bucket * GROWTH) * 100) / 100;
    }
    return null;
  }

  #moveTo(now: number): void {
    const second = Math.floor(now / 1_000);
    const from = Math.max(this.#second + 1, second - SECONDS + 1);
    for (let passed = from; passed <= second; passed++) this.#empty(passed % SECONDS);
    this.#second = Math.max(this.#second, second);
  }

  #empty(place: number): void {
    const counts = this.#seconds[place] as Uint32Array;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = counts[bucket] as number;
      this.#sum[bucket]! -= count;
      this.#count -= count;
    }
    counts.fill(0);
  }
}
