/**
 * A broker of one's own that wants TLS, a login, or both: one listener for each, all with the same certificate and
 * users. `TEST_KAFKA_JARS` names the folder with a broker's jars; Java runs them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../system/exactness.ts';
import { withAdmin } from './kafka-place.ts';

const UP_MS = 60_000;
const STORE_PASSWORD = 'changeit';
/** One for each mechanism, so that no other can be meant. */
const USERS = { plain: 'ada', 'scram-sha-256': 'bea', 'scram-sha-512': 'cid' } as const;
const PASSWORD = 'p=ss w:rd;';

export type Mechanism = keyof typeof USERS;

export function needsJars(): { skip: string | false } {
  return { skip: process.env.TEST_KAFKA_JARS ? false : 'TEST_KAFKA_JARS names no folder with the jars of a broker' };
}

export type SecureKafka = {
  /** The authority that signed the broker's certificate, as PEM. */
  readonly authority: string;
  readonly tls: string;
  readonly login: string;
  readonly both: string;
  /** The settings of one who may sign in. */
  credentials(mechanism: Mechanism): Record<string, string>;
  stop(): Promise<void>;
};

/** Its plain listener is what `KAFKA_BROKERS` names from then on. */
export async function startSecureKafka(): Promise<SecureKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'secure-kafka-'));
  let broker: ChildProcess | undefined;
  const stop = async () => {
    if (broker?.exitCode === null) {
      broker.kill('SIGKILL');
      await once(broker, 'close');
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
  const authority = makeCertificate(folder);
  const ports = await freePorts(5);
  const config = join(folder, 'broker.properties');
  writeFileSync(config, brokerConfig(folder, ports));
  format(config);
  const [tls, login, both, plain] = ports.map((port) => `localhost:${port}`) as [string, string, string, string];
  broker = spawn('java', ['-Xmx384m', '-cp', classPath(), 'kafka.Kafka', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [broker.stdout, broker.stderr])
    stream?.on('data', (text) => (said = `${said}${text}`.slice(-2000)));
  process.env.KAFKA_BROKERS = plain;
  await until('the broker answers', UP_MS, async () => {
    if (broker?.exitCode !== null) throw new Error(`The broker ended: ${said}`);
    // It takes groups only once it has loaded the topic of their offsets.
    const offsets = withAdmin((admin) => admin.fetchOffsets({ groupId: 'anyone' }));
    const answer = await offsets.catch((error: unknown) => String(error));
    return { done: Array.isArray(answer), state: { answer, said } };
  });
  const credentials = (mechanism: Mechanism) => ({
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: USERS[mechanism],
    KAFKA_SASL_PASSWORD: PASSWORD,
  });
  return { authority, tls, login, both, credentials, stop };
}

const classPath = () => join(process.env.TEST_KAFKA_JARS as string, '*');

function makeCertificate(folder: string): string {
  const store = ['-alias', 'broker', '-keystore', join(folder, 'broker.p12'), '-storepass', STORE_PASSWORD];
  const names = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost'];
  execFileSync('keytool', ['-genkeypair', '-keyalg', 'EC', '-validity', '2', ...names, ...store], { stdio: 'pipe' });
  const authority = join(folder, 'authority.pem');
  execFileSync('keytool', ['-exportcert', '-rfc', '-file', authority, ...store], { stdio: 'pipe' });
  return authority;
}

function brokerConfig(folder: string, [tls, login, both, plain, controller]: readonly number[]): string {
  const listeners = [
    `SSL://localhost:${tls}`,
    `SASL_PLAINTEXT://localhost:${login}`,
    `SASL_SSL://localhost:${both}`,
    `PLAINTEXT://localhost:${plain}`,
  ];
  const plainLogin = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USERS.plain}="${PASSWORD}";`;
  const scramLogin = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const logins = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) => [
    `listener.name.${listener}.plain.sasl.jaas.config=${plainLogin}`,
    `listener.name.${listener}.scram-sha-256.sasl.jaas.config=${scramLogin}`,
    `listener.name.${listener}.scram-sha-512.sasl.jaas.config=${scramLogin}`,
  ]);
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@localhost:${controller}`,
    'controller.listener.names=CONTROLLER',
    `listeners=${[...listeners, `CONTROLLER://localhost:${controller}`].join(',')}`,
    `advertised.listeners=${listeners.join(',')}`,
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'inter.broker.listener.name=PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    ...logins,
    `ssl.keystore.location=${join(folder, 'broker.p12')}`,
    `ssl.keystore.password=${STORE_PASSWORD}`,
    'ssl.keystore.type=PKCS12',
    `log.dirs=${join(folder, 'log')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=1',
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=20971520',
    '',
  ].join('\n');
}

function format(config: string): void {
  const users = (['scram-sha-256', 'scram-sha-512'] as const).flatMap((mechanism) => [
    '--add-scram',
    `${mechanism.toUpperCase()}=[name="${USERS[mechanism]}",password="${PASSWORD}"]`,
  ]);
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url');
  const tool = ['-cp', classPath(), 'kafka.tools.StorageTool', 'format', '-t', id, '-c', config, ...users];
  execFileSync('java', tool, { stdio: 'pipe' });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, 'localhost'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
