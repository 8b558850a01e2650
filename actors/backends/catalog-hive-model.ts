/** The archive's tables as the Hive Metastore holds them: thrift structs, by the field numbers of its interface. */
import { ARCHIVE_TABLES, type ArchiveColumnType, type ArchiveTable, DAY_COLUMN } from '../ports/archive-tables.ts';
import {
  flag,
  int,
  list,
  struct,
  type ThriftMap,
  type ThriftRead,
  type ThriftWritable,
  text,
  texts,
} from './thrift-values.ts';

const HIVE_TYPES: Record<ArchiveColumnType, string> = {
  text: 'string',
  int: 'int',
  long: 'bigint',
  time: 'timestamp',
  real: 'double',
  flag: 'boolean',
};

const PARQUET = 'org.apache.hadoop.hive.ql.io.parquet';
const EXTERNAL = 'EXTERNAL_TABLE';

type Column = { readonly name: string; readonly type: string };

/** What of a table must be as pulso would make it. */
export type HiveTable = { readonly location: string; readonly kind: string; readonly columns: readonly Column[] };

/** Where a table lies: in the database `database`, its files below `location`. */
export type HivePlace = { readonly database: string; readonly location: string };

export function wantedTable(table: ArchiveTable, place: HivePlace): HiveTable {
  const columns = ARCHIVE_TABLES[table].map(({ name, type }) => ({ name, type: HIVE_TYPES[type] }));
  return { location: `${place.location}/${table}`, kind: EXTERNAL, columns };
}

export function database(name: string): ThriftWritable {
  return struct({ 1: text(name), 2: text('The archive of pulso'), 4: texts({}) });
}

export function table(name: ArchiveTable, place: HivePlace): ThriftWritable {
  const wanted = wantedTable(name, place);
  return struct({
    1: text(name),
    2: text(place.database),
    7: storage(wanted.columns, wanted.location),
    8: list([column({ name: DAY_COLUMN, type: 'string' })]),
    9: texts({ EXTERNAL: 'TRUE' }),
    12: text(EXTERNAL),
  });
}

export function partition(name: ArchiveTable, place: HivePlace, day: string): ThriftWritable {
  const { columns, location } = wantedTable(name, place);
  return struct({
    1: list([text(day)]),
    2: text(place.database),
    3: text(name),
    6: storage(columns, `${location}/${DAY_COLUMN}=${day}`),
    7: texts({}),
  });
}

/** `add_partitions_req` with what is there already left as it is, and a short answer. */
export function addPartitions(name: ArchiveTable, place: HivePlace, days: readonly string[]): ThriftWritable {
  const parts = list(days.map((day) => partition(name, place, day)));
  return struct({ 1: text(place.database), 2: text(name), 3: parts, 4: flag(true), 5: flag(false) });
}

export function readTable(answer: ThriftRead | undefined): HiveTable {
  const descriptor = mapOf(mapOf(answer).get(7));
  const columns = descriptor.get(1);
  return {
    location: String(descriptor.get(2)),
    kind: String(mapOf(answer).get(12)),
    columns: (Array.isArray(columns) ? columns : []).map((entry) => ({
      name: String(mapOf(entry).get(1)),
      type: String(mapOf(entry).get(2)),
    })),
  };
}

function mapOf(value: ThriftRead | undefined): ThriftMap {
  return value instanceof Map ? value : new Map();
}

function column({ name, type }: Column): ThriftWritable {
  return struct({ 1: text(name), 2: text(type) });
}

function storage(columns: readonly Column[], location: string): ThriftWritable {
  return struct({
    1: list(columns.map(column)),
    2: text(location),
    3: text(`${PARQUET}.MapredParquetInputFormat`),
    4: text(`${PARQUET}.MapredParquetOutputFormat`),
    5: flag(false),
    6: int(-1),
    7: struct({ 2: text(`${PARQUET}.serde.ParquetHiveSerDe`), 3: texts({ 'serialization.format': '1' }) }),
    8: list([]),
    9: list([]),
    10: texts({}),
  });
}
