/** Which backends a process uses: the only file that sees them all. A configuration crosses threads as plain data. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import type { PartitionCounts } from '../../protocol/event.ts';
import type { ArchiveCatalog, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { DeltaBus } from '../ports/delta-bus.ts';
import type { LogExtent, LogSource, LogWriter } from '../ports/event-log.ts';
import type {
  FactStore,
  PartitionPruner,
  PartitionState,
  PartitionStore,
  RawReader,
  RollupReader,
  RollupWriter,
  StoreReader,
} from '../ports/hot-store.ts';
import type { JobStore } from '../ports/job-store.ts';
import type { ProjectionOptions, Projector } from '../ports/projection.ts';
import { checkAgreement } from './agreement.ts';
import { LocalArchiveFiles } from './archive-local.ts';
import type { WebhdfsConfig } from './archive-webhdfs-reader.ts';
import type { HiveConfig } from './catalog-hive.ts';
import { EmbeddedLogWriter } from './event-log-embedded.ts';
import { readLogExtents } from './event-log-embedded-file.ts';
import { EmbeddedLogSource } from './event-log-embedded-source.ts';
import { type HdfsSettings, hdfsConfig } from './hdfs-config.ts';
import { type KafkaConfig, type KafkaSettings, kafkaConfig } from './kafka-config.ts';
import { EmbeddedPartitionStore } from './store-embedded.ts';
import { EmbeddedFactStore } from './store-embedded-facts.ts';
import { EmbeddedJobStore } from './store-embedded-jobs.ts';
import { EmbeddedArchiveManifest } from './store-embedded-manifest.ts';
import { EmbeddedRawReader } from './store-embedded-raw.ts';
import { EmbeddedStoreReader } from './store-embedded-reader.ts';
import { EmbeddedRollupReader, EmbeddedRollupWriter } from './store-embedded-rollups.ts';
import { prepareStore, readStoreStates } from './store-embedded-schema.ts';
import type { MongoConfig, OutageWatch } from './store-mongodb-client.ts';

const STANDARD_GROUP = 'pulso';

export type BackendConfig = {
  readonly dataDir: string;
  /** Whose state it is: every group but the standard one has a store of its own beside the shared log. */
  readonly group: string;
  /** Of each topic; where they differ, the most that one has. */
  readonly partitions: number;
  /** Of each topic by name, where they differ. */
  readonly counts?: Readonly<Record<string, number>>;
  readonly topics: readonly string[];
  readonly logBytes: number;
  /** undefined = the embedded log. */
  readonly kafka?: KafkaConfig;
  readonly webhdfs?: WebhdfsConfig;
  readonly hive?: HiveConfig;
  /** Names this process to stores that several processes share. */
  readonly processId: string;
  readonly mongodbUri?: string;
};

/** How many partitions each topic has. */
export function partitionCounts({ partitions, counts }: BackendConfig): PartitionCounts {
  return counts ?? partitions;
}

/** Whether other processes may read the same log: then a consumer group decides who reads what. */
export function isShared({ kafka }: BackendConfig): boolean {
  return kafka !== undefined;
}

/** Whether processes share log and store, and so can show each other's partitions. */
export function sharesState({ kafka, mongodbUri }: BackendConfig): boolean {
  return kafka !== undefined && mongodbUri !== undefined;
}

/** The settings that decide on backends, as the configuration names them. */
export type BackendSettings = HdfsSettings &
  KafkaSettings & {
    readonly data: string;
    readonly group: string;
    readonly partitions: number;
    readonly topics: readonly string[];
    readonly logBytes: number;
    readonly mongodbUri?: string | undefined;
  };

/**
 * Makes what is not there yet, and checks all. Needs the lock of the data folder; actors may start afterwards.
 */
export async function prepareData(settings: BackendSettings): Promise<BackendConfig> {
  const config = await prepareLog(settings);
  const mongo = mongoOf(config);
  if (mongo === undefined) prepareStore(ofGroup(config));
  else await (await import('./store-mongodb-prepare.ts')).prepareMongo(mongo);
  await (await chooseFactStore(config)).close();
  await (await chooseArchiveManifest(config)).close();
  await (await chooseRollupWriter(config)).close();
  await checkLogAndStore(config);
  return config;
}

