/** The servers that the tests of this folder speak to: the environment names them, and what is not named is skipped. */

export const SERVERS = {
  KAFKA_BROKERS: { what: 'Kafka' },
  MONGODB_URI: { what: 'MongoDB' },
  WEBHDFS_URL: { what: 'HDFS' },
  HIVE_METASTORE: { what: 'Hive Metastore' },
} as const;

export type ServerName = keyof typeof SERVERS;

/**
 * The options of a test that speaks to these servers: it is skipped, with the reason, where one is not named.
 * @example test('the log is durable', needs('KAFKA_BROKERS'), async () => { .. address('KAFKA_BROKERS') .. });
 */
export function needs(...names: readonly ServerName[]): { skip: string | false } {
  const absent = names.filter((name) => !process.env[name]);
  return { skip: absent.length > 0 && `${absent.join(' and ')} ${absent.length > 1 ? 'name' : 'names'} no server` };
}

/** What the environment names; a test that called `needs` has it. */
export function address(name: ServerName): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} names no server`);
  return value;
}
