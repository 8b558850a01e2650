/** The looks at the servers that are configured. A driver is loaded when its server is looked at. */
import { type HdfsSettings, hdfsConfig } from './hdfs-config.ts';
import { type Finding, type Probe, withDeadline } from './probe.ts';

export type ProbeSettings = HdfsSettings & {
  readonly group: string;
  readonly topics: readonly string[];
  readonly kafkaBrokers?: readonly string[] | undefined;
  readonly kafkaSsl?: 'true' | 'false' | undefined;
  readonly kafkaSaslMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly kafkaSaslUsername?: string | undefined;
  readonly kafkaSaslPassword?: string | undefined;
  readonly mongodbUri?: string | undefined;
};

const DEADLINE_MS = 5_000;

export function serverProbes(settings: ProbeSettings): readonly Probe[] {
  const { webhdfs, hive } = hdfsConfig(settings, settings.group);
  const { kafkaBrokers, mongodbUri } = settings;
  const probes: Probe[] = [];
  const add = (name: string, look: () => Promise<Finding>) =>
    probes.push({ name, look: () => withDeadline(DEADLINE_MS, look) });
  if (kafkaBrokers !== undefined) {
    const config = {
      brokers: kafkaBrokers,
      ssl: settings.kafkaSsl === 'true',
      ...login(settings),
      topics: settings.topics,
    };
    add('Kafka', async () => (await import('./probe-kafka.ts')).probeKafka(config));
  }
  if (mongodbUri !== undefined) {
    add('MongoDB', async () =>
      (await import('./probe-mongodb.ts')).probeMongodb({ mongodbUri, group: settings.group }),
    );
  }
  if (webhdfs !== undefined) {
    add('HDFS', async () => (await import('./probe-webhdfs.ts')).probeWebhdfs(webhdfs));
  }
  if (hive !== undefined) {
    add('Hive Metastore', async () => (await import('./probe-hive.ts')).probeHive(hive));
  }
  return probes;
}

function login({ kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword }: ProbeSettings) {
  if (kafkaSaslMechanism === undefined) return {};
  return {
    sasl: { mechanism: kafkaSaslMechanism, username: kafkaSaslUsername ?? '', password: kafkaSaslPassword ?? '' },
  };
}

/** What the choice of servers means, where it is not what one might think. */
export function combinationFindings(settings: ProbeSettings): readonly Finding[] {
  const { kafkaBrokers, mongodbUri, webhdfsUrl, kafkaSaslMechanism, kafkaSsl } = settings;
  const findings: Finding[] = [];
  const warn = (text: string, fix: string) => findings.push({ state: 'warn', text, fix });
  if (kafkaBrokers !== undefined && mongodbUri === undefined) {
    warn(
      'Kafka with an embedded store is for one process: a second one could not take over',
      'set MONGODB_URI to run several',
    );
  }
  if (kafkaBrokers !== undefined && webhdfsUrl === undefined) {
    warn('Kafka with a local archive is for one process: others could not read it', 'set WEBHDFS_URL to run several');
  }
  if (kafkaBrokers === undefined && mongodbUri !== undefined) {
    warn(
      'MongoDB with an embedded log is for one process: the log is a folder of it',
      'set KAFKA_BROKERS to run several',
    );
  }
  if (kafkaSaslMechanism === 'plain' && kafkaSsl !== 'true') {
    warn('the password of Kafka travels unencrypted', 'set KAFKA_SSL=true, or use scram-sha-512');
  }
  return findings;
}
