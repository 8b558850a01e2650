/** What the page says about the actors outside the System page: how many are in trouble. */
import { readRows } from './rows.ts';
import type { ChannelData } from './store.ts';

/** States that somebody should look at; stopped is a decision, waiting and starting pass by themselves. */
const TROUBLED: ReadonlySet<unknown> = new Set(['backing-off', 'restarting', 'failed', 'unresponsive']);

export function problemsOf(system: ChannelData): number {
  let problems = 0;
  for (const row of readRows(system.values).values()) if (TROUBLED.has(row.state)) problems++;
  return problems;
}
