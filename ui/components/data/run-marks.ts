/** How a run and its job are drawn and worded. Pure. */
import { formatDuration } from '../../data/format.ts';
import type { GlyphName } from '../icons.ts';
import type { Job, Run } from './answers.ts';
import { say } from './words.ts';

export type RunMark = {
  readonly name: 'done' | 'retried' | 'failed' | 'lost' | 'running';
  readonly tone: string;
  readonly glyph: GlyphName | undefined;
};

export function markOf({ outcome, attempt }: Run): RunMark {
  switch (outcome) {
    case 'failed':
      return { name: 'failed', tone: 'fail', glyph: 'fail' };
    case 'lost':
      return { name: 'lost', tone: 'skip', glyph: 'skip' };
    case 'running':
      return { name: 'running', tone: 'run', glyph: 'run' };
    default:
      return attempt > 1
        ? { name: 'retried', tone: 'retry', glyph: 'restart' }
        : { name: 'done', tone: '', glyph: undefined };
  }
}

const LEAST_PX = 4;
const MOST_PX = 28;

/** The longest run is full height; one under way has no length yet. */
export function barHeights(runs: readonly Run[]): number[] {
  const longest = Math.max(1, ...runs.map(({ ms }) => ms ?? 0));
  return runs.map(({ ms, outcome }) => {
    if (outcome === 'lost') return LEAST_PX + 2;
    if (ms === undefined) return MOST_PX / 2;
    return Math.round(LEAST_PX + (ms / longest) * (MOST_PX - LEAST_PX));
  });
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export function periodText(ms: number): string {
  if (ms === MINUTE_MS) return say('jobs.everyMinute');
  if (ms === HOUR_MS) return say('jobs.everyHour');
  const hours = ms / HOUR_MS;
  const minutes = ms / MINUTE_MS;
  if (Number.isInteger(hours)) return say('jobs.every', { period: `${hours} h` });
  if (Number.isInteger(minutes)) return say('jobs.every', { period: `${minutes} min` });
  return say('jobs.every', { period: formatDuration(ms) });
}

export function nextText({ state, nextAt }: Job, now: number): string {
  if (state === 'running') return say('jobs.running');
  if (state === 'elsewhere') return say('jobs.elsewhere');
  if (nextAt === undefined) return '';
  // Whole seconds: tenths that run down are a flicker.
  const ms = Math.ceil((nextAt - now) / 1_000) * 1_000;
  if (ms <= 0) return say('jobs.due');
  return say('jobs.in', { time: ms < 120_000 ? `${ms / 1_000} s` : formatDuration(ms) });
}
