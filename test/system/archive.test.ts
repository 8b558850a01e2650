/** The command as a process, with a hot store far smaller than what comes in: archived meanwhile, killed meanwhile, and exact all the same. */
import assert from 'node:assert/strict';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveStatus } from '../../protocol/message.ts';
import { compareAll } from '../model/compare.ts';
import { writeHostileFile } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { Model } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { ask } from '../model/questions.ts';
import { Random } from '../model/random.ts';
import {
  ledgerTotal,
  type Pulso,
  type PulsoOptions,
  post,
  replay,
  runPulso,
  startPulso,
  taken,
  until,
  untilCounted,
} from './exactness.ts';
import { folderFor } from './folder.ts';

const EVENTS = Number(process.env.TEST_EVENTS ?? 10_000);
const BUDGET = 1_000_000;
const KILLS = 5;
const SHOWN = 20;

function optionsOf(t: TestContext): PulsoOptions & { readonly dir: string } {
  const dir = folderFor(t, 'archive');
  return { dir, dataDir: join(dir, 'data'), env: { PULSO_HOT_BYTES: '1MB' } };
}

const statusOf = async (url: string) => (await ask(url, '/archive/status')) as unknown as ArchiveStatus;

/** The archiver may still be on its way up. */
async function untilWithin(url: string): Promise<void> {
  await until('the store within its budget', 120_000, async () => {
    const status = await statusOf(url).catch(() => undefined);
    return { done: (status?.hot_bytes ?? BUDGET) < BUDGET && (status?.states.DELETED ?? 0) > 0, state: status };
  });
}

test('a small budget, archived and killed -9 all the while, leaves every KPI and every order exact', {
  timeout: 900_000,
}, async (t) => {
  const options = optionsOf(t);
  const file = join(options.dir, 'hostile.ndjson');
  writeHostileFile(file, { events: EVENTS });
  await replay(file, options);
  const random = new Random(42);
  for (let kill = 0; kill < KILLS; kill++) {
    const pulso = await startPulso(['--no-generator'], options);
    await sleep(random.between(300, 2_500));
    await pulso.kill9();
  }
  const pulso = await startPulso(['--no-generator'], options);
  const model = modelOfLog(options.dataDir);
  const events = [...model.partitions.values()].reduce((sum, partition) => sum + partition.in, 0);
  await untilCounted(pulso.url, events);
  await untilWithin(pulso.url);
  assert.deepEqual(await differences(pulso.url, model), []);
  const some = await compareOrders(pulso.url, model);
  assert.ok(some.archived.size > 0 && some.hot > 0, `${some.archived.size} archived, ${some.hot} hot`);

  // Asked again where the archiver was replaced meanwhile: a machine that has too much to do makes it look hung.
  await until('everything is archived', 120_000, async () => {
    const { code, output } = await runPulso(['archive', 'run'], options);
    const { hot_bytes: hot } = await statusOf(pulso.url);
    return {
      done: code === 0 && /Done: the archive holds \d+ records/.test(output) && hot === 0,
      state: [output, hot],
    };
  });
  assert.deepEqual(await differences(pulso.url, model), []);
  const records = [...model.partitions.values()].reduce((sum, partition) => sum + partition.records, 0);
  assert.equal((await statusOf(pulso.url)).records, records);
  await assertReplays(pulso, events);
  await pulso.stop();
  await assertVerifies(options);
});

/** Letters whose records are nowhere but in the archive: they go into the log again, to end as they did before. */
async function assertReplays(pulso: Pulso, events: number): Promise<void> {
  const before = await ledgerTotal(pulso.url);
  const letters = { reason: 'bad-value', limit: 20 };
  const { status, body } = await taken(() => post(pulso, '/dead-letters/replay', letters));
  assert.equal(status, 200, JSON.stringify(body));
  const { replayed, refused } = body as { replayed: number; refused: unknown[] };
  assert.deepEqual([replayed, refused], [20, []]);
  await untilCounted(pulso.url, events + 20);
  const after = await ledgerTotal(pulso.url);
  assert.deepEqual([after.dead - before.dead, after.counted - before.counted], [20, 0]);
}

async function assertVerifies(options: PulsoOptions): Promise<void> {
  const good = await runPulso(['archive', 'verify'], options);
  assert.equal(good.code, 0, good.output);
  assert.match(good.output, /ok {4}\d+ batches, \d+ records/);
  const listed = await runPulso(['archive', 'list', '--limit', '3'], options);
  assert.match(listed.output, /DELETED/);
  const [parquet] = globSync('archive/orders/**/*.parquet', { cwd: options.dataDir });
  const path = join(options.dataDir, parquet as string);
  const content = readFileSync(path);
  content[content.length >> 1] = (content[content.length >> 1] as number) ^ 1;
  writeFileSync(path, content);
  const bad = await runPulso(['archive', 'verify'], options);
  assert.equal(bad.code, 1);
  assert.match(bad.output, /FAIL {2}Cannot trust archive batch orders-\d-\d{12} as checksum of orders\//);
  rmSync(path);
  const gone = await runPulso(['archive', 'verify'], options);
  assert.equal(gone.code, 1);
  assert.match(gone.output, /FAIL {2}Cannot read orders\/.* as it is not there/);
}

async function differences(url: string, model: ReturnType<Model['result']>): Promise<string[]> {
  return [...(await compareAll(url, model)), ...(await compareOrders(url, model)).differences].slice(0, SHOWN);
}

function modelOfLog(dir: string): ReturnType<Model['result']> {
  const model = new Model();
  for (const { topic, partition, bytes, at } of readLog(dir)) model.addTo(topic, partition, bytes, at);
  return model.result();
}

test('pulso archive says with a sentence what it cannot do', async (t) => {
  const options = optionsOf(t);
  const nothing = await runPulso(['archive'], options);
  assert.equal(nothing.code, 2);
  assert.match(nothing.output, /one of list, run, verify/);
  const none = await runPulso(['archive', 'list'], options);
  assert.equal(none.code, 2);
  assert.match(none.output, /no data folder/);
  const idle = await runPulso(['archive', 'run'], options);
  assert.equal(idle.code, 1);
  assert.match(idle.output, /no pulso runs on/);
});
