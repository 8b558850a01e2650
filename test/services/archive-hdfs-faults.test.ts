/** NameNode, DataNode and Metastore die, hang, restart and fill up under the archive: errors come in time, nothing half-done stays. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebhdfsArchiveFiles } from '../../actors/backends/archive-webhdfs.ts';
import { HiveCatalog, type HiveConfig } from '../../actors/backends/catalog-hive.ts';
import { hdfsConfig } from '../../actors/backends/hdfs-config.ts';
import { AppError } from '../../protocol/errors.ts';
import { someBytes } from '../contracts/archive-files.ts';
import { harm, healAfter, needsToHarm } from './faults.ts';
import { removeFolders, setSpaceQuota } from './hdfs-place.ts';
import { dropDatabase, hive } from './hive-place.ts';
import { address } from './servers.ts';

const HDFS = needsToHarm('WEBHDFS_URL');
const HIVE = needsToHarm('WEBHDFS_URL', 'HIVE_METASTORE');
const UNAVAILABLE = { code: 'unavailable', retryable: true };
const LIMITS = { callMs: 3000, transferMs: 4000 };
/** A call may ask several times, each with its own limit; a busy machine adds to it. */
const IN_TIME_MS = 30_000;
/** The servers' own start, and the DataNode's first report, on a busy machine. */
const PATIENCE_MS = 120_000;
const PAUSE_MS = 250;

const SMALL = someBytes(100_000);
/** Takes longer to send than it takes to kill a server. */
const LARGE = someBytes(64 * 1024 * 1024);
const TEMPORARY = '_tmp/part-a.parquet';
const FINAL = 'orders/order_date=2026-02-28/part-a.parquet';

function settingsOf(mark: string) {
  return {
    webhdfsUrl: new URL(`/${mark}`, address('WEBHDFS_URL')).href,
    hdfsUser: userInfo().username,
    hiveMetastore: process.env.HIVE_METASTORE,
    hdfsUrl: process.env.HDFS_URL,
  };
}

function archiveOf(t: TestContext): { files: WebhdfsArchiveFiles; mark: string } {
  const mark = `t-hdfs-${randomBytes(4).toString('hex')}`;
  const { webhdfs } = hdfsConfig(settingsOf(mark), 'pulso');
  assert.ok(webhdfs);
  const files = new WebhdfsArchiveFiles({ ...webhdfs, ...LIMITS });
  t.after(async () => {
    await files.close();
    await insistently(() => removeFolders(mark));
  });
  return { files, mark };
}

/** As an actor does it: again and again while the error is one that may pass. */
async function insistently<T>(action: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    try {
      return await action();
    } catch (thrown) {
      if (performance.now() > end || (thrown instanceof AppError && !thrown.retryable)) throw thrown;
    }
    await sleep(PAUSE_MS);
  }
}

async function inTime(action: Promise<unknown>): Promise<void> {
  const began = performance.now();
  await assert.rejects(action, UNAVAILABLE);
  const took = performance.now() - began;
  assert.ok(took < IN_TIME_MS, `took ${took} ms`);
}

async function holds(files: WebhdfsArchiveFiles, path: string, bytes: Uint8Array): Promise<void> {
  const read = await insistently(() => files.read(path));
  assert.ok(Buffer.from(read).equals(Buffer.from(bytes)), `${path} holds what was written`);
}

/** Until HDFS knows of the file that is being sent. */
async function untilSending(files: WebhdfsArchiveFiles): Promise<void> {
  while (!(await files.list('_tmp')).some(({ path }) => path.startsWith(TEMPORARY))) await sleep(10);
}

for (const service of ['datanode', 'namenode'] as const) {
  test(`a write during which the ${service} is killed fails, and succeeds when it is back`, HDFS, async (t) => {
    const { files } = archiveOf(t);
    healAfter(t, service);
    const written = inTime(files.write(TEMPORARY, LARGE));
    await untilSending(files);
    await harm('kill9', service);
    await written;
    await harm('up', service);
    assert.equal(await insistently(() => files.stat(TEMPORARY)), undefined);
    await insistently(() => files.write(TEMPORARY, LARGE));
    await insistently(() => files.publish(TEMPORARY, FINAL));
    await holds(files, FINAL, LARGE);
    assert.deepEqual(
      (await files.list('orders')).map(({ bytes }) => bytes),
      [LARGE.length],
    );
  });
}

