/** A database of a test in the Hive Metastore: what is in it, and its end. */
import type { HiveConfig } from '../../actors/backends/catalog-hive.ts';
import { database, type HiveTable, readTable } from '../../actors/backends/catalog-hive-model.ts';
import { ThriftException, withThrift } from '../../actors/backends/thrift-calls.ts';
import {
  flag,
  list,
  struct,
  type ThriftFields,
  type ThriftRead,
  text,
  texts,
} from '../../actors/backends/thrift-values.ts';

export function hive(config: HiveConfig) {
  const ask = (method: string, args: ThriftFields) =>
    withThrift(config, (call) => call(method, args, ['NoSuchObjectException', 'MetaException']));
  const of = (table: string): ThriftFields => ({ 1: text(config.database), 2: text(table) });
  return {
    table: async (name: string): Promise<HiveTable> => readTable(await ask('get_table', of(name))),
    partitions: async (name: string): Promise<readonly ThriftRead[]> =>
      (await ask('get_partition_names', of(name))) as readonly ThriftRead[],
    dropTable: (name: string) => ask('drop_table', { ...of(name), 3: flag(false) }),
    async makeTable(name: string, location: string, columns: readonly (readonly [string, string])[]) {
      await ask('create_database', { 1: database(config.database) });
      const cols = list(columns.map(([column, type]) => struct({ 1: text(column), 2: text(type) })));
      const sd = struct({ 1: cols, 2: text(location), 7: struct({ 3: texts({}) }), 8: list([]), 9: list([]) });
      const keys = list([struct({ 1: text('order_date'), 2: text('string') })]);
      const table = { ...of(name), 7: sd, 8: keys, 9: texts({ EXTERNAL: 'TRUE' }), 12: text('EXTERNAL_TABLE') };
      await ask('create_table', { 1: struct({ ...table, 1: text(name), 2: text(config.database) }) });
    },
  };
}

/** With all that is in it; its files stay. */
export async function dropDatabase(config: HiveConfig): Promise<void> {
  try {
    await withThrift(config, (call) =>
      call('drop_database', { 1: text(config.database), 2: flag(false), 3: flag(true) }, ['NoSuchObjectException']),
    );
  } catch (thrown) {
    if (!(thrown instanceof ThriftException && thrown.name === 'NoSuchObjectException')) throw thrown;
  }
}
