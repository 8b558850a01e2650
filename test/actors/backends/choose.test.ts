import assert from 'node:assert/strict';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkAgreement } from '../../../actors/backends/agreement.ts';
import {
  checkData,
  chooseArchiveFiles,
  chooseArchiveManifest,
  chooseCatalog,
  chooseFactStore,
  chooseJobStore,
  chooseLogWriter,
  choosePartitionStore,
  chooseRawReader,
  prepareData,
} from '../../../actors/backends/choose.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';
import { commitAfter } from '../../contracts/commits.ts';
import { append, numbered } from '../../contracts/event-log.ts';
import { jobRun } from '../../contracts/job-store.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const ORDERS_0 = { topic: 'orders', partition: 0 };

function settingsOf(t: TestContext) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  return {
    data: join(folder.path, 'data'),
    group: 'pulso',
    partitions: 2,
    topics: ['orders', 'clicks'],
    logBytes: 1e9,
  };
}

test('prepareData makes a new folder, and finds an old one in order', async (t) => {
  const settings = settingsOf(t);
  const config = await prepareData(settings);
  assert.deepEqual(structuredClone(config), config);
  assert.ok(
    ['log/p0.db', 'log/p1.db', 'store/p0.db', 'store/shared.db'].every((name) => existsSync(join(settings.data, name))),
  );
  await prepareData(settings);
});

test('prepareData goes on where the making of a folder was cut off', async (t) => {
  const settings = settingsOf(t);
  await prepareData(settings);
  rmSync(join(settings.data, 'store'), { recursive: true });
  rmSync(join(settings.data, 'log', 'p1.db'));
  await prepareData(settings);
});

test('prepareData adds topics to old data', async (t) => {
  const settings = settingsOf(t);
  await prepareData(settings);
  const config = await prepareData({ ...settings, topics: ['orders', 'clicks', 'returns'] });
  const log = await chooseLogWriter(config);
  assert.deepEqual(await log.append([append('returns', 1, ['a'])]), [0]);
  await log.close();
});

test('prepareData refuses another number of partitions, and names both', async (t) => {
  const settings = settingsOf(t);
  await prepareData(settings);
  for (const partitions of [1, 3]) {
    const refusal = { code: 'data-mismatch', field: 'partitions', message: new RegExp(`with 2, .* is ${partitions}`) };
    await assert.rejects(prepareData({ ...settings, partitions }), refusal);
    await assert.rejects(checkData({ ...settings, partitions }), refusal);
  }
  await prepareData(settings);
});

test('prepareData refuses a store that is ahead of its log, and names both offsets', async (t) => {
  const settings = settingsOf(t);
  const config = await prepareData(settings);
  const old = join(settings.data, 'old-log');
  const log = await chooseLogWriter(config);
  await log.append([append('orders', 0, numbered(0, 5))]);
  await log.close();
  cpSync(join(settings.data, 'log'), old, { recursive: true });
  const grown = await chooseLogWriter(config);
  await grown.append([append('orders', 0, numbered(5, 12))]);
  await grown.close();
  const store = await choosePartitionStore(config);
  await store.commit([commitAfter(await store.open(ORDERS_0), { nextOffset: 12 })]);
  await store.close();
  await checkData(settings);
  rmSync(join(settings.data, 'log'), { recursive: true });
  cpSync(old, join(settings.data, 'log'), { recursive: true });
  await assert.rejects(prepareData(settings), { code: 'data-mismatch', message: /orders\/0 .*\b12\b.*\b5\b/ });
});

test('checkData changes nothing, not even a folder that is not there', async (t) => {
  const settings = settingsOf(t);
  await checkData(settings);
  assert.equal(existsSync(settings.data), false);
});

test('checkAgreement passes over topics that are read no more', () => {
  const state = {
    ...ORDERS_0,
    epoch: 1,
    seq: 1,
    watermark: 0,
    dedup: null,
    ledger: { in: 0, counted: 0, late: 0, dead: 0, duplicates: 0 },
  };
  const totals = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 };
  checkAgreement([{ ...state, totals, nextOffset: 9 }], []);
  checkAgreement([{ ...state, totals, nextOffset: 9 }], [{ ...ORDERS_0, start: 3, end: 9 }]);
});

test('a group other than the standard one keeps its state apart, over the same log', async (t) => {
  const settings = settingsOf(t);
  const [standard, other] = [await prepareData(settings), await prepareData({ ...settings, group: 'audit' })];
  const writer = await chooseLogWriter(standard);
  t.after(() => writer.close());
  await (await chooseFactStore(standard)).put('lanes', 2);
  const facts = await chooseFactStore(other);
  t.after(() => facts.close());
  assert.equal(await facts.get('lanes'), undefined);
  assert.ok(existsSync(join(settings.data, 'groups', 'audit', 'store', 'p0.db')));
  assert.ok(!existsSync(join(settings.data, 'groups', 'audit', 'log')));
});

test('every group has an archive of its own', async (t) => {
  const settings = settingsOf(t);
  for (const group of ['pulso', 'other']) {
    const config = await prepareData({ ...settings, group });
    const manifest = await chooseArchiveManifest(config);
    assert.deepEqual((await manifest.list({ limit: 10 })).items, []);
    assert.equal(await manifest.create(archiveBatch(0)), true);
    await manifest.close();
    const raw = await chooseRawReader(config);
    assert.equal((await raw.rawExtents()).length, 4);
    await raw.close();
    const files = await chooseArchiveFiles(config);
    assert.deepEqual(await files.list('_tmp'), []);
    await files.write('_tmp/a', new Uint8Array(1));
    await files.close();
  }
  assert.ok(existsSync(join(settings.data, 'archive', '_tmp', 'a')));
  assert.ok(existsSync(join(settings.data, 'groups', 'other', 'archive', '_tmp', 'a')));
});

test('a group other than the standard one has a history of jobs of its own', async (t) => {
  const settings = settingsOf(t);
  const [standard, other] = [await prepareData(settings), await prepareData({ ...settings, group: 'audit' })];
  const [jobs, otherJobs] = [await chooseJobStore(standard), await chooseJobStore(other)];
  await jobs.put(jobRun('roll-up', 1_763_600_000_000));
  assert.equal((await jobs.latest()).length, 1);
  assert.deepEqual(await otherJobs.latest(), []);
  await Promise.all([jobs.close(), otherJobs.close()]);
});

test('HDFS and the Hive Metastore are chosen by their addresses, across threads too', async (t) => {
  const settings = settingsOf(t);
  assert.equal(await chooseCatalog(await prepareData(settings)), undefined);
  const addresses = { webhdfsUrl: 'http://namenode:9870', hiveMetastore: 'thrift://hive:9083' };
  const config = structuredClone(await prepareData({ ...settings, ...addresses }));
  const files = await chooseArchiveFiles(config);
  assert.equal(files.uri('orders/a'), 'hdfs://namenode:8020/pulso/orders/a');
  const catalog = await chooseCatalog(config);
  await catalog?.register('orders', []);
  await Promise.all([files.close(), catalog?.close()]);
  assert.notEqual(catalog, undefined);
});
