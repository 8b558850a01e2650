/** The catalog on a real Hive Metastore: what it holds afterwards, whatever was there before. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { type TestContext, test } from 'node:test';
import { HiveCatalog, type HiveConfig } from '../../actors/backends/catalog-hive.ts';
import { hdfsConfig } from '../../actors/backends/hdfs-config.ts';
import { ARCHIVE_TABLES } from '../../actors/ports/archive-tables.ts';
import { removeFolders } from './hdfs-place.ts';
import { dropDatabase, hive } from './hive-place.ts';
import { address, needs } from './servers.ts';

const ON = needs('WEBHDFS_URL', 'HIVE_METASTORE');
const DAYS = ['2026-02-27', '2026-02-28'];

/** A database and a folder that nobody else uses. */
function placeOf(t: TestContext): { config: HiveConfig; catalog: HiveCatalog } {
  const mark = `t-hdfs-${randomBytes(4).toString('hex')}`;
  const settings = {
    webhdfsUrl: new URL(`/${mark}`, address('WEBHDFS_URL')).href,
    hdfsUser: userInfo().username,
    hiveMetastore: address('HIVE_METASTORE'),
    hdfsUrl: process.env.HDFS_URL,
  };
  const config = hdfsConfig(settings, mark).hive as HiveConfig;
  t.after(async () => {
    await dropDatabase(config);
    await removeFolders(mark);
  });
  return { config, catalog: new HiveCatalog(config) };
}

test('a new Metastore gets database, external tables and partitions', ON, async (t) => {
  const { config, catalog } = placeOf(t);
  for (const name of ['orders', 'kpi_minute'] as const) {
    await catalog.register(name, DAYS);
    const table = await hive(config).table(name);
    assert.equal(table.kind, 'EXTERNAL_TABLE');
    assert.equal(table.location, `${config.location}/${name}`);
    assert.deepEqual(
      table.columns.map((column) => column.name),
      ARCHIVE_TABLES[name].map((column) => column.name),
    );
    assert.deepEqual(await hive(config).partitions(name), ['order_date=2026-02-27', 'order_date=2026-02-28']);
  }
});

test('registering again changes nothing, and more days are added to those there', ON, async (t) => {
  const { config, catalog } = placeOf(t);
  await catalog.register('orders', DAYS);
  await catalog.register('orders', DAYS);
  await catalog.register('orders', []);
  await catalog.register('orders', ['2026-03-01', '2026-02-28', '2026-03-01']);
  assert.deepEqual(await hive(config).partitions('orders'), [
    'order_date=2026-02-27',
    'order_date=2026-02-28',
    'order_date=2026-03-01',
  ]);
});

test('two processes may register at once', ON, async (t) => {
  const { config } = placeOf(t);
  await Promise.all([1, 2, 3].map(() => new HiveCatalog(config).register('orders', DAYS)));
  assert.equal((await hive(config).partitions('orders')).length, 2);
});

test('a table that was dropped comes back with the next days; a year of days goes in one call', ON, async (t) => {
  const { config, catalog } = placeOf(t);
  await catalog.register('orders', DAYS);
  await hive(config).dropTable('orders');
  const year = Array.from({ length: 365 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10));
  await catalog.register('orders', year);
  assert.equal((await hive(config).partitions('orders')).length, 365);
});

test('a table of an older pulso gets the columns that are new', ON, async (t) => {
  const { config, catalog } = placeOf(t);
  await hive(config).makeTable('orders', `${config.location}/orders`, [['order_id', 'string']]);
  await catalog.register('orders', DAYS);
  assert.equal((await hive(config).table('orders')).columns.length, ARCHIVE_TABLES.orders.length);
});

test('a table of another archive is left alone, and said so', ON, async (t) => {
  const { config, catalog } = placeOf(t);
  await hive(config).makeTable('orders', `${config.location}-other/orders`, [['order_id', 'string']]);
  await assert.rejects(catalog.register('orders', DAYS), { code: 'conflict', message: /-other\/orders$/ });
  assert.deepEqual(await hive(config).partitions('orders'), []);
});
