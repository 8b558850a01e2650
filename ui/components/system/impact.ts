/** What a command to an actor would do, in sentences: as the supervisor's side previews it. Pure. */
import { formatDuration, formatNumber } from '../../data/format.ts';
import { hasWords, say, sayOf } from './words.ts';

export const COMMANDS = ['restart', 'drain', 'stop', 'start', 'kill'] as const;
export type Command = (typeof COMMANDS)[number] | 'fault' | 'pause' | 'resume';
/** Contracts 4; poison takes an order as well. */
export const FAULTS = ['crash', 'hang', 'block', 'stall', 'oom', 'slow', 'drop-link', 'poison'] as const;
export type Fault = (typeof FAULTS)[number];
/** Faults that the actor outlives. */
const MILD: ReadonlySet<string | undefined> = new Set<Fault>(['slow', 'drop-link']);
/** Names that are shown; of more, their number. */
const NAMED = 4;

type Budget = {
  readonly of: string;
  readonly used: number;
  readonly budget: number;
  readonly period_ms: number;
  readonly spent: boolean;
};

/** Answer of GET /system/actors/{id}/preview. */
export type Preview = {
  readonly possible: boolean;
  readonly because: string | null;
  readonly stops: readonly string[];
  readonly next_epoch: number | null;
  readonly budget: Budget | null;
  readonly escalation: readonly Budget[];
  readonly ends_process: boolean;
  readonly replays: { readonly events: number };
  readonly affects: readonly string[];
  /** Events in the log that wait. */
  readonly waits?: { readonly events: number };
};

export type Impact = { readonly text: string; readonly grave: boolean };

/** What a command would do, once it is known; or why it cannot be. */
export type CommandPreview = {
  readonly actor: string;
  readonly command: string;
  readonly answer?: unknown;
  readonly error?: string;
};

/** A preview that cannot be had is no reason to forbid the command. */
export function previewed(
  preview: CommandPreview | undefined,
  actor: string,
  command: Command,
  fault?: Fault,
): { readonly lines: readonly Impact[]; readonly possible: boolean } {
  const mine = preview?.actor === actor && preview.command === command ? preview : undefined;
  const answer = mine?.answer as Preview | undefined;
  if (answer === undefined) return { lines: [{ text: mine?.error ?? '…', grave: false }], possible: true };
  return { lines: impactOf(command, answer, fault), possible: answer.possible };
}

export function impactOf(command: Command, preview: Preview, fault?: Fault): Impact[] {
  const { possible, because, stops, next_epoch, budget, escalation, ends_process, replays, affects } = preview;
  const calm = (text: string): Impact => ({ text, grave: false });
  const grave = (text: string): Impact => ({ text, grave: true });
  if (!possible) return [grave(say('impact.impossible', { why: because ?? '' }))];
  const first =
    command === 'fault'
      ? say(`fault.${fault ?? 'crash'}`)
      : say(`impact.${command}`, { next: next_epoch ?? '', n: formatNumber(preview.waits?.events ?? 0) });
  const lines = [calm(first)];
  if (MILD.has(fault)) return lines;
  if (stops.length > 1) lines.push(calm(say('impact.stops', { n: stops.length, names: namesOf(stops) })));
  // Deaths by poison are given back.
  if (budget !== null && fault !== 'poison') {
    const { of, used, period_ms } = budget;
    lines.push(calm(say('impact.budget', { used, budget: budget.budget, period: formatDuration(period_ms), of })));
  }
  for (const { of } of [budget, ...escalation].filter((use) => use?.spent) as Budget[])
    lines.push(grave(say('impact.spent', { of })));
  if (ends_process) lines.push(grave(say('impact.ends')));
  if (replays.events > 0) lines.push(calm(say('impact.replay', { n: formatNumber(replays.events) })));
  for (const affected of affects) if (hasWords('impact', affected)) lines.push(calm(sayOf('impact', affected)));
  return lines;
}

function namesOf(ids: readonly string[]): string {
  return ids.length <= NAMED ? ids.join(', ') : `${ids.slice(0, NAMED).join(', ')}, …`;
}
