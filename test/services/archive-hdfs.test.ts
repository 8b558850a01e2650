/** pulso with its archive on HDFS and in Hive, while servers die: nothing is lost, doubled or wrong, by the model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { Model, type ModelResult } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { command, type Pulso, until, untilCounted, untilReady } from '../system/exactness.ts';
import { produce } from '../system/producer.ts';
import { archiveOf, archiveStatus, compareFiles, compareRanges, compareRows, eventBatches } from './archive-on-hdfs.ts';
import { harm, healAfter, needsToHarm } from './faults.ts';
import { hive } from './hive-place.ts';
import { type Place, place } from './pulso.ts';

const EVENTS = Number(process.env.TEST_EVENTS ?? 40_000);
const PACE = 4000;
const BUDGET = 1_000_000;
const LIMIT_MS = 240_000;
const SHOWN = 20;
const DONE = ['COMMITTED', 'DELETED'];

function lines(): Uint8Array[] {
  return [...hostileLines({ events: EVENTS, seed: 4 })]
    .filter(({ record, bytes }) => record && bytes.length <= RECORD_BYTES)
    .map(({ bytes }) => bytes);
}

async function untilArchived(pulso: Pulso, batches: number): Promise<void> {
  await until(`${batches} batches archived`, LIMIT_MS, async () => {
    const done = (await eventBatches(pulso.url)).filter(({ state }) => DONE.includes(state));
    return { done: done.length >= batches, state: await archiveStatus(pulso.url) };
  });
}

/** Everything that is in the log is in the archive, and the hot store has let go of it. */
async function archiveAll(pulso: Pulso, { partitions }: ModelResult): Promise<void> {
  const records = [...partitions.values()].reduce((sum, partition) => sum + partition.records, 0);
  const headers = { authorization: `Bearer ${pulso.token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ reason: 'test', idempotency_key: crypto.randomUUID() });
  const answer = await fetch(new URL('/archive/run', pulso.url), { method: 'POST', headers, body });
  assert.equal(answer.status, 202, await answer.text());
  await until('all is archived', LIMIT_MS, async () => {
    const deleted = (await eventBatches(pulso.url)).filter(({ state }) => state === 'DELETED');
    const sum = deleted.reduce((total, batch) => total + batch.records, 0);
    return { done: sum === records, state: { sum, records, status: await archiveStatus(pulso.url) } };
  });
}

function modelOf(here: Place): ModelResult {
  const model = new Model();
  for (const { topic, partition, bytes, at } of readLog(here.dataDir('a'))) model.addTo(topic, partition, bytes, at);
  return model.result();
}

function none(differences: readonly string[]): void {
  assert.deepEqual(differences.slice(0, SHOWN), []);
}

test(
  'an archive on HDFS holds all that the log held, while DataNode and NameNode die and pulso is killed',
  needsToHarm('WEBHDFS_URL', 'HIVE_METASTORE'),
  async (t) => {
    const env = { PULSO_HOT_BYTES: String(BUDGET), ...(process.env.HDFS_URL && { HDFS_URL: process.env.HDFS_URL }) };
    // Before all else that happens afterwards: what cleans up needs the servers.
    for (const service of ['datanode', 'namenode'] as const) healAfter(t, service);
    const here = await place(t, { who: 'hdfs', on: ['WEBHDFS_URL', 'HIVE_METASTORE'], env });
    const { files, config } = archiveOf(t, here);
    let pulso = await here.start('a', ['--no-generator']);
    await untilReady(pulso.url);
    const stop = new AbortController();
    t.after(() => stop.abort());
    const producer = produce(() => pulso.url, lines(), PACE, stop.signal);

    await untilArchived(pulso, 1);
    await harm('kill9', 'datanode');
    await until('the archiver has said that it fails', LIMIT_MS, async () => {
      const { last_error } = await archiveStatus(pulso.url);
      return { done: last_error !== null, state: last_error };
    });
    await pulso.kill9();
    pulso = await here.start('a', ['--no-generator']);
    await harm('up', 'datanode');
    await untilArchived(pulso, 3);
    await Promise.all([harm('restart', 'namenode'), command(pulso, 'archiver', 'kill')]);
    await Promise.race([
      producer.finished,
      pulso.ended.then((how) => assert.fail(`${JSON.stringify(how)} ${pulso.log()}`)),
    ]);

    const model = modelOf(here);
    await untilCounted(
      pulso.url,
      [...model.partitions.values()].reduce((sum, partition) => sum + partition.in, 0),
    );
    await until('the hot store is within its budget', LIMIT_MS, async () => {
      const status = await archiveStatus(pulso.url);
      return { done: status.hot_bytes <= BUDGET, state: status };
    });
    const shown = await compareOrders(pulso.url, model);
    none(shown.differences);
    assert.ok(shown.hot > 0 && shown.archived.size > 0, 'orders are in both places');
    await archiveAll(pulso, model);
    none(await compareAll(pulso.url, model));
    none((await compareOrders(pulso.url, model)).differences);
    const batches = await eventBatches(pulso.url);
    none(compareRanges(batches, model));
    none(await compareFiles(files, batches));
    none(await compareRows(files, batches, model));
    await untilRegistered(config, batches);
    assert.deepEqual(await pulso.stop(), { code: 0, signal: null });
  },
);

async function untilRegistered(
  config: Parameters<typeof hive>[0],
  batches: Awaited<ReturnType<typeof eventBatches>>,
): Promise<void> {
  const files = batches.flatMap((batch) => batch.files).filter(({ table }) => table === 'orders');
  const days = [...new Set(files.map(({ order_date }) => `order_date=${order_date}`))].sort();
  assert.ok(days.length > 0);
  await until('every day is a partition of the table in Hive', LIMIT_MS, async () => {
    const found = await hive(config)
      .partitions('orders')
      .catch((thrown: Error) => [thrown.message]);
    return { done: JSON.stringify(found) === JSON.stringify(days), state: found };
  });
}
