/**
 * The schedule: every job with its period. Each is due at whole periods of the clock moved by its offset, so that no
 * two begin at the same moment.
 */
import type { JobPlan } from './plan.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Quick looks at what others measure: trying again costs nothing, and a minute later there is another look. */
const LOOK = { deadlineMs: 20 * SECOND, retries: 2, backoffMs: 2 * SECOND };

export const JOBS = [
  /** Merges minutes into hours and days. The first run of a long history takes its time. */
  {
    name: 'roll-up',
    periodMs: MINUTE,
    offsetMs: 5 * SECOND,
    deadlineMs: 15 * MINUTE,
    retries: 3,
    backoffMs: 5 * SECOND,
  },
  /** Days of KPIs that are over go into the archive; those older than is kept are let go of. */
  {
    name: 'kpi-archive',
    periodMs: 15 * MINUTE,
    offsetMs: 50 * SECOND,
    deadlineMs: 30 * MINUTE,
    retries: 3,
    backoffMs: 10 * SECOND,
  },
  /** The archiver works by itself; this looks how it stands, and reads some of what it wrote again. */
  {
    name: 'archive',
    periodMs: 60 * MINUTE,
    offsetMs: 55 * SECOND,
    deadlineMs: 5 * MINUTE,
    retries: 3,
    backoffMs: 30 * SECOND,
  },
  /** Does the generator make as many events as were asked of it? */
  { name: 'generation-health', periodMs: MINUTE, offsetMs: 15 * SECOND, ...LOOK },
  /** Does every event that came in have one outcome, how many were late or unreadable, how complete are orders? */
  {
    name: 'data-quality',
    periodMs: 5 * MINUTE,
    offsetMs: 30 * SECOND,
    deadlineMs: MINUTE,
    retries: 3,
    backoffMs: 5 * SECOND,
  },
  /** Is everything fast and small enough? */
  { name: 'performance', periodMs: MINUTE, offsetMs: 45 * SECOND, ...LOOK },
] as const satisfies readonly JobPlan[];

export type JobName = (typeof JOBS)[number]['name'];
