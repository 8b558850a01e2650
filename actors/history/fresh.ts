/** Which minutes have changed since roll-ups were written: a roll-up over any of them does not say all. */
import type { RollupReader, RollupStamp } from '../ports/hot-store.ts';

export class Freshness {
  readonly #rollups: Pick<RollupReader, 'changedSince'>;
  #stamp: string | undefined;
  #changed: readonly number[] = [];

  constructor(rollups: Pick<RollupReader, 'changedSince'>) {
    this.#rollups = rollups;
  }

  /** To be called with the stamp that came with roll-ups, before `covers` is asked about them. */
  async at(stamp: RollupStamp): Promise<void> {
    const key = JSON.stringify(stamp);
    if (key === this.#stamp) return;
    this.#changed = await this.#rollups.changedSince(stamp);
    this.#stamp = key;
  }

  /** Whether no minute of [from, to) has changed. */
  covers(from: number, to: number): boolean {
    let [low, high] = [0, this.#changed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changed[middle] as number) < from) low = middle + 1;
      else high = middle;
    }
    const first = this.#changed[low];
    return first === undefined || first >= to;
  }
}
