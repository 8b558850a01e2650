/**
 * What other tools read of the archive: DuckDB, PyArrow and Spark must each give the counts, exact sums and lookups that
 * the brute-force model gives. TEST_PYTHON names the Python that has duckdb and pyarrow, TEST_SPARK_PYTHON the one with
 * pyspark; where there is none the tests say so and skip.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dayIn } from '../../actors/archive/days.ts';
import { SmallTable } from '../../actors/archive/small-table.ts';
import { writeBatch } from '../../actors/archive/write-batch.ts';
import { LocalArchiveFiles } from '../../actors/backends/archive-local.ts';
import { ARCHIVE_TABLES } from '../../actors/ports/archive-tables.ts';
import { corpusOf, PLACE } from '../actors/archive/corpus.ts';
import { archiveBatch } from '../contracts/archive-manifest.ts';
import { temporaryFolder } from '../contracts/temporary-folder.ts';

const DAY = '2025-11-20';
const LIMIT_MS = 300_000;
const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
const LARGE = 9_007_199_254_740_000n;

const READERS = {
  DuckDB: {
    python: process.env.TEST_PYTHON || 'python3',
    module: 'duckdb',
    script: `
import duckdb
def rows(table, sql):
    source = f"(SELECT * FROM read_parquet('{root}/{table}/**/*.parquet', hive_partitioning=true, hive_types={{'order_date': VARCHAR}}))"
    return [[None if v is None else str(v) for v in row] for row in duckdb.sql(sql.format(table=source)).fetchall()]
`,
  },
  PyArrow: {
    python: process.env.TEST_PYTHON || 'python3',
    module: 'pyarrow',
    // Arrow reads the files; the questions are asked of what it has read.
    script: `
import sqlite3, pyarrow.dataset, pyarrow as pa
held = {}
def rows(table, sql):
    if table not in held:
        part = pyarrow.dataset.partitioning(pa.schema([('order_date', pa.string())]), flavor='hive')
        read = pyarrow.dataset.dataset(f'{root}/{table}', partitioning=part).to_table()
        base = sqlite3.connect(':memory:')
        names = ', '.join(f'"{name}"' for name in read.column_names)
        base.execute(f'CREATE TABLE t ({names})')
        def plain(column):
            if pa.types.is_timestamp(column.type): column = column.cast(pa.int64())
            return column.to_pylist()
        columns = [plain(column) for column in read.columns]
        base.executemany('INSERT INTO t VALUES (' + ', '.join('?' for _ in columns) + ')', list(zip(*columns)))
        held[table] = base
    sql = sql.format(table='t').replace('epoch_ms(', '(')
    return [[None if v is None else str(v) for v in row] for row in held[table].execute(sql).fetchall()]
`,
  },
  Spark: {
    python: process.env.TEST_SPARK_PYTHON || 'python3',
    module: 'pyspark',
    script: `
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')
    .config('spark.sql.session.timeZone', 'UTC').config('spark.sql.ansi.doubleQuotedIdentifiers', 'true')
    .config('spark.sql.ansi.enabled', 'true')
    .config('spark.sql.sources.partitionColumnTypeInference.enabled', 'false').getOrCreate())
def rows(table, sql):
    spark.read.parquet(f'{root}/{table}').createOrReplaceTempView(table)
    sql = sql.format(table=table).replace('epoch_ms(', 'unix_millis(')
    return [[None if v is None else str(v) for v in row] for row in spark.sql(sql).collect()]
