/** What a run came to, as data and as text. Pure. */
import type { Invariant } from './invariants.ts';
import { isOver, type Outcome } from './timeline.ts';

export type Spread = { readonly p50: number; readonly p99: number; readonly max: number };

export type KindReport = {
  readonly kind: string;
  readonly faults: number;
  readonly recovered: number;
  /** Milliseconds from its effect to the first event that shows it: `hung`, `exited`, ..; null where nothing did. */
  readonly seen: Spread | null;
  /** And to the actor running again. */
  readonly back: Spread | null;
  /** The actor that took longest to be running again. */
  readonly slowest: string | null;
};

export type ChaosReport = {
  readonly url: string;
  readonly seed: number;
  readonly planned: number;
  /** Not ordered, as their actor or its budget was not ready in time. */
  readonly skipped: number;
  readonly interrupted: boolean;
  readonly tookMs: number;
  readonly kinds: readonly KindReport[];
  readonly all: KindReport;
  readonly longestSilenceMs: number;
  readonly invariants: readonly Invariant[];
  readonly held: boolean;
  readonly outcomes: readonly Outcome[];
};

/** Nearest rank. */
export function spreadOf(times: readonly number[]): Spread | null {
  if (times.length === 0) return null;
  const sorted = [...times].sort((a, b) => a - b);
  const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] as number;
  return { p50: rank(0.5), p99: rank(0.99), max: sorted.at(-1) as number };
}

export function kindReports(outcomes: readonly Outcome[]): { kinds: KindReport[]; all: KindReport } {
  const kinds = [...Map.groupBy(outcomes, ({ kind }) => kind)].sort(([a], [b]) => (a < b ? -1 : 1));
  return { kinds: kinds.map(([kind, list]) => reportOf(kind, list)), all: reportOf('all', outcomes) };
}

function reportOf(kind: string, outcomes: readonly Outcome[]): KindReport {
  const times = (read: (outcome: Outcome) => number | null) =>
    spreadOf(outcomes.map(read).filter((ms): ms is number => ms !== null));
  return {
    kind,
    faults: outcomes.length,
    recovered: outcomes.filter(isOver).length,
    seen: times(({ seenMs }) => seenMs),
    back: times(({ backMs }) => backMs),
    slowest: slowestOf(outcomes)?.actor ?? null,
  };
}

function slowestOf(outcomes: readonly Outcome[]): Outcome | undefined {
  return outcomes.filter(({ backMs }) => backMs !== null).sort((a, b) => Number(b.backMs) - Number(a.backMs))[0];
}

export function reportText(report: ChaosReport): string {
  const { url, seed, planned, skipped, interrupted, tookMs, kinds, all, invariants, longestSilenceMs } = report;
  const notes = [
    ...(interrupted ? [`ended early: ${all.faults} of ${planned} faults were ordered`] : []),
    ...(skipped > 0 ? [`${skipped} skipped, as their actor or its budget was not ready in time`] : []),
  ];
  return [
    `${all.faults} faults in ${duration(tookMs)} on ${url}, seed ${seed}`,
    ...notes,
    '',
    ...table(all.faults === 0 ? [] : [...kinds, all]),
    '',
    ...invariants.flatMap(invariantLines),
    '',
    `/kpi/latest was without an answer for ${Math.round(longestSilenceMs)} ms at the longest`,
    report.held ? 'All invariants held.' : 'An invariant was broken.',
    '',
  ].join('\n');
}

const COLUMNS = ['fault', 'struck', 'recovered', 'seen p50', 'p99', 'max', 'back p50', 'p99', 'max (ms)', 'of'];
/** Columns of words. */
const NAMES = [0, COLUMNS.length - 1];

function table(kinds: readonly KindReport[]): string[] {
  const spread = (times: Spread | null) =>
    times === null ? ['-', '-', '-'] : [times.p50, times.p99, times.max].map((ms) => String(Math.round(ms)));
  const rows = kinds.map(({ kind, faults, recovered, seen, back, slowest }) => [
    kind,
    String(faults),
    String(recovered),
    ...spread(seen),
    ...spread(back),
    slowest ?? '',
  ]);
  const all = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...all.map((row) => (row[column] as string).length)));
  return all.map((row) =>
    row
      .map((cell, at) => (NAMES.includes(at) ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number)))
      .join('  ')
      .trimEnd(),
  );
}

function invariantLines({ name, held, looks, breaches }: Invariant): string[] {
  const mark = held ? 'held  ' : 'BROKEN';
  return [`${mark}  ${name} (${looks} looks)`, ...breaches.map((text) => `        ${text}`)];
}

export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