/** Makes the log where there is none; topics that are there keep their partitions. */
export async function prepareLog(settings: BackendSettings): Promise<BackendConfig> {
  const config = backendConfig(settings);
  if (config.kafka === undefined) {
    await (await chooseLogWriter(config)).close();
    return config;
  }
  const { prepareTopics } = await import('./kafka-topics.ts');
  return withCounts(config, await prepareTopics(config.kafka, config.topics, config.partitions));
}

/** Throws `data-mismatch` when what is there is damaged, of another number of partitions, or of two different times. */
export async function checkData(settings: BackendSettings): Promise<void> {
  await checkLogAndStore(await existingData(settings));
}

/** For whoever looks at data that is there, and makes none. */
export async function existingData(settings: BackendSettings): Promise<BackendConfig> {
  const config = backendConfig(settings);
  if (config.kafka === undefined) return config;
  const { readTopicCounts } = await import('./kafka-topics.ts');
  return withCounts(config, await readTopicCounts(config.kafka, config.topics));
}

async function checkLogAndStore(config: BackendConfig): Promise<void> {
  checkAgreement(await readStates(config), await readExtents(config));
}

/** What every topic-partition has come to. */
async function readStates(config: BackendConfig): Promise<readonly PartitionState[]> {
  const mongo = mongoOf(config);
  if (mongo === undefined) return readStoreStates(ofGroup(config));
  return (await import('./store-mongodb-prepare.ts')).readMongoStates(mongo);
}

/** Of the topic-partitions that are there. */
async function readExtents(config: BackendConfig): Promise<readonly LogExtent[]> {
  if (config.kafka === undefined) return readLogExtents(config);
  const { readKafkaExtents } = await import('./kafka-topics.ts');
  return readKafkaExtents(config.kafka, Object.keys(config.counts ?? {}));
}

function backendConfig(settings: BackendSettings): BackendConfig {
  const { data, group, partitions, topics, logBytes, mongodbUri } = settings;
  const kafka = kafkaConfig(settings);
  const onKafka = kafka === undefined ? {} : { kafka };
  const onMongo = mongodbUri === undefined ? {} : { mongodbUri };
  const own = { dataDir: data, group, partitions, topics, logBytes, processId: randomUUID() };
  return { ...own, ...onKafka, ...onMongo, ...hdfsConfig(settings, group) };
}

/** Where no topic is there yet, all will be made alike. */
function withCounts(config: BackendConfig, counts: Readonly<Record<string, number>>): BackendConfig {
  const most = Math.max(0, ...Object.values(counts));
  return most === 0 ? config : { ...config, counts, partitions: most };
}

function kafkaLog({ kafka, topics, partitions, counts }: BackendConfig) {
  if (kafka === undefined) return undefined;
  return { kafka, topics, counts: counts ?? Object.fromEntries(topics.map((topic) => [topic, partitions])) };
}

/** Undefined where the store is the embedded one. */
function mongoOf({ mongodbUri, group, processId }: BackendConfig): MongoConfig | undefined {
  return mongodbUri === undefined ? undefined : { mongodbUri, group, processId };
}

function ofGroup(config: BackendConfig): BackendConfig {
  if (config.group === STANDARD_GROUP) return config;
  return { ...config, dataDir: join(config.dataDir, 'groups', config.group) };
}

/** `givenUp`: whether another may write in its stead. The embedded log knows that by itself. */
export async function chooseLogWriter(config: BackendConfig, givenUp = () => false): Promise<LogWriter> {
  const onKafka = kafkaLog(config);
  if (onKafka !== undefined) {
    const { KafkaLogWriter } = await import('./event-log-kafka.ts');
    return new KafkaLogWriter(onKafka, { givenUp });
  }
  return new EmbeddedLogWriter(config);
}

