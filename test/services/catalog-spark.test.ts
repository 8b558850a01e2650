/** What the archive writes to HDFS and tells Hive of is read by Spark SQL as tables: every row, every column. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FastTable } from '../../actors/archive/fast-table.ts';
import { tablePath } from '../../actors/archive/paths.ts';
import { SmallTable } from '../../actors/archive/small-table.ts';
import { WebhdfsArchiveFiles } from '../../actors/backends/archive-webhdfs.ts';
import { HiveCatalog } from '../../actors/backends/catalog-hive.ts';
import { hdfsConfig } from '../../actors/backends/hdfs-config.ts';
import { ARCHIVE_TABLES, type ArchiveColumn, type ArchiveTable } from '../../actors/ports/archive-tables.ts';
import { removeFolders } from './hdfs-place.ts';
import { dropDatabase } from './hive-place.ts';
import { address, needs } from './servers.ts';
import { askSpark, type SparkRow, sparkMissing } from './spark.ts';

const WRITERS = { orders: FastTable, kpi_minute: SmallTable } as const;
const TABLES = Object.keys(WRITERS) as ArchiveTable[];
const DAYS = ['2026-02-27', '2026-02-28'];
const ROWS = 100;
const TEXTS = ['São Paulo', '北京', '🛒', '', 'a"b\\c\n', "o'neill"];
const LARGE = 9_007_199_254_740_000;

const { skip } = needs('WEBHDFS_URL', 'HIVE_METASTORE');

/** Of its type, nulls where they may be, the largest amounts that there can be. */
function cellOf({ type, optional }: ArchiveColumn, row: number): string | number | bigint | boolean | null {
  if (optional && row % 3 === 0) return null;
  if (type === 'text') return TEXTS[row % TEXTS.length] as string;
  if (type === 'int') return row;
  if (type === 'long') return BigInt(LARGE + row);
  if (type === 'time') return BigInt(1_772_240_000_000 + row * 1001);
  return type === 'real' ? row + 0.5 : row % 2 === 0;
}

function rowsOf(table: ArchiveTable, day: string): SparkRow[] {
  const first = DAYS.indexOf(day) * ROWS;
  return Array.from({ length: ROWS }, (_, index) => [
    ...ARCHIVE_TABLES[table].map((column) => {
      const value = cellOf(column, first + index);
      return value === null ? null : String(value);
    }),
    day,
  ]);
}

async function contentOf(table: ArchiveTable, day: string): Promise<Uint8Array> {
  const columns = ARCHIVE_TABLES[table];
  const first = DAYS.indexOf(day) * ROWS;
  const writer = new WRITERS[table](columns, nextTurn);
  await writer.write(
    columns.map((column) => Array.from({ length: ROWS }, (_, index) => cellOf(column, first + index))),
  );
  return writer.finish({});
}

/** All columns as text, times as milliseconds, the day last. */
function everything(database: string, table: ArchiveTable, condition = 'true'): string {
  const cells = ARCHIVE_TABLES[table].map(({ name, type }) => {
    const value = type === 'time' ? `unix_millis(\`${name}\`)` : `\`${name}\``;
    return `cast(${value} as string)`;
  });
  return `select ${[...cells, 'order_date'].join()} from \`${database}\`.${table} where ${condition}`;
}

const sorted = (rows: readonly SparkRow[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

test('Spark SQL reads the archive as tables of Hive', { skip: skip || sparkMissing() }, async (t) => {
  const mark = `t-hdfs-${randomBytes(4).toString('hex')}`;
  const settings = {
    webhdfsUrl: new URL(`/${mark}`, address('WEBHDFS_URL')).href,
    hdfsUser: userInfo().username,
    hiveMetastore: address('HIVE_METASTORE'),
    hdfsUrl: process.env.HDFS_URL,
  };
  const { webhdfs, hive } = hdfsConfig(settings, mark);
  assert.ok(webhdfs && hive);
  const [files, catalog] = [new WebhdfsArchiveFiles(webhdfs), new HiveCatalog(hive)];
  t.after(async () => {
    await Promise.all([files.close(), catalog.close(), dropDatabase(hive)]);
    await removeFolders(mark);
  });
  for (const table of TABLES) {
    for (const day of DAYS) {
      await files.write('_tmp/a', await contentOf(table, day));
      await files.publish('_tmp/a', tablePath(table, day, 'orders-0-000000000000'));
    }
    await catalog.register(table, DAYS);
  }
  const queries = [
    ...TABLES.map((table) => everything(hive.database, table)),
    everything(hive.database, 'orders', `order_date = '${DAYS[1]}'`),
    `select cast(sum(price_cents) as string), cast(count(*) as string) from \`${hive.database}\`.orders`,
  ];
  const [orders, minutes, oneDay, sums] = askSpark(settings.hiveMetastore, queries);
  assert.deepEqual(sorted(orders ?? []), sorted(DAYS.flatMap((day) => rowsOf('orders', day))));
  assert.deepEqual(sorted(minutes ?? []), sorted(DAYS.flatMap((day) => rowsOf('kpi_minute', day))));
  assert.deepEqual(sorted(oneDay ?? []), sorted(rowsOf('orders', DAYS[1] as string)));
  const prices = DAYS.flatMap((day) => rowsOf('orders', day)).map((row) => row[16] ?? null);
  const sum = prices.reduce((total, price) => total + BigInt(price ?? 0), 0n);
  assert.equal(ARCHIVE_TABLES.orders[16]?.name, 'price_cents');
  assert.deepEqual(sums, [[String(sum), String(2 * ROWS)]]);
});
