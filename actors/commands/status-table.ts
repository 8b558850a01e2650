/**
 * The supervision tree as lines of text: the most important columns that fit into a width, no line ever wider. A state
 * is a glyph and a word, so colour is only an addition. Pure.
 */
import type { StatusRow, StatusSummary, StatusTree } from './status-tree.ts';

export type TableOptions = {
  readonly width: number;
  readonly color: boolean;
  /** Where the answer came from. */
  readonly url: string;
  /** With it, rows that do not fit are left out and counted. */
  readonly height?: number | undefined;
};

type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle' | 'plain';
type Cell = { readonly text: string; readonly tone: Tone };
type Column = {
  readonly head: string;
  /** The larger goes first where there is no room for all. */
  readonly rank: number;
  readonly right: boolean;
  /** So that figures that come and go do not move the columns behind them. */
  readonly least: number;
  /** Cut down to `least` where that makes room for another one. */
  readonly elastic?: boolean;
  readonly cell: (row: StatusRow, at: number) => Cell;
};

const CODES: Readonly<Record<Tone, string>> = { ok: '32', warn: '33', bad: '31', info: '36', idle: '2', plain: '' };

const STATES: Readonly<Record<string, { readonly glyph: string; readonly tone: Tone }>> = {
  running: { glyph: '✓', tone: 'ok' },
  starting: { glyph: '◐', tone: 'info' },
  waiting: { glyph: '…', tone: 'info' },
  'backing-off': { glyph: '◷', tone: 'warn' },
  restarting: { glyph: '↻', tone: 'warn' },
  draining: { glyph: '↓', tone: 'info' },
  stopped: { glyph: '□', tone: 'idle' },
  failed: { glyph: '◆', tone: 'bad' },
  unresponsive: { glyph: '◌', tone: 'bad' },
};
const UNKNOWN_STATE = { glyph: '?', tone: 'bad' } as const;
const ORDERLY: ReadonlySet<string> = new Set(['normal', 'shutdown']);
/** A mailbox whose oldest message is older than this is in trouble: the page's threshold. */
const OLD_MS = 1_000;
const NONE = '-';
const GAP = 2;

const plain = (text: string): Cell => ({ text, tone: 'plain' });
const idle = (text: string): Cell => ({ text, tone: 'idle' });

const COLUMNS: readonly Column[] = [
  {
    head: 'ACTOR',
    rank: 100,
    right: false,
    least: 22,
    elastic: true,
    cell: ({ branch, id }) => plain(`${branch}${id}`),
  },
  { head: 'STATE', rank: 99, right: false, least: 14, cell: stateCell },
  { head: 'EPOCH', rank: 50, right: true, least: 5, cell: ({ epoch }) => plain(String(epoch)) },
  { head: 'RESTARTS', rank: 90, right: true, least: 8, cell: restartsCell },
  { head: 'MAILBOX', rank: 85, right: true, least: 7, cell: ofWorker(mailboxCell) },
  { head: 'OLDEST', rank: 70, right: true, least: 7, cell: ofWorker(ageCell) },
  { head: 'MSG/S', rank: 60, right: true, least: 7, cell: ofWorker(({ rate }) => plain(count(rate))) },
  { head: 'P99', rank: 45, right: true, least: 6, cell: ofWorker(handleCell) },
  { head: 'BUSY', rank: 65, right: true, least: 5, cell: ofWorker(({ busy }) => plain(`${Math.round(busy * 100)} %`)) },
  { head: 'RETRY', rank: 80, right: true, least: 6, cell: retryCell },
  { head: 'LAST EXIT', rank: 75, right: false, least: 13, elastic: true, cell: exitCell },
  { head: 'WHY', rank: 10, right: false, least: 16, elastic: true, cell: whyCell },
];

/** Lines without line ends; none is wider than `width`. */
export function statusLines(tree: StatusTree, options: TableOptions): string[] {
  const { summary } = tree;
  const width = Math.max(1, Math.floor(options.width));
  const table = tableLines(tree.rows, { ...options, width, at: summary.at });
  const head = [verdictLine(tree, width, options.color), cut(figures(summary, tree.rows, options.url), width), ''];
  const room = options.height === undefined ? Number.POSITIVE_INFINITY : options.height - head.length;
  if (table.length <= room) return [...head, ...table];
  const shown = Math.max(0, room - 1);
  return [...head, ...table.slice(0, shown), cut(`and ${table.length - shown} more lines`, width)].slice(
    0,
    Math.max(1, options.height ?? 0),
  );
}

