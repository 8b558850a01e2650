/** The records of a batch as they came, read from its raw files: events of all kinds, dead ones too. */
import { indexPathOf, isRawPath } from '../archive/paths.ts';
import { readRawFile } from '../archive/raw-file.ts';
import type { ArchiveBatch, ArchiveFiles } from '../ports/archive.ts';
import type { ByteCache } from './byte-cache.ts';

/** Records of a raw file looked at between two turns: some 10 ms. */
const RECORDS_A_TURN = 5_000;
/** What an entry of a map weighs beside its bytes. */
const ENTRY_BYTES = 100;

/** By offset. */
export type Records = ReadonlyMap<number, Uint8Array>;

export class ArchivedRecords {
  readonly #files: Pick<ArchiveFiles, 'read'>;
  readonly #turn: () => Promise<void>;
  readonly #cache: ByteCache;

  constructor(files: Pick<ArchiveFiles, 'read'>, turn: () => Promise<void>, cache: ByteCache) {
    this.#files = files;
    this.#turn = turn;
    this.#cache = cache;
  }

  of(batch: ArchiveBatch): Promise<Records> {
    const key = `raw ${batch.id} ${batch.files.map(({ checksum }) => checksum).join()}`;
    return this.#cache.get(key, () => this.#read(batch));
  }

  async #read(batch: ArchiveBatch): Promise<{ readonly value: Records; readonly bytes: number }> {
    const value = new Map<number, Uint8Array>();
    let bytes = 0;
    for (const { path } of batch.files.filter((file) => file.table === 'raw' && isRawPath(file.path))) {
      const [lines, index] = await Promise.all([this.#files.read(path), this.#files.read(indexPathOf(path))]);
      for (const record of await readRawFile(lines, index)) {
        value.set(record.offset, record.bytes);
        bytes += record.bytes.length + ENTRY_BYTES;
        if (value.size % RECORDS_A_TURN === 0) await this.#turn();
      }
    }
    return { value, bytes };
  }
}