export async function chooseLogSource(config: BackendConfig): Promise<LogSource> {
  const onKafka = kafkaLog(config);
  if (onKafka !== undefined) {
    const { KafkaLogSource } = await import('./event-log-kafka-source.ts');
    return new KafkaLogSource({ ...onKafka, group: config.group });
  }
  return new EmbeddedLogSource(config);
}

/** `watch` is told while the store waits for a server. */
export async function choosePartitionStore(
  config: BackendConfig,
  watch?: OutageWatch,
): Promise<PartitionStore & PartitionPruner> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb.ts')).MongoPartitionStore(mongo, watch);
  return new EmbeddedPartitionStore(ofGroup(config));
}

export async function chooseStoreReader(config: BackendConfig): Promise<StoreReader> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-reader.ts')).MongoStoreReader(mongo);
  return new EmbeddedStoreReader(ofGroup(config));
}

export async function chooseRawReader(config: BackendConfig): Promise<RawReader> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-raw.ts')).MongoRawReader(mongo);
  return new EmbeddedRawReader(ofGroup(config));
}

export async function chooseFactStore(config: BackendConfig, watch?: OutageWatch): Promise<FactStore> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-facts.ts')).MongoFactStore(mongo, watch);
  return new EmbeddedFactStore(ofGroup(config).dataDir);
}

export async function chooseArchiveManifest(config: BackendConfig, watch?: OutageWatch): Promise<ArchiveManifest> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-manifest.ts')).MongoArchiveManifest(mongo, watch);
  return new EmbeddedArchiveManifest(ofGroup(config).dataDir);
}

export async function chooseArchiveFiles(config: BackendConfig): Promise<ArchiveFiles> {
  if (config.webhdfs === undefined) return new LocalArchiveFiles(join(ofGroup(config).dataDir, 'archive'));
  const { WebhdfsArchiveFiles } = await import('./archive-webhdfs.ts');
  return new WebhdfsArchiveFiles(config.webhdfs);
}

/** Undefined where nobody but the manifest is to be told. */
export async function chooseCatalog(config: BackendConfig): Promise<ArchiveCatalog | undefined> {
  if (config.hive === undefined) return undefined;
  const { HiveCatalog } = await import('./catalog-hive.ts');
  return new HiveCatalog(config.hive);
}

export async function chooseJobStore(config: BackendConfig, watch?: OutageWatch): Promise<JobStore> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-jobs.ts')).MongoJobStore(mongo, watch);
  return new EmbeddedJobStore(ofGroup(config).dataDir);
}

export async function chooseRollupReader(config: BackendConfig): Promise<RollupReader> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-rollups.ts')).MongoRollupReader(mongo);
  return new EmbeddedRollupReader(ofGroup(config));
}

export async function chooseRollupWriter(config: BackendConfig): Promise<RollupWriter> {
  const mongo = mongoOf(config);
  if (mongo !== undefined) return new (await import('./store-mongodb-rollups.ts')).MongoRollupWriter(mongo);
  return new EmbeddedRollupWriter(ofGroup(config));
}

/** Where processes that share a log and a store tell each other what they commit. */
export async function chooseDeltaBus({ kafka, group }: BackendConfig): Promise<DeltaBus> {
  if (kafka === undefined)
    throw new AppError('internal', 'Cannot share partials as there is no Kafka to share them over');
  const { KafkaDeltaBus } = await import('./delta-bus-kafka.ts');
  return new KafkaDeltaBus(kafka, group);
}

/** Whether there is anything to project: the embedded store shows what is committed by itself. */
export function hasProjections(config: BackendConfig): boolean {
  return mongoOf(config) !== undefined;
}

export async function chooseProjector(
  config: BackendConfig,
  options: ProjectionOptions,
  watch: OutageWatch,
): Promise<Projector> {
  const mongo = mongoOf(config);
  if (mongo === undefined) throw new RangeError('Cannot project as the embedded store has no projections');
  return new (await import('./store-mongodb-projector.ts')).MongoProjector(mongo, options, watch);
}
