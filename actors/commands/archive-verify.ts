/** `pulso archive verify`: every file of every batch read again and compared; and that no record is missing or there twice. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import { placesWrong } from '../archive/continuity.ts';
import { dayIn } from '../archive/days.ts';
import { verifyFiles } from '../archive/verify-batch.ts';
import { checksumOf } from '../archive/write-batch.ts';
import {
  type BackendConfig,
  chooseArchiveFiles,
  chooseArchiveManifest,
  chooseRawReader,
  chooseStoreReader,
} from '../backends/choose.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { RawReader, StoreReader } from '../ports/hot-store.ts';
import { EXIT } from './command.ts';

/** Folders whose files must all be of some batch: whoever reads a folder whole would read others too. */
const FOLDERS = ['orders', 'kpi_minute', 'raw'];

type Opened = {
  readonly raw: RawReader;
  readonly store: StoreReader;
  readonly manifest: ArchiveManifest;
  readonly files: ArchiveFiles;
};

export async function verifyArchive(backend: BackendConfig, zone: string): Promise<number> {
  const opened: Opened = {
    raw: await chooseRawReader(backend),
    store: await chooseStoreReader(backend),
    manifest: await chooseArchiveManifest(backend),
    files: await chooseArchiveFiles(backend),
  };
  try {
    return await verify(opened, zone);
  } finally {
    for (const part of Object.values(opened)) await part.close();
  }
}

async function verify(opened: Opened, zone: string): Promise<number> {
  const { raw, store, manifest, files } = opened;
  const found = (await Promise.all(FOLDERS.map((folder) => files.list(folder)))).flat();
  const states = await store.partitions();
  const extents = await raw.rawExtents();
  const batches = await manifest.inState(['COMMITTED', 'DELETED']);
  const wrong = placesWrong({ states, extents, batches });
  for (const [index, batch] of batches.entries()) {
    showProgress(index, batches.length);
    const text = await wrongIn(batch, opened, zone);
    if (text !== undefined) wrong.push(text);
  }
  showProgress(batches.length, batches.length);
  const claimed = new Set(batches.flatMap((batch) => batch.files.map(({ path }) => path)));
  // Published files of a batch that is about to be committed are none of the archive yet.
  const underWay = (await manifest.inState(['VERIFIED'])).map(({ id }) => id);
  for (const { path } of found) {
    const soon = underWay.some((id) => path.includes(`part-${id}`));
    if (!claimed.has(path) && !soon) wrong.push(`${path} is of no batch`);
  }
  for (const text of wrong) process.stdout.write(`FAIL  ${text}\n`);
  if (wrong.length > 0) return EXIT.failed;
  const sum = (read: (batch: ArchiveBatch) => number) => batches.reduce((total, batch) => total + read(batch), 0);
  process.stdout.write(
    `ok    ${batches.length} batches, ${sum(({ records }) => records)} records, ${sum(({ rows }) => rows)} order items, ${sum(({ bytes }) => bytes)} bytes\n`,
  );
  return EXIT.done;
}

async function wrongIn(batch: ArchiveBatch, { raw, files }: Opened, zone: string): Promise<string | undefined> {
  try {
    if (batch.kind === 'events') {
      const dead: RawReader['deadLettersIn'] = (place, from, to) => raw.deadLettersIn(place, from, to);
      await verifyFiles(batch, dead, ({ path }) => files.read(path), { dayOf: dayIn(zone), turn: nextTurn });
      return undefined;
    }
    for (const { path, bytes, checksum } of batch.files) {
      const content = await files.read(path);
      if (content.length !== bytes || checksumOf(content) !== checksum) return `${path} is not what was archived`;
    }
    return undefined;
  } catch (thrown) {
    if (thrown instanceof AppError && (thrown.code === 'data-mismatch' || thrown.code === 'not-found'))
      return thrown.message;
    throw thrown;
  }
}

function showProgress(done: number, all: number): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r${done} of ${all} batches${done < all ? '' : '\n'}`);
}
