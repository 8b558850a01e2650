/**
 * What people want archived whatever it weighs: everything below an offset of each topic-partition. It stands in the
 * store, so that each process does its own part, and whoever comes after one that died goes on with it.
 */
import { partitionKey } from '../../protocol/event.ts';
import type { FactStore, RawExtent } from '../ports/hot-store.ts';

const FACT = 'archive-wanted';

export class Wanted {
  readonly #facts: Pick<FactStore, 'get' | 'put'>;
  /** Of topic-partitions that have not got there yet. */
  #offsets = new Map<string, number>();
  #looked = false;

  constructor(facts: Pick<FactStore, 'get' | 'put'>) {
    this.#facts = facts;
  }

  /** Whether something of it is not done yet, by whomever: before the first look nobody here can say that nothing is. */
  get any(): boolean {
    return !this.#looked || this.#offsets.size > 0;
  }

  /** Everything below this is wanted; 0 where nothing is. */
  below(extent: RawExtent): number {
    return this.#offsets.get(partitionKey(extent)) ?? 0;
  }

  async add(extents: readonly RawExtent[]): Promise<void> {
    const offsets = extents.map((extent) => [partitionKey(extent), extent.next] as const);
    await this.#facts.put(FACT, Object.fromEntries(offsets));
    this.#merge(offsets);
  }

  /** Hears of what others have added, and forgets what is done. What was added since the extents were read is not. */
  async look(extents: readonly RawExtent[]): Promise<void> {
    this.#merge(Object.entries(((await this.#facts.get(FACT)) ?? {}) as Record<string, number>));
    this.#looked = true;
    const starts = new Map(extents.map((extent) => [partitionKey(extent), extent.from]));
    for (const [key, offset] of this.#offsets) {
      if ((starts.get(key) ?? Number.POSITIVE_INFINITY) >= offset) this.#offsets.delete(key);
    }
  }

  #merge(offsets: Iterable<readonly [string, number]>): void {
    for (const [key, offset] of offsets) this.#offsets.set(key, Math.max(offset, this.#offsets.get(key) ?? 0));
  }
}
