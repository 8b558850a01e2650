/**
 * The archive's tables and days in the Hive Metastore. Every call looks at what is there and adds what is missing, so it
 * may be made again at any time: after a failure half way, twice at once, after the Metastore has lost everything.
 */
import { AppError } from '../../protocol/errors.ts';
import type { ArchiveCatalog } from '../ports/archive.ts';
import type { ArchiveTable } from '../ports/archive-tables.ts';
import {
  addPartitions,
  database,
  type HivePlace,
  type HiveTable,
  readTable,
  table,
  wantedTable,
} from './catalog-hive-model.ts';
import { type ThriftCall, ThriftException, type ThriftServer, withThrift } from './thrift-calls.ts';
import { text } from './thrift-values.ts';

export type HiveConfig = ThriftServer & HivePlace;

/** Of one request; each costs the Metastore a look at HDFS and some rows of its database. */
const DAYS_A_REQUEST = 50;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Declared exceptions that no repetition cures; all others come of the Metastore's own database or of HDFS. */
const LASTING = /^(InvalidObjectException|InvalidOperationException)$/;

export class HiveCatalog implements ArchiveCatalog {
  #config: HiveConfig;

  constructor(config: HiveConfig) {
    this.#config = config;
  }

  async register(name: ArchiveTable, orderDates: readonly string[]): Promise<void> {
    const days = [...new Set(orderDates)].sort();
    for (const day of days) checkDay(day);
    if (days.length === 0) return;
    await this.#speak(`register ${name}`, async (call) => {
      await this.#prepareDatabase(call);
      await this.#prepareTable(call, name);
      for (let at = 0; at < days.length; at += DAYS_A_REQUEST) {
        const request = addPartitions(name, this.#config, days.slice(at, at + DAYS_A_REQUEST));
        const exceptions = ['InvalidObjectException', 'AlreadyExistsException', 'MetaException'];
        await call('add_partitions_req', { 1: request }, exceptions);
      }
    });
  }

  async close(): Promise<void> {}

  async #prepareDatabase(call: ThriftCall): Promise<void> {
    const name = this.#config.database;
    const asked = () => call('get_database', { 1: text(name) }, ['NoSuchObjectException', 'MetaException']);
    if (await found(asked)) return;
    const exceptions = ['AlreadyExistsException', 'InvalidObjectException', 'MetaException'];
    await unlessThere(call('create_database', { 1: database(name) }, exceptions));
  }

  async #prepareTable(call: ThriftCall, name: ArchiveTable): Promise<void> {
    const place = this.#config;
    const exceptions = ['MetaException', 'NoSuchObjectException'];
    const asked = () => call('get_table', { 1: text(place.database), 2: text(name) }, exceptions);
    let there = await found(asked);
    if (there === undefined) {
      const thrown = ['AlreadyExistsException', 'InvalidObjectException', 'MetaException', 'NoSuchObjectException'];
      await unlessThere(call('create_table', { 1: table(name, place) }, thrown));
      there = { value: await asked() };
    }
    const current = readTable(there.value);
    this.#checkPlace(name, current);
    if (sameColumns(current, wantedTable(name, place))) return;
    const changed = { 1: text(place.database), 2: text(name), 3: table(name, place) };
    await call('alter_table', changed, ['InvalidOperationException', 'MetaException']);
  }

  #checkPlace(name: ArchiveTable, current: HiveTable): void {
    const wanted = wantedTable(name, this.#config);
    if (current.kind === wanted.kind && current.location === wanted.location) return;
    throw new AppError(
      'conflict',
      `Cannot register ${name} in Hive unless ${this.#config.database}.${name} is an external table at ${wanted.location} (see HDFS_URL): current value is ${current.kind} at ${current.location}`,
    );
  }

  async #speak<T>(action: string, use: (call: ThriftCall) => Promise<T>): Promise<T> {
    try {
      return await withThrift(this.#config, use);
    } catch (thrown) {
      if (thrown instanceof AppError || !(thrown instanceof Error)) throw thrown;
      const { host, port } = this.#config;
      const code = LASTING.test(thrown.name) ? 'conflict' : 'unavailable';
      const said = `${thrown.name}: ${thrown.message}`.slice(0, 300);
      throw new AppError(code, `Cannot ${action} in the Hive Metastore ${host}:${port} as it failed with ${said}`, {
        cause: thrown,
      });
    }
  }
}

function checkDay(day: string): void {
  if (DAY.test(day)) return;
  throw new AppError(
    'bad-parameter',
    `Cannot register a day unless it is YYYY-MM-DD: current value is ${JSON.stringify(day)}`,
  );
}

/** What was asked for, or undefined where the Metastore says that there is no such thing. */
async function found<T>(ask: () => Promise<T>): Promise<{ value: T } | undefined> {
  try {
    return { value: await ask() };
  } catch (thrown) {
    if (thrown instanceof ThriftException && thrown.name === 'NoSuchObjectException') return undefined;
    throw thrown;
  }
}

/** Another process may have made it in between. */
async function unlessThere(made: Promise<unknown>): Promise<void> {
  try {
    await made;
  } catch (thrown) {
    if (!(thrown instanceof ThriftException && thrown.name === 'AlreadyExistsException')) throw thrown;
  }
}

function sameColumns(a: HiveTable, b: HiveTable): boolean {
  const shape = ({ columns }: HiveTable) => columns.map(({ name, type }) => `${name} ${type}`).join();
  return shape(a) === shape(b);
}