function verdictLine({ rows, summary: { at, paused } }: StatusTree, width: number, color: boolean): string {
  const counts = new Map<string, number>();
  for (const { state } of rows) if (!isUp(state)) counts.set(state, (counts.get(state) ?? 0) + 1);
  const tones = [...counts.keys()].map((state) => stateOf(state).tone);
  const tone = tones.includes('bad') ? 'bad' : tones.includes('warn') ? 'warn' : counts.has('starting') ? 'info' : 'ok';
  const ok = paused === undefined ? 'HEALTHY' : 'PAUSED';
  const word = { bad: 'FAILING', warn: 'DEGRADED', info: 'STARTING', ok }[tone];
  const states = [...counts].map(([state, n]) => `${n} ${state}`);
  if (paused !== undefined)
    states.unshift(`ingest is paused for ${duration(at - paused.at)}${paused.reason && `: ${paused.reason}`}`);
  const why = states.join(', ') || 'every actor is running';
  const text = cut(`${word}  ${why}`, width);
  return paint(text.slice(0, word.length), tone, color) + text.slice(word.length);
}

function figures(summary: StatusSummary, rows: readonly StatusRow[], url: string): string {
  const workers = rows.filter(({ supervisor }) => !supervisor);
  const { at, startedAt, latencyP50Ms, latencyP99Ms, lag, clients, zombies, fenced } = summary;
  return [
    url,
    `${workers.filter(({ state }) => isUp(state)).length} of ${workers.length} actors run`,
    startedAt === undefined ? '' : `up ${duration(at - startedAt)}`,
    latencyP50Ms === undefined ? '' : `p50 ${duration(latencyP50Ms)}`,
    latencyP99Ms === undefined ? '' : `p99 ${duration(latencyP99Ms)}`,
    lag === undefined ? '' : `lag ${count(lag)}`,
    clients === undefined ? '' : `${clients} ${clients === 1 ? 'client' : 'clients'}`,
    zombies ? `${zombies} left behind` : '',
    fenced ? `${fenced} fenced` : '',
  ]
    .filter((text) => text !== '')
    .join('  ');
}

type Drawn = { readonly width: number; readonly color: boolean; readonly at: number };

function tableLines(rows: readonly StatusRow[], { width, color, at }: Drawn): string[] {
  const cells = rows.map((row) => COLUMNS.map((column) => column.cell(row, at)));
  const wanted = COLUMNS.map((column, index) =>
    Math.max(column.least, column.head.length, ...cells.map((row) => lengthOf(row[index]?.text ?? ''))),
  );
  const widths = fit(wanted, width);
  const line = (texts: readonly Cell[]) => {
    const shown = widths.flatMap((space, index) =>
      space === 0 ? [] : [drawCell(texts[index] ?? plain(''), space, COLUMNS[index]?.right === true, color)],
    );
    return trimEnd(shown.join(' '.repeat(GAP)));
  };
  return [line(COLUMNS.map(({ head }) => idle(head))), ...cells.map(line)];
}

/** How wide each column is; 0 for one that has no room. The highest rank chooses first; elastic ones give way. */
function fit(wanted: readonly number[], width: number): number[] {
  const byRank = COLUMNS.map((_, index) => index).sort((a, b) => rankOf(b) - rankOf(a));
  const [first] = byRank;
  let shown = wanted.map(() => 0);
  for (const index of byRank) {
    const more = shown.map((_, at) => (at === index || (shown[at] as number) > 0 ? (wanted[at] as number) : 0));
    const widths = squeeze(more, width);
    if (totalOf(widths) <= width) shown = widths;
    else if (index === first) shown = widths.map((_, at) => (at === first ? width : 0));
  }
  return shown;
}

