/** Reads a Parquet file of the archive back: column by column, a row group at a time, with turns of the loop between. */
import { type FileMetaData, parquetMetadata, parquetRead } from 'hyparquet';
import { AppError } from '../../protocol/errors.ts';
import type { Turn } from './tables.ts';

/** A column as it was read: times as epoch milliseconds and INT64 as bigint. */
export type ReadValues = ArrayLike<string | number | bigint | null | undefined>;

export type RowGroup = {
  readonly rows: number;
  /** A column of the group by its name; only of those that were asked for. */
  readonly column: (name: string) => ReadValues;
};

/** A byte order mark inside a text is part of it. */
const text = new TextDecoder('utf-8', { ignoreBOM: true });

export class TableReader {
  readonly rows: number;
  readonly names: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  #bytes: ArrayBuffer;
  #meta: FileMetaData;
  #turn: Turn;

  /** Throws `data-mismatch` when the bytes are no Parquet file. */
  constructor(bytes: Uint8Array, turn: Turn) {
    this.#bytes = ownBuffer(bytes);
    this.#meta = guarded(() => parquetMetadata(this.#bytes));
    this.#turn = turn;
    this.rows = Number(this.#meta.num_rows);
    this.names = this.#meta.schema.slice(1).map(({ name }) => name);
    this.metadata = Object.fromEntries(
      (this.#meta.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
    );
  }

  /** Row group after row group, with these columns. */
  async *groups(names: readonly string[]): AsyncGenerator<RowGroup> {
    let from = 0;
    for (const group of this.#meta.row_groups) {
      const rows = Number(group.num_rows);
      const columns = new Map<string, ReadValues>();
      for (const name of names) {
        columns.set(name, await this.#column(name, from, from + rows));
        await this.#turn();
      }
      yield { rows, column: (name) => columns.get(name) as ReadValues };
      from += rows;
    }
  }

  async #column(name: string, rowStart: number, rowEnd: number): Promise<ReadValues> {
    const pieces: ReadValues[] = [];
    const file = {
      byteLength: this.#bytes.byteLength,
      slice: (from: number, to?: number) => this.#bytes.slice(from, to),
    };
    await parquetRead({
      file,
      metadata: this.#meta,
      columns: [name],
      rowStart,
      rowEnd,
      parsers: {
        timestampFromMilliseconds: (millis) => Number(millis),
        stringFromBytes: (bytes) => text.decode(bytes),
      },
      onChunk: ({ columnData }) => pieces.push(columnData as ReadValues),
    }).catch((cause: unknown) => {
      throw damaged(cause);
    });
    const only = pieces.length === 1 ? (pieces[0] as ReadValues) : pieces.flatMap((piece) => Array.from(piece));
    if (only.length !== rowEnd - rowStart) {
      throw damaged(new RangeError(`${name} has ${only.length} values for ${rowEnd - rowStart} rows`));
    }
    return only;
  }
}

function ownBuffer({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  if (byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) return buffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause: unknown): AppError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new AppError('data-mismatch', `Cannot read a Parquet file of the archive: ${detail}`, { cause });
}
