/**
 * The demo: yesterday and today up to now, then live. Orders, deliveries and refunds have one level from the first
 * filled hour into the live stream, so that no chart has a step at `now`. Clicks are many and only matter while they are
 * fresh: of the past every so-many-th visit is told, rising to all of them before `now`.
 */
import type { GeneratorState } from './core.ts';
import type { Ramp } from './curve.ts';
import type { RateOptions } from './options.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** One hour more than two days: every hour of the last day has its hour of the day before. */
export const DEMO_FILL_MS = 49 * HOUR_MS;

/** Means over a week: some 24,000 orders a day, a handful of events every second. */
const ORDERS_PER_SECOND = 0.27;
const CLICKS_PER_SECOND = 16;
/** Night is quiet, but not so quiet that a newcomer in another zone sees nothing move. */
const QUIET_FLOOR = 0.4;
/** The share of past visits that is told, and when it rises to all; the last quarter of an hour is whole. */
const PAST_CLICKS = 0.006;
const RAMP_FROM_MS = 90 * MINUTE_MS;
const RAMP_TO_MS = 16 * MINUTE_MS;
/** After a longer break than this the break is filled as the past is. */
const SHORT_BREAK_MS = 10 * MINUTE_MS;

/** Options of a first start: fill from `startAt` to now without waiting, then go on in real time with the same stream. */
export function demoOptions(now: number, seed: string | number = 'demo'): RateOptions {
  return {
    seed,
    startAt: now - DEMO_FILL_MS,
    ordersPerSecond: ORDERS_PER_SECOND,
    clicksPerSecond: CLICKS_PER_SECOND,
    shape: 'day',
    quietFloor: QUIET_FLOOR,
    restless: true,
    clickRamp: rampTo(now),
    slotMs: 2 * MINUTE_MS,
  };
}

/** What changes when the demo goes on after a break, for resumeGenerator. */
export function demoChanges(now: number, state: GeneratorState): RateOptions {
  if (now - state.time <= SHORT_BREAK_MS) return {};
  return { startAt: Math.max(state.time, now - DEMO_FILL_MS), clickRamp: rampTo(now) };
}

function rampTo(now: number): Ramp {
  return { start: now - RAMP_FROM_MS, end: now - RAMP_TO_MS, from: PAST_CLICKS, to: 1 };
}
