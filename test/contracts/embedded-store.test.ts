/** The embedded store against the contract of every hot store. */
import { EmbeddedPartitionStore } from '../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../actors/backends/store-embedded-facts.ts';
import { EmbeddedRawReader } from '../../actors/backends/store-embedded-raw.ts';
import { EmbeddedStoreReader } from '../../actors/backends/store-embedded-reader.ts';
import { prepareStore } from '../../actors/backends/store-embedded-schema.ts';
import { hotStoreContract, type StoreFixture } from './hot-store.ts';
import { hotStoreOrdersContract } from './hot-store-orders.ts';
import { type RawFixture, rawEventsContract } from './raw-events.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function make(): Promise<StoreFixture & RawFixture> {
  const folder = temporaryFolder();
  const config = { dataDir: folder.path, partitions: 2, topics: ['orders', 'clicks'] };
  prepareStore(config);
  await new EmbeddedFactStore(config.dataDir).close();
  const opened: { close(): Promise<void> }[] = [];
  const kept = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  return {
    store: async () => kept(new EmbeddedPartitionStore(config)),
    raw: async () => kept(new EmbeddedRawReader(config)),
    reader: async () => kept(new EmbeddedStoreReader(config)),
    facts: async () => kept(new EmbeddedFactStore(config.dataDir)),
    close: async () => {
      for (const part of opened) await part.close().catch(() => undefined);
      folder.remove();
    },
  };
}

hotStoreContract({ name: 'embedded store', make });
hotStoreOrdersContract({ name: 'embedded store', make });
rawEventsContract({ name: 'embedded store', make });
