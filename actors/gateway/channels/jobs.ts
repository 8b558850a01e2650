/** The `jobs` channel: each job with its state, its last run and its next. */
import { pathOf } from '../../../protocol/channel.ts';
import type { JobView } from '../../../protocol/message.ts';
import type { Channel, Value } from './channel.ts';

export function projectJobs(jobs: readonly JobView[], channel: Channel): void {
  for (const job of jobs) {
    for (const [field, value] of Object.entries(rowOf(job))) channel.put(pathOf(job.name, field), value);
  }
}

function rowOf({ state, period_ms, next_at, last, success_share, median_ms }: JobView) {
  const ended = last?.outcome === 'running' ? null : last;
  return {
    state,
    period_ms,
    next_at,
    last_run: last?.id ?? null,
    last_started_at: last?.started_at ?? null,
    last_outcome: last?.outcome ?? null,
    last_attempt: last?.attempt ?? null,
    last_ms: ended?.duration_ms ?? null,
    success_share,
    median_ms,
  } satisfies Readonly<Record<string, Value | null>>;
}
