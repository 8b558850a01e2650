/**
 * One day of KPIs as files of the archive: minutes by state and category as Parquet for every tool, and the whole
 * windows for pulso itself; and whether what was written says what the day said.
 */

import { AppError } from '../../protocol/errors.ts';
import { tablePath } from '../archive/paths.ts';
import { TableReader } from '../archive/read-table.ts';
import { SmallTable } from '../archive/small-table.ts';
import { checksumOf, type DraftFile } from '../archive/write-batch.ts';
import { measureAt } from '../kpi/cubes.ts';
import { unpackWindow, WINDOW_MS, WindowState } from '../kpi/window.ts';
import type { BatchFile } from '../ports/archive.ts';
import { ARCHIVE_TABLES } from '../ports/archive-tables.ts';
import type { ReadWindow, StoredWindow, StoreReader } from '../ports/hot-store.ts';
import { readWindowsFile, writeWindowsFile } from './windows-file.ts';

export type KpiDay = {
  /** Of the batch and this revision of it; part of the files' names. */
  readonly name: string;
  /** YYYY-MM-DD in the configured zone. */
  readonly date: string;
  readonly start: number;
  readonly end: number;
};

/** What a day adds up to, over minutes, states and categories; money in cents. */
export type KpiSums = {
  readonly windows: number;
  readonly rows: number;
  readonly orders: number;
  readonly items: number;
  readonly sales: number;
};

export type KpiDraft = { readonly files: readonly DraftFile[]; readonly sums: KpiSums };

const CUBE = 'state_category';
const AT = {
  orders: measureAt(CUBE, 'orders'),
  paid: measureAt(CUBE, 'paid_orders'),
  items: measureAt(CUBE, 'items'),
  sales: measureAt(CUBE, 'sales'),
};
const SLICE_MS = 15 * WINDOW_MS;
const SCHEMA_VERSION = '1';
const SUMMED = ['total_orders', 'total_items', 'total_sales_cents'];

export function windowsPath(date: string, name: string): string {
  return `windows/date=${date}/part-${name}.windows.zst`;
}

/** Undefined where the day has no windows. */
export async function writeKpiDay(
  store: Pick<StoreReader, 'windows'>,
  day: KpiDay,
  turn: () => Promise<void>,
): Promise<KpiDraft | undefined> {
  const table = new SmallTable(ARCHIVE_TABLES.kpi_minute, turn);
  const minutes: StoredWindow[] = [];
  let sums = NO_SUMS;
  for (let from = day.start; from < day.end; from += SLICE_MS) {
    const read = await store.windows(from, Math.min(from + SLICE_MS, day.end));
    const byStart = [...Map.groupBy(read, ({ start }) => start)].sort(([a], [b]) => a - b);
    for (const [start, parts] of byStart) {
      const window = new WindowState(start);
      for (const { packed } of parts) {
        window.merge(unpackWindow(start, packed));
        await turn();
      }
      minutes.push({ start, packed: window.pack() });
      const rows = rowsOf(window, parts);
      sums = added(sums, rows);
      await table.write(ARCHIVE_TABLES.kpi_minute.map(({ name }) => rows.map((row) => row[name] as Cell)));
    }
  }
  const [first] = minutes;
  if (first === undefined) return undefined;
  const content = await table.finish({ 'pulso.schema_version': SCHEMA_VERSION, 'pulso.batch': day.name });
  const packed = await writeWindowsFile(minutes);
  const span = { from: first.start, to: (minutes.at(-1) as StoredWindow).start, orderDate: day.date };
  return {
    sums,
    files: [
      {
        ...fileOf(tablePath('kpi_minute', day.date, day.name), content),
        ...span,
        table: 'kpi_minute',
        rows: sums.rows,
      },
      { ...fileOf(windowsPath(day.date, day.name), packed), ...span, table: 'windows', rows: minutes.length },
    ],
  };
}

/** Reads the files back from the archive and adds them up anew. */
export async function verifyKpiDay(
  draft: { readonly files: readonly BatchFile[]; readonly sums: KpiSums },
  read: (file: BatchFile) => Promise<Uint8Array>,
  turn: () => Promise<void>,
): Promise<void> {
  for (const file of draft.files) {
    const content = await read(file);
    if (content.length !== file.bytes || checksumOf(content) !== file.checksum) throw differs(file, 'its bytes');
    const found = file.table === 'windows' ? await sumWindows(content, turn) : await sumTable(content, turn);
    for (const [name, value] of Object.entries(found))
      if (draft.sums[name as keyof KpiSums] !== value) throw differs(file, `its ${name}, now ${value},`);
  }
}

type Cell = string | number | boolean | null;
type Row = Readonly<Record<string, Cell>>;

const NO_SUMS: KpiSums = { windows: 0, rows: 0, orders: 0, items: 0, sales: 0 };

function rowsOf(window: WindowState, parts: readonly ReadWindow[]): Row[] {
  const rev = parts.reduce((sum, { seq }) => sum + seq, 0);
  const rows: Row[] = [];
  window.forEach(CUBE, ([state = '', category = ''], values) => {
    const [orders, paid] = [values[AT.orders] as number, values[AT.paid] as number];
    const [items, sales] = [values[AT.items] as number, values[AT.sales] as number];
    rows.push({
      minute: window.start,
      customer_state: state,
      product_category: category,
      total_orders: orders,
      total_items: items,
      total_sales_cents: sales,
      total_sales: sales / 100,
      avg_order_value: paid === 0 ? null : Math.round(sales / paid) / 100,
      rev,
      final: true,
    });
  });
  return rows;
}

function added(sums: KpiSums, rows: readonly Row[]): KpiSums {
  const sumOf = (name: string) => rows.reduce((sum, row) => sum + (row[name] as number), 0);
  return {
    windows: sums.windows + 1,
    rows: sums.rows + rows.length,
    orders: sums.orders + sumOf('total_orders'),
    items: sums.items + sumOf('total_items'),
    sales: sums.sales + sumOf('total_sales_cents'),
  };
}

async function sumWindows(content: Uint8Array, turn: () => Promise<void>): Promise<KpiSums> {
  let sums = NO_SUMS;
  for (const { start, packed } of await readWindowsFile(content)) {
    sums = added(sums, rowsOf(unpackWindow(start, packed, { cubes: [CUBE], sketches: [] }), []));
    await turn();
  }
  return sums;
}

async function sumTable(content: Uint8Array, turn: () => Promise<void>): Promise<Partial<KpiSums>> {
  const table = new TableReader(content, turn);
  const sums = { rows: table.rows, orders: 0, items: 0, sales: 0 };
  for await (const group of table.groups(SUMMED)) {
    for (let row = 0; row < group.rows; row++) {
      sums.orders += Number(group.column('total_orders')[row]);
      sums.items += Number(group.column('total_items')[row]);
      sums.sales += Number(group.column('total_sales_cents')[row]);
    }
    await turn();
  }
  return sums;
}

function fileOf(path: string, content: Uint8Array) {
  return { path, content, bytes: content.length, checksum: checksumOf(content) };
}

function differs({ path }: BatchFile, what: string): AppError {
  return new AppError('data-mismatch', `Cannot trust ${path} of the archive as ${what} differ from the hot store`);
}
