/** An embedded store and archive in a folder, and batches written into it as the archiver would. */
import { dayIn } from '../../../actors/archive/days.ts';
import { batchIdOf } from '../../../actors/archive/paths.ts';
import { writeBatch } from '../../../actors/archive/write-batch.ts';
import { LocalArchiveFiles } from '../../../actors/backends/archive-local.ts';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../../actors/backends/store-embedded-facts.ts';
import { EmbeddedArchiveManifest } from '../../../actors/backends/store-embedded-manifest.ts';
import { EmbeddedRawReader } from '../../../actors/backends/store-embedded-raw.ts';
import { EmbeddedStoreReader } from '../../../actors/backends/store-embedded-reader.ts';
import { EmbeddedRollupReader, EmbeddedRollupWriter } from '../../../actors/backends/store-embedded-rollups.ts';
import { prepareStore } from '../../../actors/backends/store-embedded-schema.ts';
import type { ArchiveBatch } from '../../../actors/ports/archive.ts';
import type { PartitionState } from '../../../actors/ports/hot-store.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

export const ZONE = 'America/Sao_Paulo';
export const noTurn = async () => undefined;

export async function openArchiveStage() {
  const folder = temporaryFolder();
  const config = { dataDir: folder.path, partitions: 2, topics: ['orders'] };
  prepareStore(config);
  await new EmbeddedFactStore(config.dataDir).close();
  await new EmbeddedRollupWriter(config).close();
  const parts = {
    owner: new EmbeddedPartitionStore(config),
    store: new EmbeddedStoreReader(config),
    raw: new EmbeddedRawReader(config),
    facts: new EmbeddedFactStore(config.dataDir),
    rollups: new EmbeddedRollupReader(config),
    writer: new EmbeddedRollupWriter(config),
    manifest: new EmbeddedArchiveManifest(config.dataDir),
    files: new LocalArchiveFiles(`${folder.path}/archive`),
  };
  const dayOf = dayIn(ZONE);

  /** Up to COMMITTED: the hot store still has it. */
  async function archive(state: PartitionState, fromOffset: number, toOffset: number): Promise<ArchiveBatch> {
    const { topic, partition } = state;
    const range = { topic, partition, fromOffset, toOffset, id: batchIdOf(state, fromOffset) };
    const { files, ...counts } = await writeBatch(parts.raw, range, dayOf, noTurn);
    for (const { path, content } of files) await parts.files.write(path, content);
    const listed = files.map(({ content: _content, ...file }) => file);
    const batch = archiveBatch(fromOffset, { ...range, ...counts, files: listed, state: 'COMMITTED' });
    await parts.manifest.create(batch);
    return batch;
  }

  async function letGo(state: PartitionState, horizon: number): Promise<void> {
    while (!(await parts.owner.dropRaw(state, horizon)));
  }

  return {
    ...parts,
    folder: folder.path,
    archive,
    letGo,
    async close() {
      for (const part of Object.values(parts)) await part.close();
      folder.remove();
    },
  };
}

export type ArchiveStage = Awaited<ReturnType<typeof openArchiveStage>>;
