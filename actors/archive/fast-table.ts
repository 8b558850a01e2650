/**
 * Parquet for many rows: several times as fast as small-table.ts, with dictionaries. Columns go out one by one with a
 * turn of the loop between them, since a row group at once would block it for 200 ms.
 */
import type { KeyValue, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ArchiveColumn, ArchiveColumnType } from '../ports/archive-tables.ts';
import type { TableWriter, Turn, Values } from './tables.ts';

const PHYSICAL: Readonly<Record<ArchiveColumnType, Partial<SchemaElement>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  real: { type: 'DOUBLE' },
  flag: { type: 'BOOLEAN' },
};

/** Columns whose values hardly repeat: looking for repetitions would cost more than it saves. */
const PLAIN = new Set([
  ...['order_id', 'order_time', 'customer_id', 'payment_value_cents', 'shipping_cents', 'product_id', 'price_cents'],
  'offset',
]);
/** Statistics let readers skip row groups: only where they ask by ranges. */
const RANGES = new Set(['order_time', 'offset', 'minute']);

export class FastTable implements TableWriter {
  #columns: readonly ArchiveColumn[];
  #turn: Turn;
  #bytes = new ByteWriter();
  #writer: ParquetWriter;
  #tail: Promise<void> = Promise.resolve();

  constructor(columns: readonly ArchiveColumn[], turn: Turn) {
    this.#columns = columns;
    this.#turn = turn;
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema: schemaOf(columns), createdBy: 'pulso' });
  }

  write(columns: readonly Values[]): Promise<void> {
    this.#tail = this.#tail.then(() => this.#writeGroup(columns));
    return this.#tail;
  }

  async finish(metadata: Readonly<Record<string, string>>): Promise<Uint8Array> {
    await this.#tail;
    this.#writer.kvMetadata = Object.entries(metadata).map(([key, value]): KeyValue => ({ key, value }));
    this.#writer.finish();
    return this.#bytes.getBytes();
  }

  /** The writer takes each column for a row group of its own; they become one group here. */
  async #writeGroup(values: readonly Values[]): Promise<void> {
    const rows = values[0]?.length ?? 0;
    if (rows === 0) return;
    const { row_groups: groups, num_rows: rowsBefore } = this.#writer;
    const before = groups.length;
    for (const [index, { name }] of this.#columns.entries()) {
      const data = values[index] as Values;
      if (data.length !== rows) throw new RangeError(`Cannot write ${data.length} values of ${name} for ${rows} rows`);
      const encoding = PLAIN.has(name) ? ('PLAIN' as const) : undefined;
      const statistics = RANGES.has(name);
      this.#writer.write({
        columnData: [{ name, data: [...data], statistics, ...(encoding === undefined ? {} : { encoding }) }],
        rowGroupSize: rows,
      });
      await this.#turn();
    }
    const parts = groups.splice(before);
    groups.push({
      columns: parts.flatMap(({ columns }) => columns),
      total_byte_size: parts.reduce((sum, { total_byte_size }) => sum + total_byte_size, 0n),
      total_compressed_size: parts.reduce((sum, part) => sum + (part.total_compressed_size ?? 0n), 0n),
      num_rows: BigInt(rows),
    });
    this.#writer.num_rows = rowsBefore + BigInt(rows);
  }
}

function schemaOf(columns: readonly ArchiveColumn[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(
      ({ name, type, optional }): SchemaElement => ({
        name,
        repetition_type: optional === true ? 'OPTIONAL' : 'REQUIRED',
        ...PHYSICAL[type],
      }),
    ),
  ];
}
