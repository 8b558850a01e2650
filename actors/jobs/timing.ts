/** When a job is due, and how long it waits before another try. */
import type { JobPlan } from './plan.ts';

/** The first due time after `time`: due times are whole periods of the clock, moved by the offset. */
export function dueAfter({ periodMs, offsetMs }: Pick<JobPlan, 'periodMs' | 'offsetMs'>, time: number): number {
  return (Math.floor((time - offsetMs) / periodMs) + 1) * periodMs + offsetMs;
}

/** The wait after failed try number `attempt`: doubles each time; the upper half is left to chance. */
export function backoffMs({ backoffMs: base, periodMs }: JobPlan, attempt: number, random: number): number {
  const ceiling = Math.min(base * 2 ** Math.min(attempt - 1, 30), periodMs);
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}