`,
  },
} as const;

type Question = readonly [table: 'orders' | 'kpi_minute', sql: string];

const TEXTS = ['São Paulo', '北京', '🛒', 'naïve ~', ''];
const QUESTIONS: readonly Question[] = [
  [
    'orders',
    'SELECT count(*), count(DISTINCT order_id), sum(quantity), sum(price_cents), sum(payment_value_cents), sum("offset"), count(category), count(mark) FROM {table}',
  ],
  ['orders', 'SELECT min(epoch_ms(order_time)), max(epoch_ms(order_time)) FROM {table}'],
  ['orders', 'SELECT order_date, count(*) FROM {table} GROUP BY order_date ORDER BY order_date'],
  ['orders', 'SELECT mark, count(*) FROM {table} WHERE mark IS NOT NULL GROUP BY mark ORDER BY mark'],
  ['orders', "SELECT customer_state, payment_type FROM {table} WHERE order_id = 'açaí-🛒' AND item_no = 1"],
  ['orders', "SELECT count(*) FROM {table} WHERE customer_state = 'São Paulo'"],
  ['orders', "SELECT order_id, element FROM {table} WHERE category = '北京 çã 🛒'"],
  ['kpi_minute', 'SELECT count(*), sum(total_orders), count(avg_order_value), sum(rev) FROM {table}'],
  ['kpi_minute', 'SELECT min(total_sales_cents), max(total_sales_cents) FROM {table}'],
  ...TEXTS.map((text): Question => ['kpi_minute', `SELECT total_orders FROM {table} WHERE customer_state = '${text}'`]),
];

/** What the oracle of orders and the rows below say, in the order of the questions. */
type Expected = readonly (readonly (readonly (string | null)[])[])[];

const SPECIAL =
  '{"type":"order","order_id":"açaí-🛒","timestamp":1763640000000,"customer_state":"São Paulo","payment_type":"a\'b","items":[{"product_id":"p","category":"北京 çã 🛒","quantity":1,"price":0.01},{"product_id":"p2","quantity":1000000,"price":99999999999.99}],"payment_value":100000000000}';

async function archiveIn(root: string): Promise<Expected> {
  const corpus = corpusOf({ events: 4000, seed: 21, extra: [SPECIAL] });
  const files = new LocalArchiveFiles(root);
  const dayOf = dayIn('America/Sao_Paulo');
  const range = archiveBatch(0, { ...PLACE, toOffset: corpus.end });
  const { files: written } = await writeBatch(corpus.source, range, dayOf, nextTurn);
  for (const { path, content } of written) await files.write(path, content);
  await files.write(`kpi_minute/order_date=${DAY}/part-kpi.parquet`, await kpiMinutes());

  const { orders } = corpus.model;
  const rows = orders.flatMap(({ id, mark, order }) => {
    const items = order.items.length === 0 ? [undefined] : order.items;
    return items.map((item) => ({ id, mark, order, item, offset: BigInt(id.split(':')[2] as string) }));
  });
  const sum = (read: (row: (typeof rows)[number]) => bigint) =>
    String(rows.reduce((total, row) => total + read(row), 0n));
  const count = (fits: (row: (typeof rows)[number]) => boolean) => String(rows.filter(fits).length);
  const times = orders.map(({ order }) => order.time);
  const grouped = (keyOf: (row: (typeof rows)[number]) => string | null) =>
    [...Map.groupBy(rows, keyOf)]
      .flatMap(([key, all]) => (key === null ? [] : [[key, String(all.length)]]))
      .sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
  return [
    [
      [
        String(rows.length),
        String(new Set(orders.map(({ order }) => order.id)).size),
        sum(({ item }) => BigInt(item?.quantity ?? 0)),
        sum(({ item }) => item?.price ?? 0n),
        sum(({ order }) => order.value),
        sum(({ offset }) => offset),
        count(({ item }) => item !== undefined),
        count(({ mark }) => mark !== null),
      ],
    ],
    [[String(Math.min(...times)), String(Math.max(...times))]],
    grouped(({ order }) => dayOf(order.time)),
    grouped(({ mark }) => mark),
    [['São Paulo', "a'b"]],
    [[count(({ order }) => order.state === 'São Paulo')]],
    [['açaí-🛒', '-1']],
    [['5', '10', '3', '15']],
    [[String(LARGE), String(LARGE + 4n)]],
    ...TEXTS.map((_, index) => [[String(index)]]),
  ];
}

async function kpiMinutes(): Promise<Uint8Array> {
  const table = new SmallTable(ARCHIVE_TABLES.kpi_minute, nextTurn);
  const of = <T>(read: (index: number) => T): T[] => TEXTS.map((_, index) => read(index));
  await table.write([
    of((index) => BigInt(1_763_640_000_000 + index * 60_000)),
    TEXTS,
    of((index) => `c${index}`),
    of((index) => index),
    of((index) => index * 2),
    of((index) => LARGE + BigInt(index)),
    of((index) => index / 4),
    of((index) => (index % 2 === 0 ? index / 4 : null)),
    of((index) => index + 1),
    of((index) => index % 2 === 0),
  ]);
  return table.finish({ 'pulso.rows': '5' });
}

function missing({ python, module }: { readonly python: string; readonly module: string }): string | false {
  if (spawnSync(python, ['-c', `import ${module}`]).status !== 0) return `${python} has no ${module}`;
  if (module === 'pyspark' && spawnSync(java, ['-version']).status !== 0) return 'Spark needs Java, which is not here';
  return false;
}

for (const [name, reader] of Object.entries(READERS)) {
  test(`${name} reads the archive just as it was written`, { skip: missing(reader), timeout: LIMIT_MS }, async (t) => {
    const folder = temporaryFolder();
    t.after(() => rmSync(folder.path, { recursive: true, force: true }));
    const root = join(folder.path, 'archive');
    const expected = await archiveIn(root);
    const script = `import json, sys\nroot, questions = json.loads(sys.argv[1])\n${reader.script}\nprint('ANSWERS ' + json.dumps([rows(table, sql) for table, sql in questions]))`;
    const { stdout, stderr, status } = spawnSync(reader.python, ['-c', script, JSON.stringify([root, QUESTIONS])], {
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 1e8,
    });
    const found = /^ANSWERS (.*)$/m.exec(stdout)?.[1];
    assert.ok(status === 0 && found !== undefined, `${name} ended with ${status}: ${stderr.slice(-3000)}`);
    const answers = JSON.parse(found) as Expected;
    for (const [index, answer] of expected.entries()) assert.deepEqual(answers[index], answer, QUESTIONS[index]?.[1]);
  });
}
