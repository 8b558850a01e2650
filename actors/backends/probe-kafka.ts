/** A look at Kafka: brokers, TLS and SASL told apart, the brokers as the cluster names them, topics and partitions. */
import kafkajs, { type Admin } from 'kafkajs';
import { type KafkaConfig, loginOf } from './kafka-config.ts';
import { type Finding, hostAndPort, unreachable } from './probe.ts';

const CONNECT_MS = 2_000;
const REQUEST_MS = 3_000;
const STANDARD_PORT = 9092;

export type KafkaProbe = KafkaConfig & { readonly topics: readonly string[] };

export async function probeKafka(config: KafkaProbe): Promise<Finding> {
  const silent = await silentBrokers(config.brokers);
  if (silent.length === config.brokers.length) {
    return { state: 'fail', text: silent.join('; '), fix: 'start Kafka, or correct KAFKA_BROKERS' };
  }
  const admin = client(config).admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    const finding = await look(admin, config.topics);
    if (finding.state !== 'ok' || silent.length === 0) return finding;
    return { state: 'warn', text: `${finding.text}; ${silent.join('; ')}`, fix: 'start it, or correct KAFKA_BROKERS' };
  } catch (thrown) {
    return explainKafka(thrown, config);
  } finally {
    // What hangs is left to end by itself: the finding is known.
    admin.disconnect().catch(() => undefined);
  }
}

/** One try each: a person waits for the answer. */
function client({ brokers, ssl, sasl }: KafkaConfig) {
  return new kafkajs.Kafka({
    clientId: 'pulso-doctor',
    brokers: [...brokers],
    ssl,
    ...(sasl === undefined ? {} : { sasl: loginOf(sasl) }),
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    retry: { retries: 0 },
    logCreator: () => () => undefined,
  });
}

async function silentBrokers(brokers: readonly string[]): Promise<string[]> {
  const looked = await Promise.all(
    brokers.map(async (broker) => {
      const { host, port } = hostAndPort(broker, STANDARD_PORT);
      const why = await unreachable(host, port);
      return why === undefined ? [] : [`${broker}: ${why}`];
    }),
  );
  return looked.flat();
}

async function look(admin: Admin, wanted: readonly string[]): Promise<Finding> {
  const { brokers } = await admin.describeCluster();
  const named = brokers.map(({ host, port }) => `${host}:${port}`);
  const silent = await silentBrokers(named);
  if (silent.length > 0) {
    return {
      state: 'fail',
      text: `the cluster names brokers that cannot be reached from here: ${silent.join('; ')}`,
      fix: 'set advertised.listeners of the brokers to names that this machine can reach',
    };
  }
  const there = new Set(await admin.listTopics());
  const known = wanted.filter((topic) => there.has(topic));
  const { topics } = known.length > 0 ? await admin.fetchTopicMetadata({ topics: [...known] }) : { topics: [] };
  const counts = topics.map(({ name, partitions }) => `${name} ${partitions.length}`).join(', ');
  const text = `${brokers.length} ${brokers.length === 1 ? 'broker' : 'brokers'}${counts && `; partitions: ${counts}`}`;
  const leaderless = topics.flatMap(({ name, partitions }) =>
    partitions.filter(({ leader }) => leader < 0).map(({ partitionId }) => `${name}/${partitionId}`),
  );
  if (leaderless.length > 0) {
    return { state: 'fail', text: `no broker leads ${leaderless.join(', ')}`, fix: 'start the brokers that hold them' };
  }
  const missing = wanted.filter((topic) => !there.has(topic));
  if (missing.length === 0) return { state: 'ok', text };
  return {
    state: 'warn',
    text: `${text}; there is no topic ${missing.join(', ')}`,
    fix: '"pulso start" makes them; correct PULSO_TOPICS if they should be there',
  };
}

/** Most errors carry what went before as their cause. */
function causes(thrown: unknown): { name: string; code: string; message: string }[] {
  const found = [];
  for (let error = thrown; error instanceof Error && found.length < 10; error = error.cause) {
    found.push({ name: error.name, code: String((error as { code?: unknown }).code ?? ''), message: error.message });
  }
  return found;
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/;

export function explainKafka(thrown: unknown, { ssl, sasl }: KafkaConfig): Finding {
  const all = causes(thrown);
  const says = (pattern: RegExp) => all.some(({ name, code, message }) => pattern.test(`${name} ${code} ${message}`));
  const said = all.at(-1)?.message ?? String(thrown);
  const fail = (text: string, fix: string): Finding => ({ state: 'fail', text: `${text} (${said})`, fix });
  if (all.some(({ code }) => CERTIFICATE.test(code))) {
    return fail('its certificate is not trusted', 'name the authority that signed it in NODE_EXTRA_CA_CERTS');
  }
  if (ssl && says(/EPROTO|SSL|TLS|secure/i)) {
    return fail('it does not speak TLS on this port', 'unset KAFKA_SSL, or name the port of the TLS listener');
  }
  if (says(/SASL|authentication/i)) {
    const fix = 'correct KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD';
    return fail(sasl === undefined ? 'it wants a login' : 'it refuses the login', fix);
  }
  if (says(/authoriz/i)) {
    return fail('the user may not see what is needed', 'allow it to describe the cluster and the topics');
  }
  return fail(
    'it takes connections and does not answer as Kafka does',
    ssl
      ? 'name the port of the TLS listener, and see whether the broker hangs'
      : 'set KAFKA_SSL=true if it wants TLS, the SASL settings if it wants a login, or correct the port',
  );
}
