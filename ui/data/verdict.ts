/** How fresh the page is, from the age of the last frame. */
import type { FeedStatus } from './feed.ts';

/** Ages of the last frame, ms: the word changes, then the values step back, then the connection is given up. */
export const LAGGING_MS = 3_000;
export const STALE_MS = 10_000;
export const OFFLINE_MS = 15_000;

export type Verdict = 'connecting' | 'waiting' | 'live' | 'lagging' | 'stale' | 'offline' | 'paused';

export type VerdictInput = {
  readonly status: FeedStatus | undefined;
  readonly paused: boolean;
  /** True when the server answered and holds no event at all. */
  readonly empty: boolean;
  /** True while the server takes nothing from the log. */
  readonly held: boolean;
  readonly now: number;
  readonly startedAt: number;
};

export function verdictOf({ status, paused, empty, held, now, startedAt }: VerdictInput): Verdict {
  const age = now - (status?.lastFrameAt ?? startedAt);
  if (paused) return 'paused';
  if (age > OFFLINE_MS) return 'offline';
  if (status?.lastFrameAt === undefined) return 'connecting';
  if (age > STALE_MS) return 'stale';
  if (age > LAGGING_MS) return 'lagging';
  if (held) return 'paused';
  return empty ? 'waiting' : 'live';
}
