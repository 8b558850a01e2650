/**
 * Whether the files of a batch hold what they should: read back from the archive, and compared with the manifest and
 * with the records that the hot store still has. Nothing that was known while writing is believed.
 */
import { AppError } from '../../protocol/errors.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import type { ArchiveBatch, BatchFile } from '../ports/archive.ts';
import { ARCHIVE_TABLES } from '../ports/archive-tables.ts';
import type { RawChunk } from '../ports/hot-store.ts';
import type { DayOf } from './days.ts';
import { ChunkDecoder } from './decode-chunk.ts';
import { OrderIds } from './order-ids.ts';
import { OrderSums, SUMMED_COLUMNS } from './order-sums.ts';
import { indexPathOf, isIdsPath, isRawPath } from './paths.ts';
import { mergeRecords, type RawRecord, readRawFile } from './raw-file.ts';
import { TableReader } from './read-table.ts';
import type { Turn } from './tables.ts';
import { type ChunkSource, checksumOf, chunksOf } from './write-batch.ts';

/** Reads a file of the batch, wherever it stands now. */
export type ReadFile = (file: BatchFile) => Promise<Uint8Array>;

const COLUMN_NAMES = ARCHIVE_TABLES.orders.map(({ name }) => name);
/** Decoded between two turns of the loop: some 5 ms. */
const CHUNK_BYTES = 256 * 1024;

/** Throws `data-mismatch` with the first difference. */
export async function verifyBatch(
  batch: ArchiveBatch,
  hot: ChunkSource,
  read: ReadFile,
  { dayOf, turn }: { readonly dayOf: DayOf; readonly turn: Turn },
): Promise<void> {
  const inHot = new OrderSums();
  const ids = new OrderIds();
  const dead = await hot.deadLettersIn(batch, batch.fromOffset, batch.toOffset);
  const decoder = new ChunkDecoder(batch, dead);
  const archived = (await openRaw(batch, read))[Symbol.iterator]();
  let records = 0;
  let chunkOrders = 0;
  for await (const chunk of chunksOf(hot, batch)) {
    const decoded = decoder.decode(chunk);
    await turn();
    inHot.addChunk(decoded);
    chunkOrders += chunk.orders;
    ids.add(chunk.orderHashes);
    for (const [index, { start, end, at }] of decoded.records.entries()) {
      const expected = { offset: chunk.base + index, at, bytes: decoded.frames.subarray(start, end) };
      if (!isSame(archived.next().value, expected)) throw differs(batch, `its raw file differs at ${expected.offset}`);
    }
    records += decoded.records.length;
    await turn();
  }
  if (archived.next().done !== true) throw differs(batch, 'its raw file has more records than the hot store');
  expectEqual(batch, 'records', batch.records, records);
  expectEqual(batch, 'orders in the store', chunkOrders, inHot.orders);
  await compareIds(batch, ids.finish(), read);
  compareSums(batch, 'the hot store', inHot);
  compareSums(batch, 'its orders files', await readOrders(batch, read, dayOf, turn));
}

/** The same for a batch that the hot store has let go of: its files against each other and the manifest. */
export async function verifyFiles(
  batch: ArchiveBatch,
  deadLetters: ChunkSource['deadLettersIn'],
  read: ReadFile,
  { dayOf, turn }: { readonly dayOf: DayOf; readonly turn: Turn },
): Promise<void> {
  const { fromOffset, toOffset } = batch;
  const decoder = new ChunkDecoder(batch, await deadLetters(batch, fromOffset, toOffset));
  const inRaw = new OrderSums();
  let records = 0;
  let at = fromOffset;
  for (const chunk of chunksOfRecords(await openRaw(batch, read))) {
    if (chunk.base < at || chunk.next > toOffset)
      throw differs(batch, `its raw file has offset ${chunk.base} out of place`);
    at = chunk.next;
    records += chunk.records;
    inRaw.addChunk(decoder.decode(chunk));
    await turn();
  }
  expectEqual(batch, 'records', batch.records, records);
  await readIds(batch, read);
  compareSums(batch, 'its raw files', inRaw, ['marked']);
  compareSums(batch, 'its orders files', await readOrders(batch, read, dayOf, turn));
}

