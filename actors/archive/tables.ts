/** What writes one Parquet file of a table (ports/archive-tables.ts lists their columns). */

/** A column's values; ids may come as their UTF-8 bytes, times and longs are bigint. Null only where the column is optional. */
export type Values = readonly (string | Uint8Array | number | bigint | boolean | null)[];

export const SCHEMA_VERSION = '1';

export interface TableWriter {
  /**
   * Adds rows, given column by column in the order of the table's columns, all of one length. Calls may overlap: they
   * are carried out one after the other.
   */
  write(columns: readonly Values[]): Promise<void>;
  /** The whole file, with key-value metadata; the writer is of no use afterwards. */
  finish(metadata: Readonly<Record<string, string>>): Promise<Uint8Array>;
}

/** Lets other work in between two pieces. */
export type Turn = () => Promise<unknown>;
