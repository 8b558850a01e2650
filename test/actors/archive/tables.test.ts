/** Both Parquet writers: the same table from either, and each trap of parquetjs-lite sprung (the guard is in small-table.ts). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parquetMetadata } from 'hyparquet';
import { FastTable } from '../../../actors/archive/fast-table.ts';
import { TableReader } from '../../../actors/archive/read-table.ts';
import { SmallTable } from '../../../actors/archive/small-table.ts';
import type { TableWriter, Values } from '../../../actors/archive/tables.ts';
import { ARCHIVE_TABLES, type ArchiveColumn } from '../../../actors/ports/archive-tables.ts';

const WRITERS = { small: SmallTable, fast: FastTable } as const;
const T0 = 1_763_600_000_000;
const LARGE = 9_007_199_254_740_000;

const COLUMNS: readonly ArchiveColumn[] = [
  { name: 'text', type: 'text' },
  { name: 'maybe', type: 'text', optional: true },
  { name: 'number', type: 'int' },
  { name: 'cents', type: 'long' },
  { name: 'none', type: 'long', optional: true },
  { name: 'at', type: 'time' },
  { name: 'ratio', type: 'real' },
  { name: 'final', type: 'flag' },
];
const TEXTS = ['São Paulo', '北京', '🛒', '\ufeffbom', '', 'a"b\\c\n', 'z', '\uff5e'];

function rowsFrom(first: number, count: number): Values[] {
  const at = Array.from({ length: count }, (_, index) => first + index);
  return [
    at.map((row) => TEXTS[row % TEXTS.length] as string),
    at.map((row) => (row % 3 === 0 ? null : `m${row}`)),
    at.map((row) => row - 50),
    at.map((row) => BigInt(LARGE + (row % 100))),
    at.map(() => null),
    at.map((row) => BigInt(T0 + row)),
    at.map((row) => row / 8),
    at.map((row) => row % 2 === 0),
  ];
}

async function read(content: Uint8Array): Promise<Record<string, unknown>[]> {
  const reader = new TableReader(content, nextTurn);
  const rows: Record<string, unknown>[] = [];
  for await (const group of reader.groups(reader.names)) {
    for (let row = 0; row < group.rows; row++) {
      const cells = reader.names.map((name) => [name, group.column(name)[row] ?? null]);
      rows.push(
        Object.fromEntries(cells.map(([name, cell]) => [name, typeof cell === 'bigint' ? Number(cell) : cell])),
      );
    }
  }
  return rows;
}

function expected(count: number): Record<string, unknown>[] {
  const columns = rowsFrom(0, count);
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      COLUMNS.map(({ name }, index) => {
        const cell = columns[index]?.[row];
        return [name, typeof cell === 'bigint' ? Number(cell) : cell];
      }),
    ),
  );
}

for (const [name, Writer] of Object.entries(WRITERS)) {
  const make = (columns = COLUMNS): TableWriter => new Writer(columns, nextTurn);

  test(`${name} table gives back every value, large numbers, nulls and all kinds of texts`, async () => {
    const table = make();
    await table.write(rowsFrom(0, 100));
    const content = await table.finish({ 'pulso.rows': '100', empty: '' });
    assert.deepEqual(await read(content), expected(100));
    assert.deepEqual(new TableReader(content, nextTurn).metadata, { 'pulso.rows': '100', empty: '' });
  });

  test(`${name} table carries out overlapping calls one after the other, each row once`, async () => {
    const table = make();
    const writes = Array.from({ length: 11 }, (_, part) => table.write(rowsFrom(part * 100, 100)));
    const finished = table.finish({});
    await Promise.all(writes);
    assert.deepEqual(await read(await finished), expected(1100));
  });

  test(`${name} table of no rows is a file of no rows`, async () => {
    const content = await make().finish({});
    assert.deepEqual(await read(content), []);
    assert.equal(new TableReader(content, nextTurn).names.length, COLUMNS.length);
  });

  test(`${name} table lets the loop turn while it writes`, async () => {
    let turns = 0;
    const table = new Writer(COLUMNS, async () => {
      turns++;
      await nextTurn();
    });
    await table.write(rowsFrom(0, 2000));
    await table.finish({});
    assert.ok(turns >= 8, `${turns} turns`);
  });

  test(`${name} table refuses a null where every row has a value`, async () => {
    const table = make();
    const rows = rowsFrom(0, 2);
    rows[0] = ['a', null];
    await assert.rejects(table.write(rows));
    await assert.rejects(table.finish({}));
  });
}

/** Overlapping appends of more than a row group made the package write rows many times over. */
test('small table keeps each row once beyond a row group of the package', async () => {
  const table = new SmallTable(COLUMNS.slice(2, 3), nextTurn);
  const rows = 50_100;
  const numbers = Array.from({ length: rows }, (_, row) => row);
  const writes = [0, 25_050].map((from) => table.write([numbers.slice(from, from + 25_050)]));
  const content = await table.finish({});
  await Promise.all(writes);
  const found = await read(content);
  assert.equal(found.length, rows);
  assert.ok(found.every(({ number }, index) => number === index));
});

