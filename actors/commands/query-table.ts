/** The answer of GET /kpi/query read with care, and drawn as a table. Pure. */
import { AppError } from '../../protocol/errors.ts';
import { isObject } from '../../protocol/fields.ts';

export type KpiColumn = { readonly name: string; readonly type: string };
export type KpiTable = {
  readonly columns: readonly KpiColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
  readonly complete: boolean;
  readonly watermark: number | null;
};

const GAP = '  ';
const NONE = '-';

/** Throws an AppError for what is no answer of a query. */
export function readKpis(answer: unknown): KpiTable {
  if (!isObject(answer) || !Array.isArray(answer.columns) || !Array.isArray(answer.rows))
    throw new AppError('unavailable', 'Cannot show the figures as the answer is none of a query');
  const columns = answer.columns.filter(isObject).map(({ name, type }) => ({ name: String(name), type: String(type) }));
  return {
    columns,
    rows: answer.rows.filter((row) => Array.isArray(row)),
    truncated: answer.truncated === true,
    complete: answer.complete === true,
    watermark: typeof answer.watermark === 'number' && answer.watermark >= 0 ? answer.watermark : null,
  };
}

/** Texts to the left, figures to the right; every line ends with a line end. */
export function kpiTable({ columns, rows }: KpiTable): string {
  const head = columns.map(({ name }) => name);
  const cells = rows.map((row) => columns.map((column, place) => cellOf(row[place], column.type)));
  const widths = head.map((name, place) => Math.max(name.length, ...cells.map((row) => row[place]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row.map((cell, place) => aligned(cell, columns[place]?.type, widths[place] ?? 0)).join(GAP);
  return [head, widths.map((width) => '-'.repeat(width)), ...cells].map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** What a reader of the figures must know beside them. */
export function kpiNote({ rows, truncated, complete, watermark }: KpiTable): string {
  const reach = watermark === null ? 'no events yet' : `events up to ${new Date(watermark).toISOString()}`;
  const cut = truncated ? ', cut there: --limit N shows more' : '';
  return `${rows.length} rows${cut}; ${reach}, ${complete ? 'complete' : 'not complete yet'}\n`;
}

function cellOf(value: unknown, type: string): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value !== 'number') return String(value);
  if (type === 'time') return `${new Date(value).toISOString().slice(0, 16)}Z`;
  return type === 'money' ? value.toFixed(2) : String(value);
}

function aligned(cell: string, type: string | undefined, width: number): string {
  return type === 'text' || type === 'time' ? cell.padEnd(width) : cell.padStart(width);
}
