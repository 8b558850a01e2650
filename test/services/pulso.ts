/**
 * A place of its own on the shared servers for one test: topics, group, database and folder that nobody else uses, and
 * the processes of pulso that run there. All of it goes when the test ends.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { hdfsConfig } from '../../actors/backends/hdfs-config.ts';
import type { LogRecord } from '../model/log.ts';
import { type Pulso, startPulso } from '../system/exactness.ts';
import { removeFolders } from './hdfs-place.ts';
import { dropDatabase } from './hive-place.ts';
import { createTopics, produce, readLog, removeTopics } from './kafka-place.ts';
import { removeDatabases } from './mongodb-place.ts';
import { address, type ServerName } from './servers.ts';

/** Servers answer slowly while others use them; it is not what these tests judge. */
const READY_MS = 90_000;

export type Topics = readonly [orders: string, deliveries: string, clicks: string];

export type PlaceOptions = {
  /** Whose test it is, in a few letters. */
  readonly who: string;
  /** The servers that pulso runs on; it is embedded in all else. */
  readonly on: readonly ServerName[];
  readonly partitions?: number;
  /** Further settings of every process. */
  readonly env?: Readonly<Record<string, string>>;
};

export type Place = {
  /** Part of the name of everything that belongs to this place. */
  readonly name: string;
  readonly topics: Topics;
  readonly partitions: number;
  readonly env: Readonly<Record<string, string>>;
  /** The data folder of the process of this name: the same for its successors. */
  dataDir(process: string): string;
  /** `pulso start ARGS`, until the page is served. */
  start(process: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Pulso>;
  /** Appends to Kafka without the product, each record where it belongs; durable when it returns. */
  produce(records: readonly Uint8Array[]): Promise<void>;
  /** All that is in the topics now, as Kafka tells it: what a model is built from. */
  readLog(): Promise<LogRecord[]>;
};

/**
 * @example
 * test('two processes share the partitions', needs('KAFKA_BROKERS', 'MONGODB_URI'), async (t) => {
 *   const here = await place(t, { who: 'ops', on: ['KAFKA_BROKERS', 'MONGODB_URI'] });
 *   const [a, b] = await Promise.all([here.start('a'), here.start('b')]);
 *   await here.produce(lines);
 *   await untilCounted(a.url, lines.length);
 * });
 */
export async function place(t: TestContext, { who, on, partitions = 4, env = {} }: PlaceOptions): Promise<Place> {
  const mark = randomBytes(4).toString('hex');
  const name = `t-${who}-${mark}`;
  const topics: Topics = [`${name}-orders`, `${name}-deliveries`, `${name}-clicks`];
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const running = new Set<Pulso>();
  t.after(async () => {
    await Promise.all([...running].map((pulso) => pulso.kill9()));
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    await Promise.all(on.map((server) => REMOVE[server](mark, name)));
  });
  if (on.includes('KAFKA_BROKERS')) await createTopics(topics, partitions);
  const settings = { ...placeSettings(name, topics, partitions, on), ...env };
  const dataDir = (process: string) => join(folder, process);
  return {
    name,
    topics,
    partitions,
    env: settings,
    dataDir,
    async start(process, args = [], more = {}) {
      const options = { dataDir: dataDir(process), env: { ...settings, ...more }, readyMs: READY_MS };
      const pulso = await startPulso(args, options);
      running.add(pulso);
      return pulso;
    },
    produce: (records) => produce(records, topics, partitions),
    readLog: () => readLog(topics),
  };
}

const REMOVE: Record<ServerName, (mark: string, name: string) => Promise<void>> = {
  KAFKA_BROKERS: removeTopics,
  MONGODB_URI: removeDatabases,
  WEBHDFS_URL: removeFolders,
  async HIVE_METASTORE(_, name) {
    const settings = { webhdfsUrl: address('WEBHDFS_URL'), hiveMetastore: address('HIVE_METASTORE') };
    const { hive } = hdfsConfig(settings, name);
    if (hive !== undefined) await dropDatabase(hive);
  },
};

function placeSettings(
  name: string,
  topics: Topics,
  partitions: number,
  on: readonly ServerName[],
): Record<string, string> {
  const own: Record<ServerName, () => string> = {
    KAFKA_BROKERS: () => address('KAFKA_BROKERS'),
    MONGODB_URI: () => databaseUri(address('MONGODB_URI'), name),
    WEBHDFS_URL: () => new URL(`/${name}`, address('WEBHDFS_URL')).href,
    HIVE_METASTORE: () => address('HIVE_METASTORE'),
  };
  const servers = Object.fromEntries(on.map((server) => [server, own[server]()]));
  if (on.includes('WEBHDFS_URL')) servers.HDFS_USER = userInfo().username;
  // The embedded log knows its three topics only.
  if (on.includes('KAFKA_BROKERS')) servers.PULSO_TOPICS = topics.join(',');
  return { ...servers, PULSO_GROUP: name, PULSO_PARTITIONS: String(partitions) };
}

/** The same server, another database: hosts may be several, so this is no URL to JavaScript. */
function databaseUri(uri: string, database: string): string {
  return uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?/, `$1/${database}`);
}