/** The package orders texts by UTF-16 in its statistics, and readers then skip values that are there. */
test('small table writes no statistics of texts and no page index', async () => {
  const table = new SmallTable(COLUMNS, nextTurn);
  await table.write(rowsFrom(0, 100));
  const content = await table.finish({});
  const { row_groups: groups } = parquetMetadata(content.slice().buffer);
  for (const { columns } of groups) {
    for (const { meta_data, column_index_offset, offset_index_offset } of columns) {
      assert.equal(meta_data?.codec, 'SNAPPY');
      assert.equal(column_index_offset, undefined);
      assert.equal(offset_index_offset, undefined);
      if (meta_data?.type === 'BYTE_ARRAY') assert.equal(meta_data.statistics?.max_value, undefined);
    }
  }
});

/** The package rounds them, cuts them or throws something that is no error. */
test('small table refuses with a sentence what the package would write down wrongly', async () => {
  const wrong: readonly [string, Values[number]][] = [
    ['cents', 9_007_199_254_740_993n],
    ['cents', 0.5],
    ['cents', Number.NaN],
    ['number', 2 ** 31],
    ['at', -1n],
    ['text', 12],
    ['final', 'yes'],
    ['ratio', 'much'],
  ];
  for (const [name, value] of wrong) {
    const table = new SmallTable(COLUMNS, nextTurn);
    const rows = rowsFrom(0, 1);
    rows[COLUMNS.findIndex((column) => column.name === name)] = [value];
    await assert.rejects(table.write(rows), { code: 'bad-parameter', field: name }, `${name} ${value}`);
  }
});

test('small table holds a half of a character as other tools read it', async () => {
  const table = new SmallTable(COLUMNS.slice(0, 1), nextTurn);
  await table.write([['\ud83d']]);
  assert.deepEqual(await read(await table.finish({})), [{ text: '\ufffd' }]);
});

test('fast table refuses columns of different lengths', async () => {
  const table = new FastTable(COLUMNS, nextTurn);
  const rows = rowsFrom(0, 2);
  rows[3] = [1n];
  await assert.rejects(table.write(rows), RangeError);
});

test('fast table makes one row group of one write', async () => {
  const table = new FastTable(ARCHIVE_TABLES.kpi_minute, nextTurn);
  const at = (value: Values[number]) => [value, value];
  const kpi = [T0, 'SP', 'toys', 1, 2, 3, 0.03, null, 4, true].map((value, index) =>
    at([0, 3, 4, 5, 8].includes(index) ? BigInt(value as number) : (value as Values[number])),
  );
  await table.write(kpi);
  await table.write(kpi);
  const { row_groups: groups, num_rows: rows } = parquetMetadata((await table.finish({})).slice().buffer);
  assert.deepEqual([groups.length, rows], [2, 4n]);
  for (const { columns, num_rows } of groups) assert.deepEqual([columns.length, num_rows], [10, 2n]);
});
