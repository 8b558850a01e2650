/** What a run of the generator is: which stream it goes on with, what it fills first, and what is due at a moment. */
import type { GeneratorState, OrderStream } from './core.ts';
import { demoChanges, demoOptions } from './demo.ts';
import { createGenerator, resumeGenerator } from './generator.ts';
import { ANOMALY_KINDS, type Anomaly, type RateOptions } from './options.ts';

export type RunInput = {
  /** Events a second, Infinity for as many as can be; null for the demo. */
  readonly rate: number | null;
  readonly seed: string | null;
  readonly brokenShare: number;
  readonly anomaly: string | null;
};

/** Where the last run stood, if there was one. */
export type Kept = { readonly state: GeneratorState; readonly total: number };

export type RunPlan = {
  readonly stream: OrderStream;
  readonly total: number;
  /** The past up to here is written without waiting. */
  readonly fillUntil: number;
  /** What the generation monitor holds the live stream against; null when nobody asked for a rate. */
  readonly askedRate: number | null;
};

/** `--rate max`: more than any machine makes; the clock still bounds it, so that no event lies in the future. */
export const MOST_EVENTS_PER_SECOND = 200_000;
/** Anomalies on purpose begin soon after the start and last long enough to be seen. */
const ANOMALY_DELAY_MS = 60_000;
const ANOMALY_MS = 10 * 60_000;

export function planRun(input: RunInput, kept: Kept | undefined, now: number): RunPlan {
  const total = kept?.total ?? 0;
  const extras: RateOptions = { brokenShare: input.brokenShare, anomalies: anomalies(input.anomaly, now) };
  if (input.rate === null) {
    const stream = kept
      ? resumeGenerator(kept.state, { ...demoChanges(now, kept.state), ...extras })
      : createGenerator({ ...demoOptions(now, input.seed ?? undefined), ...extras });
    return { stream, total, fillUntil: now, askedRate: null };
  }
  const eventsPerSecond = Math.min(input.rate, MOST_EVENTS_PER_SECOND);
  const options: RateOptions = { ...extras, ...evenly(eventsPerSecond, now) };
  const stream = kept
    ? resumeGenerator(kept.state, options)
    : createGenerator({ ...options, ...(input.seed === null ? {} : { seed: input.seed }) });
  return { stream, total, fillUntil: now, askedRate: Number.isFinite(input.rate) ? input.rate : null };
}

/** The same stream, from now on with so many events a second, evenly. */
export function atRate(stream: OrderStream, eventsPerSecond: number, now: number): OrderStream {
  return resumeGenerator(stream.snapshot(), evenly(eventsPerSecond, now));
}

function evenly(eventsPerSecond: number, startAt: number): RateOptions {
  return { eventsPerSecond, shape: 'flat', restless: false, clickRamp: null, startAt };
}

export function isAnomaly(kind: string): boolean {
  return (ANOMALY_KINDS as readonly string[]).includes(kind);
}

function anomalies(kind: string | null, now: number): Anomaly[] {
  const found = ANOMALY_KINDS.find((known) => known === kind);
  return found === undefined ? [] : [{ kind: found, start: now + ANOMALY_DELAY_MS, durationMs: ANOMALY_MS }];
}
