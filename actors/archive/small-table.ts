/**
 * Parquet for small tables, by parquetjs-lite in the one configuration in which it can be trusted (decision 0014):
 * one append at a time, no statistics on texts (it orders them by UTF-16), no page index (other readers stumble over
 * it), numbers that a double holds exactly, no times before 1970, undefined for null, everything as whole files.
 */
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError } from '../../protocol/errors.ts';
import type { ArchiveColumn, ArchiveColumnType } from '../ports/archive-tables.ts';
import type { TableWriter, Values } from './tables.ts';

/** What is used of the package, which has no types of its own. */
type Parquet = {
  readonly ParquetSchema: new (fields: Readonly<Record<string, unknown>>) => object;
  readonly ParquetWriter: {
    openStream(schema: object, stream: PassThrough, options: { readonly pageIndex: false }): Promise<ParquetRows>;
  };
};
type ParquetRows = {
  setRowGroupSize(rows: number): void;
  setMetadata(key: string, value: string): void;
  appendRow(row: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
};

const GROUP_ROWS = 50_000;
/** Rows between two turns of the loop: some 10 ms. */
const ROWS_A_TURN = 200;

const TYPES: Readonly<Record<ArchiveColumnType, string>> = {
  text: 'UTF8',
  int: 'INT32',
  long: 'INT64',
  time: 'TIMESTAMP_MILLIS',
  real: 'DOUBLE',
  flag: 'BOOLEAN',
};

export class SmallTable implements TableWriter {
  #columns: readonly ArchiveColumn[];
  #stream = new PassThrough();
  #content = buffer(this.#stream);
  #writer: Promise<ParquetRows>;
  #tail: Promise<void>;
  #turn: () => Promise<unknown>;

  constructor(columns: readonly ArchiveColumn[], turn: () => Promise<unknown>) {
    this.#columns = columns;
    this.#turn = turn;
    this.#writer = open(columns, this.#stream);
    this.#tail = this.#writer.then(() => undefined);
    // A failure is told by whoever waits for it: write or finish.
    this.#tail.catch(() => undefined);
  }

  write(columns: readonly Values[]): Promise<void> {
    this.#tail = this.#tail.then(() => this.#append(columns));
    this.#tail.catch(() => undefined);
    return this.#tail;
  }

  async finish(metadata: Readonly<Record<string, string>>): Promise<Uint8Array> {
    await this.#tail;
    const writer = await this.#writer;
    for (const [key, value] of Object.entries(metadata)) writer.setMetadata(key, value);
    await writer.close();
    return this.#content;
  }

  async #append(columns: readonly Values[]): Promise<void> {
    const writer = await this.#writer;
    const rows = columns[0]?.length ?? 0;
    for (let row = 0; row < rows; row++) {
      const cells = this.#columns.map((column, index) => [column.name, cellOf(column, columns[index]?.[row])] as const);
      await writer.appendRow(Object.fromEntries(cells));
      if (row % ROWS_A_TURN === ROWS_A_TURN - 1) await this.#turn();
    }
  }
}

async function open(columns: readonly ArchiveColumn[], stream: PassThrough): Promise<ParquetRows> {
  const { ParquetSchema, ParquetWriter } = await load();
  const schema = new ParquetSchema(
    Object.fromEntries(
      columns.map(({ name, type, optional }) => [
        name,
        {
          type: TYPES[type],
          optional: optional === true,
          compression: 'SNAPPY',
          ...(type === 'text' ? { statistics: false } : {}),
        },
      ]),
    ),
  );
  const writer = await ParquetWriter.openStream(schema, stream, { pageIndex: false });
  writer.setRowGroupSize(GROUP_ROWS);
  return writer;
}

async function load(): Promise<Parquet> {
  // @ts-expect-error the package has no types
  const loaded = (await import('parquetjs-lite')) as { readonly default: Parquet };
  return loaded.default;
}

/** The value as the package may be given it; what it would write down wrongly is refused. */
function cellOf({ name, type, optional }: ArchiveColumn, value: Values[number] | undefined): unknown {
  if (value === null || value === undefined) {
    if (optional === true) return undefined;
    throw refuse(name, 'a value in every row', value);
  }
  switch (type) {
    case 'text':
      if (typeof value !== 'string') throw refuse(name, 'a text', value);
      return value.toWellFormed();
    case 'flag':
      if (typeof value !== 'boolean') throw refuse(name, 'true or false', value);
      return value;
    case 'real':
      if (typeof value !== 'number') throw refuse(name, 'a number', value);
      return value;
    default:
      return wholeOf(name, type, Number(value));
  }
}

function wholeOf(name: string, type: 'int' | 'long' | 'time', value: number): number {
  const limit = type === 'int' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER;
  if (!Number.isInteger(value) || Math.abs(value) > limit) throw refuse(name, `a whole number within ${limit}`, value);
  if (type === 'time' && value < 0) throw refuse(name, 'a time from 1970 on', value);
  return value;
}

function refuse(name: string, rule: string, value: unknown): AppError {
  return new AppError(
    'bad-parameter',
    `Cannot write ${name} to the archive unless it is ${rule}: current value is ${String(value)}`,
    { field: name },
  );
}
