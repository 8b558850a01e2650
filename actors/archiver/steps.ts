/**
 * The steps of a batch, each of which may be done again: PLANNED -> WRITTEN -> VERIFIED -> COMMITTED -> DELETED. Where
 * a batch is stands in the manifest alone, and each step begins by what is there, not by what is remembered.
 */
import { AppError, assertNever } from '../../protocol/errors.ts';
import type { TopicPartition } from '../../protocol/event.ts';
import type { DayOf } from '../archive/days.ts';
import { isTemporary, temporaryPath } from '../archive/paths.ts';
import type { Turn } from '../archive/tables.ts';
import { verifyBatch } from '../archive/verify-batch.ts';
import { checksumOf, writeBatch } from '../archive/write-batch.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest, BatchFile } from '../ports/archive.ts';
import type { RawReader } from '../ports/hot-store.ts';
import { failed, finalPath, replanned } from './core.ts';

export type StepPorts = {
  readonly raw: RawReader;
  readonly manifest: ArchiveManifest;
  readonly files: ArchiveFiles;
  readonly dayOf: DayOf;
  readonly turn: Turn;
  readonly now: () => number;
  /** A text that no other attempt has, of letters and digits. */
  readonly nonce: () => string;
  /** Asks the owner to let go of what stands below the offset; false when it has not, or not yet. */
  readonly drop: (place: TopicPartition, horizon: number) => Promise<boolean>;
};

/**
 * Does the next step of a batch; answers the batch as it stands then: the same when there was nothing to be had
 * (the owner away, another process quicker). A step that fails is told by the state FAILED.
 */
export async function takeStep(batch: ArchiveBatch, ports: StepPorts): Promise<ArchiveBatch> {
  try {
    return await step(batch, ports);
  } catch (thrown) {
    // Committed files are what readers read: from there on a step is only tried again.
    if (batch.state === 'COMMITTED') throw thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return advance(batch, failed(batch, text), ports);
  }
}

async function step(batch: ArchiveBatch, ports: StepPorts): Promise<ArchiveBatch> {
  switch (batch.state) {
    case 'FAILED':
      await discard(batch.files, ports);
      return advance(batch, replanned(batch), ports);
    case 'PLANNED':
      return advance(batch, await write(batch, ports), ports);
    case 'WRITTEN':
      return advance(batch, await verify(batch, ports), ports);
    case 'VERIFIED':
      return advance(batch, await publish(batch, ports), ports);
    case 'COMMITTED':
      return remove(batch, ports);
    case 'DELETED':
      return batch;
    default:
      return assertNever(batch.state);
  }
}

async function advance(from: ArchiveBatch, to: ArchiveBatch, { manifest }: StepPorts): Promise<ArchiveBatch> {
  if (await manifest.advance(to, from.state)) return to;
  return (await manifest.get(from.id)) ?? from;
}

async function write(batch: ArchiveBatch, ports: StepPorts): Promise<ArchiveBatch> {
  const draft = await writeBatch(ports.raw, batch, ports.dayOf, ports.turn);
  const attempt = ports.nonce();
  const contents = draft.files.map(({ content }) => content);
  const written = draft.files.map(({ content: _content, path, ...file }): BatchFile => {
    return { ...file, path: temporaryPath(path, attempt) };
  });
  try {
    await atOnce(written.map(({ path }, index) => ports.files.write(path, contents[index] as Uint8Array)));
  } catch (thrown) {
    await discard(written, ports).catch(() => undefined);
    throw thrown;
  }
  const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
  return { ...batch, ...draft, files: written, bytes, state: 'WRITTEN' };
}

/** Most of the time of each goes into waiting for the disk or another server; all have ended when this returns or throws. */
async function atOnce(calls: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(calls)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** What an attempt has left, and no batch claims any longer. */
async function discard(written: readonly BatchFile[], { files }: StepPorts): Promise<void> {
  for (const { path } of written) if (isTemporary(path)) await files.remove(path);
}

async function verify(batch: ArchiveBatch, { raw, files, dayOf, turn, now }: StepPorts): Promise<ArchiveBatch> {
  await verifyBatch(batch, raw, ({ path }) => files.read(path), { dayOf, turn });
  return { ...batch, state: 'VERIFIED', verifiedAt: now() };
}

async function publish(batch: ArchiveBatch, { files, manifest, now }: StepPorts): Promise<ArchiveBatch> {
  const stored = await manifest.get(batch.id);
  if (stored?.state !== 'VERIFIED' || stored.files[0]?.path !== batch.files[0]?.path) {
    throw new AppError('fenced', `Cannot publish ${batch.id} as another process goes on with it`);
  }
  const published = batch.files.map((file): BatchFile => ({ ...file, path: finalPath(batch, file) }));
  await atOnce(batch.files.map((file, index) => publishFile(file, (published[index] as BatchFile).path, files)));
  return { ...batch, files: published, state: 'COMMITTED', committedAt: now(), error: null };
}

async function publishFile(file: BatchFile, path: string, files: ArchiveFiles): Promise<void> {
  const published = await files.stat(path);
  const temporary = await files.stat(file.path);
  // What an earlier attempt of this very batch has published and nobody reads, as the batch is not committed.
  if (published !== undefined && temporary !== undefined && !(await isSame(file, path, files)))
    await files.remove(path);
  await files.publish(file.path, path);
  if (temporary === undefined && !(await isSame(file, path, files))) {
    throw new AppError('data-mismatch', `Cannot publish ${path} as another file stands there`);
  }
}

async function isSame(file: BatchFile, path: string, files: ArchiveFiles): Promise<boolean> {
  const content = await files.read(path);
  return content.length === file.bytes && checksumOf(content) === file.checksum;
}

async function remove(batch: ArchiveBatch, ports: StepPorts): Promise<ArchiveBatch> {
  if (!(await ports.drop(batch, batch.toOffset))) return batch;
  return advance(batch, { ...batch, state: 'DELETED', deletedAt: ports.now() }, ports);
}
