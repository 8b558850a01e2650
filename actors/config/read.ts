/** Reads the configuration: flags before environment before pulso.config.json before defaults. Nothing unknown passes. */
import { existsSync, readFileSync } from 'node:fs';
import { AppError } from '../../protocol/errors.ts';
import { FIELDS, type Field, type FieldName, type Fields, parseField } from './fields.ts';

type Optional = { [N in FieldName]: Fields[N]['standard'] extends string ? never : N }[FieldName];
type Values = { [N in FieldName]: ReturnType<Fields[N]['parse']> };
export type Config = Omit<Values, Optional> & { [N in Optional]: Values[N] | undefined };

export type ConfigSources = {
  readonly flags: Readonly<Partial<Record<FieldName, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of pulso.config.json, if there is one. */
  readonly file: string | undefined;
};

const CONFIG_FILE = 'pulso.config.json';
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;
const names = Object.keys(FIELDS) as FieldName[];

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export function readConfig({ flags, env, file }: ConfigSources): Config {
  const fromFile = parseFile(file);
  refuseUnknownEnvironment(env);
  const values: Partial<Record<FieldName, unknown>> = {};
  for (const name of names) {
    const field: Field<unknown> = FIELDS[name];
    const text = flags[name] ?? (env[field.env] || undefined) ?? fromFile[name] ?? field.standard;
    const source = flags[name] !== undefined ? `--${name}` : env[field.env] ? field.env : `"${name}" of ${CONFIG_FILE}`;
    values[name] = text === undefined ? undefined : parseField(name, text, source);
  }
  const config = values as Config;
  checkTogether(config);
  return config;
}

/** The sources of this process: its environment and the file in its working folder. */
export function processSources(flags: ConfigSources['flags']): ConfigSources {
  return { flags, env: process.env, file: existsSync(CONFIG_FILE) ? readFileSync(CONFIG_FILE, 'utf8') : undefined };
}

/** What is in force, for people: secrets masked, those within addresses too. */
export function describeConfig(config: Config): { name: FieldName; env: string; value: string }[] {
  return names.map((name) => {
    const field: Field<unknown> = FIELDS[name];
    const value = config[name];
    const text = Array.isArray(value) ? value.join(',') : String(value);
    const shown = value === undefined ? 'unset' : field.secret === true ? '***' : maskAddress(text);
    return { name, env: field.env, value: shown };
  });
}

/** Who logs in, and what is secret among the parameters. Up to the last @: a password may hold anything. */
function maskAddress(text: string): string {
  if (!/^[\w+]+:\/\//.test(text)) return text;
  return text
    .replace(/:\/\/.*@/, '://***@')
    .replace(/([?&][^=&]*(?:password|token|secret|key|properties)[^=&]*=)[^&]*/gi, '$1***');
}

function parseFile(text: string | undefined): Partial<Record<FieldName, string>> {
  if (text === undefined) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new AppError('bad-config', `Cannot read ${CONFIG_FILE} as it must be JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new AppError('bad-config', `Cannot read ${CONFIG_FILE} as it must hold an object`);
  }
  const values: Partial<Record<FieldName, string>> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (!isFieldName(key)) throw unknownKey(`"${key}" of ${CONFIG_FILE}`, names);
    if (!['string', 'number', 'boolean'].includes(typeof value) && !isTextList(value)) {
      throw new AppError(
        'bad-config',
        `Cannot use "${key}" of ${CONFIG_FILE} as it must be a text, a number or a list of texts: current value is ${JSON.stringify(value)}`,
        { field: key },
      );
    }
    values[key] = String(value);
  }
  return values;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isFieldName(key: string): key is FieldName {
  return Object.hasOwn(FIELDS, key);
}

function refuseUnknownEnvironment(env: ConfigSources['env']): void {
  const known: string[] = names.map((name) => FIELDS[name].env);
  for (const key of Object.keys(env)) {
    if (key.startsWith('PULSO_') && !known.includes(key)) throw unknownKey(key, known);
  }
}

function unknownKey(source: string, known: readonly string[]): AppError {
  return new AppError('bad-config', `Cannot use ${source} as there is no such setting: known are ${known.join(', ')}`);
}

function checkTogether(config: Config): void {
  if (!isLoopback(config.host) && config.token === undefined) {
    throw new AppError(
      'bad-config',
      `Cannot listen on a host that is not loopback without PULSO_TOKEN: current value of PULSO_HOST is ${JSON.stringify(config.host)}`,
      { field: 'token' },
    );
  }
  if (config.lateness > config.kpiRetention) {
    throw new AppError(
      'bad-config',
      `Cannot take events that are later than minutes are kept (PULSO_KPI_RETENTION is ${config.kpiRetention} ms): current value of PULSO_LATENESS is ${config.lateness} ms`,
      { field: 'lateness' },
    );
  }
  // Topics on Kafka keep the partitions that they have: how many lanes fit shows when they are read.
  if (config.kafkaBrokers === undefined && config.lanes !== undefined && config.lanes > config.partitions) {
    throw new AppError(
      'bad-config',
      `Cannot run more lanes than partitions (${config.partitions}): current value of PULSO_LANES is ${config.lanes}`,
      { field: 'lanes' },
    );
  }
  checkSasl(config);
  if (config.hiveMetastore !== undefined && config.webhdfsUrl === undefined) {
    throw new AppError(
      'bad-config',
      `Cannot tell Hive of an archive that is not on HDFS, which WEBHDFS_URL names: current value of HIVE_METASTORE is ${JSON.stringify(config.hiveMetastore)}`,
      { field: 'hiveMetastore' },
    );
  }
}

function checkSasl({ kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword }: Config): void {
  const given = { kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword };
  const unset = (Object.keys(given) as (keyof typeof given)[]).filter((name) => given[name] === undefined);
  const [first] = unset;
  if (first === undefined || unset.length === Object.keys(given).length) return;
  throw new AppError(
    'bad-config',
    `Cannot sign in to Kafka as mechanism, user and password go together: ${unset.map((name) => FIELDS[name].env).join(' and ')} unset`,
    { field: first },
  );
}