function squeeze(widths: readonly number[], width: number): number[] {
  const squeezed = [...widths];
  for (let index = squeezed.length - 1; index >= 0; index--) {
    const column = COLUMNS[index] as Column;
    const over = totalOf(squeezed) - width;
    if (column.elastic !== true || over <= 0 || squeezed[index] === 0) continue;
    squeezed[index] = Math.max(column.least, (squeezed[index] as number) - over);
  }
  return squeezed;
}

function totalOf(widths: readonly number[]): number {
  const shown = widths.filter((width) => width > 0);
  return shown.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, shown.length - 1);
}

function rankOf(index: number): number {
  return (COLUMNS[index] as Column).rank;
}

function drawCell({ text, tone }: Cell, width: number, right: boolean, color: boolean): string {
  const shown = cut(text, width);
  const space = ' '.repeat(width - lengthOf(shown));
  const painted = paint(shown, tone, color);
  return right ? space + painted : painted + space;
}

function paint(text: string, tone: Tone, color: boolean): string {
  return color && tone !== 'plain' && text !== '' ? `\x1b[${CODES[tone]}m${text}\x1b[0m` : text;
}

/** Characters, not code units; control characters have no business here. */
function cut(text: string, width: number): string {
  const characters = [...text.replace(/\p{C}/gu, ' ')];
  return characters.length <= width ? characters.join('') : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}

/** The space after the last cell, which may stand inside of colours. */
function trimEnd(line: string): string {
  return line.replace(/ +$/, '');
}

function stateOf(state: string): { readonly glyph: string; readonly tone: Tone } {
  return STATES[state] ?? UNKNOWN_STATE;
}

function isUp(state: string): boolean {
  return state === 'running' || state === 'waiting';
}

function ofWorker(cell: Column['cell']): Column['cell'] {
  return (row, at) => (row.supervisor ? plain('') : cell(row, at));
}

function stateCell({ state }: StatusRow): Cell {
  const { glyph, tone } = stateOf(state);
  return { text: `${glyph} ${state}`, tone };
}

function restartsCell({ restarts, spent, supervisor }: StatusRow): Cell {
  const none = supervisor ? restarts.startsWith('0/') : restarts === '0';
  return { text: restarts, tone: spent ? 'bad' : none ? 'idle' : 'plain' };
}

function mailboxCell({ depth, oldestMs }: StatusRow): Cell {
  return { text: count(depth), tone: depth > 0 && oldestMs > OLD_MS ? 'warn' : 'plain' };
}

function ageCell({ depth, oldestMs }: StatusRow): Cell {
  return depth === 0 ? idle(NONE) : { text: duration(oldestMs), tone: oldestMs > OLD_MS ? 'warn' : 'plain' };
}

function handleCell({ handleP99Ms: ms }: StatusRow): Cell {
  if (ms === undefined) return idle(NONE);
  return plain(ms < 9.95 ? `${ms.toFixed(1)} ms` : duration(ms));
}

function retryCell({ nextRetryAt }: StatusRow, at: number): Cell {
  return nextRetryAt === undefined ? idle(NONE) : { text: duration(Math.max(0, nextRetryAt - at)), tone: 'warn' };
}

function exitCell({ lastExit }: StatusRow, at: number): Cell {
  if (lastExit === undefined) return idle(NONE);
  const ago = duration(Math.max(0, at - lastExit.at));
  return { text: `${lastExit.reason} ${ago} ago`, tone: ORDERLY.has(lastExit.reason) ? 'idle' : 'bad' };
}

function whyCell({ waitingFor, lastExit }: StatusRow): Cell {
  if (waitingFor !== undefined) return { text: `waits for ${waitingFor}`, tone: 'info' };
  return idle(lastExit?.detail ?? '');
}

/** `940`, `12.4k`, `3.1M`. */
function count(value: number): string {
  if (value >= 999_950) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 9_999.5) return `${(value / 1e3).toFixed(1)}k`;
  return String(value > 0 && value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value));
}

/** `8 ms`, `2.1 s`, `41 s`, `12 min`, `3 h 07 min`, `6 d 04 h`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 59_500) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.max(1, Math.floor(ms / 60_000));
  const two = (value: number) => String(value).padStart(2, '0');
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${Math.floor(minutes / 1_440)} d ${two(Math.floor((minutes % 1_440) / 60))} h`;
}
