/** What the roll-up remembers between runs: which hours and days are still to be written, and of which zone days are. */
import type { FactStore } from '../ports/hot-store.ts';

const FACT = 'rollup';

export type RollupState = {
  readonly zone: string;
  /** Where the oldest hour begins that was ever rolled up or is to be; null before the first. */
  readonly first: number | null;
  readonly hours: readonly number[];
  readonly days: readonly number[];
};

export async function readRollupState(facts: FactStore): Promise<RollupState | undefined> {
  return (await facts.get(FACT)) as RollupState | undefined;
}

export async function writeRollupState(facts: FactStore, state: RollupState): Promise<void> {
  await facts.put(FACT, state);
}
