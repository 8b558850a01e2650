/** Now against the same span yesterday, and whether the change is good news. */
import { formatChange, formatPoints } from './format.ts';

export type GoodWhen = 'up' | 'down' | 'none';

export type Delta = {
  readonly text: string;
  readonly direction: 'up' | 'down' | 'flat';
  readonly good: 'yes' | 'no' | undefined;
};

/** Changes smaller than what is shown are no change, neither good nor bad. */
const FLAT = 0.0005;

/** Relative change, or undefined where there is nothing to compare with. */
export function relativeDelta(
  now: number | undefined,
  before: number | undefined,
  goodWhen: GoodWhen = 'up',
): Delta | undefined {
  if (now === undefined || before === undefined || before <= 0) return undefined;
  const change = now / before - 1;
  return delta(change, formatChange(Math.abs(change) < FLAT ? 0 : change), goodWhen);
}

/** Difference of two shares in percentage points. */
export function pointsDelta(
  now: number | undefined,
  before: number | undefined,
  goodWhen: GoodWhen = 'up',
): Delta | undefined {
  if (now === undefined || before === undefined) return undefined;
  const difference = now - before;
  return delta(difference, formatPoints(Math.abs(difference) < FLAT ? 0 : difference), goodWhen);
}

function delta(change: number, text: string, goodWhen: GoodWhen): Delta {
  if (Math.abs(change) < FLAT) return { text, direction: 'flat', good: undefined };
  const direction = change > 0 ? 'up' : 'down';
  return { text, direction, good: goodWhen === 'none' ? undefined : direction === goodWhen ? 'yes' : 'no' };
}