/** Records as the hot store would hold them, but for the marks, which only the hot store knew: a chunk a run of offsets. */
function* chunksOfRecords(records: Iterable<RawRecord>): Generator<RawChunk> {
  const frames = new FrameWriter();
  let base = 0;
  const chunk = (): RawChunk => {
    const count = frames.count;
    const hot = { orders: 0, minTime: 0, maxTime: -1, orderHashes: new Uint32Array(0), marks: [] };
    return { base, next: base + count, records: count, zstd: false, frames: frames.take(), ...hot };
  };
  for (const { offset, at, bytes } of records) {
    if (frames.count > 0 && (offset !== base + frames.count || frames.byteLength >= CHUNK_BYTES)) yield chunk();
    if (frames.count === 0) base = offset;
    frames.add(bytes, at);
  }
  if (frames.count > 0) yield chunk();
}

/** All raw records of a batch by offset. */
export async function openRaw(batch: ArchiveBatch, read: ReadFile): Promise<Iterable<RawRecord>> {
  const raw = batch.files.filter(({ table, path }) => table === 'raw' && isRawPath(path));
  const files: Iterable<RawRecord>[] = [];
  for (const file of raw) {
    const index = batch.files.find(({ path }) => path === indexPathOf(file.path));
    if (index === undefined) throw differs(batch, `${file.path} has no index`);
    files.push(await readRawFile(await checkedContent(batch, file, read), await checkedContent(batch, index, read)));
  }
  return mergeRecords(files);
}

async function readOrders(batch: ArchiveBatch, read: ReadFile, dayOf: DayOf, turn: Turn): Promise<OrderSums> {
  const all = new OrderSums();
  for (const file of batch.files.filter(({ table }) => table === 'orders')) {
    const table = new TableReader(await checkedContent(batch, file, read), turn);
    expectEqual(batch, `columns of ${file.path}`, COLUMN_NAMES.join(), table.names.join());
    expectEqual(batch, `rows of ${file.path}`, file.rows, table.rows);
    const own = new OrderSums();
    for await (const group of table.groups(SUMMED_COLUMNS)) {
      all.addGroup(group);
      own.addSpan(group);
      await turn();
    }
    for (const time of [own.from, own.to]) {
      expectEqual(batch, `day of ${file.path}`, file.orderDate, time === null ? null : dayOf(time));
    }
  }
  return all;
}

async function checkedContent(batch: ArchiveBatch, file: BatchFile, read: ReadFile): Promise<Uint8Array> {
  const content = await read(file);
  expectEqual(batch, `bytes of ${file.path}`, file.bytes, content.length);
  expectEqual(batch, `checksum of ${file.path}`, file.checksum, checksumOf(content));
  return content;
}

async function readIds(batch: ArchiveBatch, read: ReadFile): Promise<Uint8Array> {
  const file = batch.files.find(({ path }) => isIdsPath(path));
  return file === undefined ? new Uint8Array(0) : checkedContent(batch, file, read);
}

async function compareIds(batch: ArchiveBatch, expected: Uint8Array, read: ReadFile): Promise<void> {
  if (Buffer.compare(expected, await readIds(batch, read)) !== 0)
    throw differs(batch, 'its order ids differ from those of the hot store');
}

function compareSums(
  batch: ArchiveBatch,
  where: string,
  { orders, rows, from, to, values }: OrderSums,
  unknown: readonly string[] = [],
): void {
  const found = { orders, rows, from, to };
  for (const name of ['orders', 'rows', 'from', 'to'] as const) {
    expectEqual(batch, `${name} in ${where}`, batch[name], found[name]);
  }
  for (const [name, value] of Object.entries(values)) {
    if (unknown.includes(name)) continue;
    expectEqual(batch, `sum of ${name} in ${where}`, batch.sums[name] ?? null, value);
  }
}

function isSame(found: RawRecord | undefined, expected: RawRecord): boolean {
  if (found?.offset !== expected.offset || found.at !== expected.at) return false;
  return Buffer.compare(found.bytes, expected.bytes) === 0;
}

function expectEqual(batch: ArchiveBatch, what: string, expected: unknown, found: unknown): void {
  if (Object.is(expected, found)) return;
  throw differs(batch, `${what} must be ${String(expected)}: current value is ${String(found)}`);
}

function differs({ id }: ArchiveBatch, detail: string): AppError {
  return new AppError('data-mismatch', `Cannot trust archive batch ${id} as ${detail}`);
}
