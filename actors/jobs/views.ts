/** Jobs and their runs as everybody is told of them. */
import type { JobRunView, JobView } from '../../protocol/message.ts';
import type { JobRun } from '../ports/job-store.ts';
import type { JobPlan } from './plan.ts';

/** As many as the page shows; success and duration are measured over them. */
export const RECENT_RUNS = 48;

export function runView({ id, startedAt, endedAt, outcome, attempt, trigger, error }: JobRun): JobRunView {
  return {
    id,
    started_at: startedAt,
    ended_at: endedAt,
    duration_ms: endedAt === null ? null : endedAt - startedAt,
    outcome,
    attempt,
    trigger,
    error,
  };
}

/** `recent` newest first. */
export function jobView(
  plan: JobPlan,
  { state, nextAt }: { readonly state: JobView['state']; readonly nextAt: number | null },
  recent: readonly JobRun[],
): JobView {
  const ended = recent.filter(({ outcome }) => outcome !== 'running');
  const done = ended.filter(({ outcome }) => outcome === 'done');
  const views = recent.map(runView);
  return {
    name: plan.name,
    period_ms: plan.periodMs,
    deadline_ms: plan.deadlineMs,
    retries: plan.retries,
    state,
    next_at: nextAt,
    last: views[0] ?? null,
    success_share: ended.length === 0 ? null : done.length / ended.length,
    median_ms: medianOf(done.map(({ startedAt, endedAt }) => (endedAt as number) - startedAt)),
    recent: views,
  };
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return null;
  const [below, above] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]] as [number, number];
  return Math.round((below + above) / 2);
}
