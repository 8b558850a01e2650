/** Roll-ups of the embedded store against the contract, and a history of random commits over them. */
import { EmbeddedPartitionStore } from '../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../actors/backends/store-embedded-facts.ts';
import { EmbeddedStoreReader } from '../../actors/backends/store-embedded-reader.ts';
import { EmbeddedRollupReader, EmbeddedRollupWriter } from '../../actors/backends/store-embedded-rollups.ts';
import { prepareStore } from '../../actors/backends/store-embedded-schema.ts';
import { type HistoryFixture, rollupHistoryContract } from './rollup-history.ts';
import { type RollupFixture, rollupContract } from './rollups.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function make(): Promise<RollupFixture & HistoryFixture> {
  const folder = temporaryFolder();
  const config = { dataDir: folder.path, partitions: 2, topics: ['orders', 'clicks'] };
  prepareStore(config);
  await new EmbeddedFactStore(config.dataDir).close();
  await new EmbeddedRollupWriter(config).close();
  const opened: { close(): Promise<void> }[] = [];
  const kept = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  return {
    store: async () => kept(new EmbeddedPartitionStore(config)),
    reader: async () => kept(new EmbeddedStoreReader(config)),
    facts: async () => kept(new EmbeddedFactStore(config.dataDir)),
    rollups: async () => kept(new EmbeddedRollupReader(config)),
    writer: async () => kept(new EmbeddedRollupWriter(config)),
    close: async () => {
      for (const part of opened) await part.close().catch(() => undefined);
      folder.remove();
    },
  };
}

rollupContract({ name: 'embedded roll-ups', make });
rollupHistoryContract({ name: 'embedded roll-ups', make });
