/** Every setting of pulso: its name in the environment, its default, its rule. The README's table is checked against this one. */
import { availableParallelism } from 'node:os';
import { AppError } from '../../protocol/errors.ts';

export type Field<T> = {
  /** Name in the environment; flags and the file use the camelCase name it is listed under. */
  readonly env: string;
  /** As a person would write it; undefined = unset. */
  readonly standard: string | undefined;
  readonly meaning: string;
  /** Never shown; `within` = an address that may hold a login: shown without it. */
  readonly secret?: true | 'within';
  /** Answers the value or throws with the rule it breaks. */
  readonly parse: (text: string) => T;
};

const BYTE_UNITS: Record<string, number> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9 };
const TIME_UNITS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

class Rule extends Error {}

function whole(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new Rule(`a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

function scaled(units: Record<string, number>, least: number, rule: string) {
  return (text: string): number => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim()) ?? [];
    const factor = units[unit ?? '?'];
    const value = Math.round(Number(digits) * (factor ?? Number.NaN));
    if (!Number.isSafeInteger(value) || value < least) throw new Rule(rule);
    return value;
  };
}

const bytes = (least: number) => scaled(BYTE_UNITS, least, `bytes of at least ${least / 1e6} MB, such as 300MB or 1GB`);
const duration = scaled(TIME_UNITS, 0, 'a time such as 500ms, 30s, 5m, 1h or 90d');

function matching(pattern: RegExp, rule: string) {
  return (text: string): string => {
    if (!pattern.test(text)) throw new Rule(rule);
    return text;
  };
}

function list(item: (text: string) => string) {
  return (text: string): readonly string[] =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(item);
}

/** At least one, and none of them twice. */
function listOfSome(item: (text: string) => string, rule: string) {
  const parse = list(item);
  return (text: string): readonly string[] => {
    const values = parse(text);
    if (values.length === 0 || new Set(values).size < values.length) throw new Rule(rule);
    return values;
  };
}

function oneOf<const T extends string>(...allowed: readonly T[]) {
  return (text: string): T => {
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw new Rule(`one of ${allowed.join(', ')}`);
    return found;
  };
}

function zone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new Rule('a time zone such as America/Sao_Paulo');
  }
}

function origin(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) throw new Rule('origins such as https://shop.example');
  return text;
}

const anyText = matching(/\S/, 'a text that is not empty');
const url = (...schemes: string[]) =>
  matching(new RegExp(`^(${schemes.join('|')})://\\S+$`), `an address that begins with ${schemes.join(':// or ')}://`);

/** Host, port and, where `path` allows it, a folder; nothing else that would be ignored. */
function server(scheme: string, path: RegExp, rule: string) {
  return (text: string): string => {
    const parsed = new RegExp(`^${scheme}://`).test(text) ? URL.parse(text) : null;
    if (!parsed?.hostname || parsed.username + parsed.search + parsed.hash !== '' || !path.test(parsed.pathname)) {
      throw new Rule(rule);
    }
    return text;
  };
}

export const FIELDS = {
  data: { env: 'PULSO_DATA', standard: './data', meaning: 'data folder of the embedded backends', parse: anyText },
  host: { env: 'PULSO_HOST', standard: '127.0.0.1', meaning: 'address to listen on', parse: anyText },
  port: {
    env: 'PULSO_PORT',
    standard: '8080',
    meaning: 'port to listen on; 0 takes a free one',
    parse: whole(0, 65535),
  },
  token: {
    env: 'PULSO_TOKEN',
    standard: undefined,
    meaning: 'token for commands; made at start when unset',
    secret: true,
    parse: matching(/^[\w.~-]{1,200}$/, '1 to 200 letters, digits, or any of _ . ~ -'),
  },
  origins: {
    env: 'PULSO_ORIGINS',
    standard: undefined,
    meaning: 'further web origins that may connect',
    parse: list(origin),
  },
  kafkaBrokers: {
    env: 'KAFKA_BROKERS',
    standard: undefined,
    meaning: 'Kafka brokers; unset = embedded log',
    parse: listOfSome(matching(/^[^\s:]+:\d+$/, 'host:port, ..'), 'at least one host:port, each once'),
  },
  kafkaSsl: {
    env: 'KAFKA_SSL',
    standard: undefined,
    meaning: 'TLS to Kafka; an own authority: its PEM file in NODE_EXTRA_CA_CERTS',
    parse: oneOf('true', 'false'),
  },
  kafkaSaslMechanism: {
    env: 'KAFKA_SASL_MECHANISM',
    standard: undefined,
    meaning: 'SASL mechanism of Kafka',
    parse: oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
  },
  kafkaSaslUsername: { env: 'KAFKA_SASL_USERNAME', standard: undefined, meaning: 'SASL user', parse: anyText },
  kafkaSaslPassword: {
    env: 'KAFKA_SASL_PASSWORD',
    standard: undefined,
    meaning: 'SASL password',
    secret: true,
    parse: anyText,
  },
  topics: {
    env: 'PULSO_TOPICS',
    standard: 'orders,deliveries,clicks',
    meaning: 'topics read; partition i of each goes to the same lane',
    parse: listOfSome(matching(/^[\w.-]{1,200}$/, 'names of letters, digits, _ . -'), 'at least one name, each once'),
  },
  group: {
    env: 'PULSO_GROUP',
    standard: 'pulso',
    meaning: 'consumer group, and the key prefix of state',
    parse: matching(/^\w[\w.-]{0,99}$/, 'a name of letters, digits, _ . -'),
  },
  mongodbUri: {
    env: 'MONGODB_URI',
    standard: undefined,
    meaning: 'MongoDB; unset = embedded store',
    secret: 'within',
    parse: url('mongodb', 'mongodb\\+srv'),
  },
  webhdfsUrl: {
    env: 'WEBHDFS_URL',
    standard: undefined,
    meaning: 'HDFS, `http://namenode:9870`, with a folder behind it when not `/pulso`; unset = local archive',
    parse: server(
      'https?',
      /^(\/[\w=.-]*)*$/,
      'an address such as http://namenode:9870 or http://namenode:9870/folder',
    ),
  },
  hdfsUrl: {
    env: 'HDFS_URL',
    standard: undefined,
    meaning: 'HDFS as Hive and Spark name it; unset = `hdfs://`, the host of `WEBHDFS_URL`, port 8020',
    parse: server('hdfs', /^\/?$/, 'an address such as hdfs://namenode:8020'),
  },
  hdfsUser: {
    env: 'HDFS_USER',
    standard: undefined,
    meaning: 'user on HDFS; unset = the user who started pulso',
    parse: anyText,
  },
  hiveMetastore: {
    env: 'HIVE_METASTORE',
    standard: undefined,
    meaning: 'Hive Metastore, `thrift://host:9083`, needs HDFS; unset = manifest only',
    parse: server('thrift', /^\/?$/, 'an address such as thrift://host:9083'),
  },
  hotBytes: { env: 'PULSO_HOT_BYTES', standard: '300MB', meaning: 'size of the hot store', parse: bytes(1e6) },
  lateness: {
    env: 'PULSO_LATENESS',
    standard: '1h',
    meaning: 'an event older than the newest by more than this is late',
    parse: duration,
  },
  future: {
    env: 'PULSO_FUTURE',
    standard: '5m',
    meaning: 'an event further ahead of its record than this is a dead letter',
    parse: duration,
  },
  dedup: {
    env: 'PULSO_DEDUP',
    standard: '0',
    meaning: 'order ids remembered per partition; 0 = off',
    parse: whole(0, 10_000_000),
  },
  commitMs: {
    env: 'PULSO_COMMIT_MS',
    standard: '25',
    meaning: 'longest time from arrival to commit',
    parse: whole(1, 10_000),
  },
  partitions: {
    env: 'PULSO_PARTITIONS',
    standard: '4',
    meaning: 'partitions of each embedded topic',
    parse: whole(1, 256),
  },
  lanes: {
    env: 'PULSO_LANES',
    standard: undefined,
    meaning: 'consumer-aggregator pairs; as at the last run, else min(cores, partitions)',
    parse: whole(1, 256),
  },
  logBytes: {
    env: 'PULSO_LOG_BYTES',
    standard: '1GB',
    meaning: 'embedded log kept after it was consumed',
    parse: bytes(1e6),
  },
  kpiRetention: { env: 'PULSO_KPI_RETENTION', standard: '90d', meaning: 'how long minutes are kept', parse: duration },
  zone: { env: 'PULSO_ZONE', standard: 'America/Sao_Paulo', meaning: 'where days begin', parse: zone },
  currency: {
    env: 'PULSO_CURRENCY',
    standard: 'BRL',
    meaning: 'money in views',
    parse: matching(/^[A-Z]{3}$/, 'a currency code such as BRL'),
  },
  log: {
    env: 'PULSO_LOG',
    standard: 'info',
    meaning: 'least severity that is logged',
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
  },
} satisfies Record<string, Field<unknown>>;

export type Fields = typeof FIELDS;
export type FieldName = keyof Fields;

/** Parses one value; the error names key, value and rule. */
export function parseField<N extends FieldName>(name: N, text: string, source: string): ReturnType<Fields[N]['parse']> {
  const field: Field<unknown> = FIELDS[name];
  try {
    return field.parse(text) as ReturnType<Fields[N]['parse']>;
  } catch (thrown) {
    if (!(thrown instanceof Rule)) throw thrown;
    const shown = field.secret ? '***' : JSON.stringify(text);
    throw new AppError(
      'bad-config',
      `Cannot use ${source} as it must be ${thrown.message}: current value is ${shown}`,
      {
        field: name,
      },
    );
  }
}

/** As many lanes as cores, but never more than partitions. */
export function standardLanes(partitions: number): number {
  return Math.min(availableParallelism(), partitions);
}
