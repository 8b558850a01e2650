/** Hostile events counted, archived whole, and replayed from the archive into a fresh system: it must say the very same. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dayIn } from '../../actors/archive/days.ts';
import { batchIdOf } from '../../actors/archive/paths.ts';
import { writeBatch } from '../../actors/archive/write-batch.ts';
import { LocalArchiveFiles } from '../../actors/backends/archive-local.ts';
import { EmbeddedRawReader } from '../../actors/backends/store-embedded-raw.ts';
import { compareAll } from '../model/compare.ts';
import { writeHostileFile } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { Model } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { ask } from '../model/questions.ts';
import { replay, runPulso, startPulso, untilCounted, workOff } from './exactness.ts';
import { folderFor } from './folder.ts';

const EVENTS = Number(process.env.TEST_EVENTS ?? 10_000);
const TOPICS = ['orders', 'deliveries', 'clicks'];

/** Everything that is hot, in two batches a topic-partition. */
async function archiveAll(dataDir: string, root: string): Promise<number> {
  const raw = new EmbeddedRawReader({ dataDir, partitions: 4, topics: TOPICS });
  const files = new LocalArchiveFiles(root);
  const dayOf = dayIn('America/Sao_Paulo');
  let records = 0;
  for (const { topic, partition, from, next } of await raw.rawExtents()) {
    if (from === next) continue;
    const [first] = await raw.raw({ topic, partition }, from, 1);
    const middle = first?.next ?? next;
    for (const [fromOffset, toOffset] of [
      [from, middle],
      [middle, next],
    ] as const) {
      if (fromOffset === toOffset) continue;
      const range = { topic, partition, fromOffset, toOffset, id: batchIdOf({ topic, partition }, fromOffset) };
      const draft = await writeBatch(raw, range, dayOf, nextTurn);
      for (const { path, content } of draft.files) await files.write(path, content);
      records += draft.records;
    }
  }
  await raw.close();
  return records;
}

test('replay from the archive into a fresh system gives the same figures', { timeout: 900_000 }, async (t) => {
  const dir = folderFor(t, 'replay');
  const file = join(dir, 'hostile.ndjson');
  writeHostileFile(file, { events: EVENTS });
  const [first, fresh] = [{ dataDir: join(dir, 'first') }, { dataDir: join(dir, 'fresh') }];
  await replay(file, first);
  assert.equal((await workOff(first)).code, 0);
  const root = join(dir, 'archive');
  const archived = await archiveAll(first.dataDir, root);

  const { code, output } = await runPulso(['replay', root], fresh);
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`^${archived} records read`, 'm'));
  const model = new Model();
  for (const { topic, partition, bytes, at } of readLog(first.dataDir)) model.addTo(topic, partition, bytes, at);
  const recordsOf = (dataDir: string) =>
    [...readLog(dataDir)].map(({ bytes, ...record }) => ({ ...record, bytes: Buffer.from(bytes).toString('latin1') }));
  assert.deepEqual(recordsOf(fresh.dataDir), recordsOf(first.dataDir));

  const pulso = await startPulso(['--no-generator'], fresh);
  const result = model.result();
  await untilCounted(
    pulso.url,
    [...result.partitions.values()].reduce((sum, each) => sum + each.in, 0),
  );
  assert.deepEqual(await compareAll(pulso.url, result), []);
  assert.deepEqual((await compareOrders(pulso.url, result)).differences, []);
  const ledger = (await ask(pulso.url, '/ledger')) as { total: { in: number } };
  assert.ok(ledger.total.in >= archived);

  // What holds something, or runs, takes no archive; nor does a log without the place.
  assert.equal((await runPulso(['replay', root], fresh)).code, 1);
  assert.equal((await pulso.stop()).code, 0);
  const full = await runPulso(['replay', join(root, 'raw')], fresh);
  assert.notEqual(full.code, 0);
  assert.match(full.output, /must hold nothing of clicks\/0/);
  const small = await runPulso(['replay', root, '--partitions', '2'], { dataDir: join(dir, 'small') });
  assert.notEqual(small.code, 0);
  assert.match(small.output, /the log has no clicks\/2/);
  const wrong = await runPulso(['replay', root, '--speed', '1x'], { dataDir: join(dir, 'small') });
  assert.match(wrong.output, /Cannot use --speed/);

  // A damaged file is named for what it is, and nothing pretends to be whole.
  const clicks = join(root, 'raw', 'clicks');
  const day = join(clicks, readdirSync(clicks)[0] as string);
  const lines = readdirSync(day).find((name) => name.endsWith('.ndjson.zst')) as string;
  writeFileSync(join(day, lines), 'no zstd');
  const damaged = await runPulso(['replay', root], { dataDir: join(dir, 'damaged') });
  assert.notEqual(damaged.code, 0);
  assert.match(damaged.output, /Cannot read a raw file of the archive/);
});