test('without a DataNode data waits and names go on; all is well when it is back', HDFS, async (t) => {
  const { files } = archiveOf(t);
  healAfter(t, 'datanode');
  await insistently(() => files.write(TEMPORARY, SMALL));
  await harm('kill9', 'datanode');
  await inTime(files.write('_tmp/part-b.parquet', SMALL));
  await inTime(files.read(TEMPORARY));
  await files.publish(TEMPORARY, FINAL);
  assert.equal((await files.stat(FINAL))?.bytes, SMALL.length);
  await harm('up', 'datanode');
  await insistently(() => files.write('_tmp/part-b.parquet', SMALL));
  await holds(files, FINAL, SMALL);
});

test('a frozen DataNode is given up in time, and what it does when it thaws reaches no file', HDFS, async (t) => {
  const { files } = archiveOf(t);
  healAfter(t, 'datanode');
  await insistently(() => files.write(TEMPORARY, SMALL));
  await files.publish(TEMPORARY, FINAL);
  await harm('freeze', 'datanode');
  await inTime(files.write(TEMPORARY, someBytes(70_000, 2)));
  await inTime(files.read(FINAL));
  await harm('thaw', 'datanode');
  await insistently(() => files.write(TEMPORARY, someBytes(70_000, 3)));
  await holds(files, TEMPORARY, someBytes(70_000, 3));
  await holds(files, FINAL, SMALL);
});

test('a frozen NameNode is given up in time; every call succeeds when it thaws', HDFS, async (t) => {
  const { files } = archiveOf(t);
  healAfter(t, 'namenode');
  await insistently(() => files.write(TEMPORARY, SMALL));
  await harm('freeze', 'namenode');
  await inTime(files.stat(TEMPORARY));
  await inTime(files.list('_tmp'));
  await inTime(files.publish(TEMPORARY, FINAL));
  await inTime(files.remove(TEMPORARY));
  await inTime(files.write(TEMPORARY, SMALL));
  await harm('thaw', 'namenode');
  await insistently(() => files.write(TEMPORARY, SMALL));
  await insistently(() => files.publish(TEMPORARY, FINAL));
  await holds(files, FINAL, SMALL);
});

test('a restart of the NameNode is waited for by asking again, and loses nothing', HDFS, async (t) => {
  const { files } = archiveOf(t);
  healAfter(t, 'namenode');
  await insistently(() => files.write(TEMPORARY, SMALL));
  await files.publish(TEMPORARY, FINAL);
  const restarted = harm('restart', 'namenode');
  for (let index = 0; index < 5; index++) {
    await insistently(() => files.write(`_tmp/part-${index}.parquet`, someBytes(50_000, index)));
  }
  await restarted;
  await holds(files, FINAL, SMALL);
  for (let index = 0; index < 5; index++) await holds(files, `_tmp/part-${index}.parquet`, someBytes(50_000, index));
});

test('a full HDFS is unavailable, says so, and is written to when there is space', HDFS, async (t) => {
  const { files, mark } = archiveOf(t);
  await insistently(() => files.write(TEMPORARY, SMALL));
  await setSpaceQuota(`/${mark}`, 1_000_000);
  await assert.rejects(files.write('_tmp/part-b.parquet', SMALL), { ...UNAVAILABLE, message: /quota/i });
  assert.equal(await files.stat('_tmp/part-b.parquet'), undefined);
  await files.publish(TEMPORARY, FINAL);
  await setSpaceQuota(`/${mark}`, -1);
  await insistently(() => files.write('_tmp/part-b.parquet', SMALL));
  await holds(files, FINAL, SMALL);
});

test(
  'a Metastore that is killed, or whose HDFS is gone, is unavailable in time; later the same call does it',
  HIVE,
  async (t) => {
    const { mark } = archiveOf(t);
    for (const service of ['hive', 'namenode'] as const) healAfter(t, service);
    const standard = hdfsConfig(settingsOf(mark), mark).hive;
    assert.ok(standard);
    const config: HiveConfig = { ...standard, limitMs: 8000 };
    t.after(() => insistently(() => dropDatabase(config)));
    const catalog = new HiveCatalog(config);
    await insistently(() => catalog.register('orders', ['2026-02-27']));
    await harm('kill9', 'hive');
    await inTime(catalog.register('orders', ['2026-02-28']));
    await harm('up', 'hive');
    await insistently(() => catalog.register('orders', ['2026-02-28']));
    await harm('kill9', 'namenode');
    await inTime(catalog.register('orders', ['2026-03-01']));
    await harm('up', 'namenode');
    await insistently(() => catalog.register('orders', ['2026-03-01']));
    const days = ['order_date=2026-02-27', 'order_date=2026-02-28', 'order_date=2026-03-01'];
    assert.deepEqual(await hive(config).partitions('orders'), days);
  },
);
