/** MongoDB as the contracts want a store: fresh, with its projections run and its journal trimmed, or not. */

import { MongoPartitionStore } from '../../actors/backends/store-mongodb.ts';
import { Mongo, type MongoConfig } from '../../actors/backends/store-mongodb-client.ts';
import { MongoFactStore } from '../../actors/backends/store-mongodb-facts.ts';
import { MongoJobStore } from '../../actors/backends/store-mongodb-jobs.ts';
import { MongoArchiveManifest } from '../../actors/backends/store-mongodb-manifest.ts';
import { OwnedPartitions } from '../../actors/backends/store-mongodb-owned.ts';
import { MongoProjector } from '../../actors/backends/store-mongodb-projector.ts';
import { MongoRawReader } from '../../actors/backends/store-mongodb-raw.ts';
import { MongoStoreReader } from '../../actors/backends/store-mongodb-reader.ts';
import { MongoRollupReader, MongoRollupWriter } from '../../actors/backends/store-mongodb-rollups.ts';
import { collections } from '../../actors/backends/store-mongodb-schema.ts';
import { JournalTrim } from '../../actors/backends/store-mongodb-trim.ts';
import type { PartitionPruner, PartitionStore } from '../../actors/ports/hot-store.ts';
import type { ManifestFixture } from '../contracts/archive-manifest.ts';
import type { StoreFixture } from '../contracts/hot-store.ts';
import type { JobStoreFixture } from '../contracts/job-store.ts';
import type { RawFixture } from '../contracts/raw-events.ts';
import type { HistoryFixture } from '../contracts/rollup-history.ts';
import { freshMongo } from './mongodb.ts';

export type MongoFixture = StoreFixture & RawFixture & HistoryFixture & ManifestFixture & JobStoreFixture;

/** What is done before each letting go and after each commit, as the projector would in a moment. */
type Pump = { readonly run: () => Promise<void>; readonly close: () => Promise<void> };
export type MakePump = (config: MongoConfig) => Promise<Pump>;

export const journalOnly: MakePump = async () => ({ run: async () => undefined, close: async () => undefined });
export const trimmed: MakePump = projecting;

/** The contracts' windows are bytes that no cube is in, so minutes are not folded here. */
async function projecting(config: MongoConfig): Promise<Pump> {
  const projector = new MongoProjector(config, { fold: () => [], latenessMs: 0, nextTurn: async () => undefined });
  const mongo = new Mongo(config);
  let now = 0;
  const trimming = new JournalTrim(new OwnedPartitions(collections(mongo), config.processId), () => now);
  return {
    run: async () => {
      for (const projection of projector.projections) while ((await projection.step()).more);
      // Twice, an hour apart: what was seen first may go then.
      for (let look = 0; look < 2; look++) {
        now += 3_600_000;
        await trimming.step();
      }
    },
    close: async () => {
      await projector.close();
      await mongo.close();
    },
  };
}

function pumped(store: PartitionStore & PartitionPruner, { run }: Pump): PartitionStore & PartitionPruner {
  return {
    open: (partition) => store.open(partition),
    window: (partition, start) => store.window(partition, start),
    commit: async (commits) => {
      await store.commit(commits);
      await run();
    },
    dropRaw: (owner, horizon) => store.dropRaw(owner, horizon),
    dropWindows: (owner, end) => store.dropWindows(owner, end),
    close: () => store.close(),
  };
}

export const mongoFixture = (makePump: MakePump) => async (): Promise<MongoFixture> => {
  const { config, drop } = await freshMongo();
  const pump = await makePump(config);
  const opened: { close(): Promise<void> }[] = [pump];
  const kept = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  return {
    store: async () => pumped(kept(new MongoPartitionStore(config)), pump),
    reader: async () => kept(new MongoStoreReader(config)),
    raw: async () => kept(new MongoRawReader(config)),
    facts: async () => kept(new MongoFactStore(config)),
    rollups: async () => kept(new MongoRollupReader(config)),
    writer: async () => kept(new MongoRollupWriter(config)),
    manifest: async () => kept(new MongoArchiveManifest(config)),
    jobs: async () => kept(new MongoJobStore(config)),
    close: async () => {
      for (const part of opened) await part.close().catch(() => undefined);
      await drop();
    },
  };
};
