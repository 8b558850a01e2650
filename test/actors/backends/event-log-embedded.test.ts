/** What the embedded log does beyond the contract: retention, damage, and failures of one file among several. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { EmbeddedLogWriter } from '../../../actors/backends/event-log-embedded.ts';
import { EmbeddedLogSource } from '../../../actors/backends/event-log-embedded-source.ts';
import { append, numbered } from '../../contracts/event-log.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const ORDERS_0 = { topic: 'orders', partition: 0 };

function configOf(t: TestContext, logBytes = 1e9) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  return { dataDir: folder.path, partitions: 2, topics: ['orders'], logBytes };
}

function noise(records: number, width: number): string[] {
  return Array.from({ length: records }, (_, index) =>
    Array.from({ length: width / 8 }, (_, place) =>
      Math.imul(index * 977 + place, 2_654_435_761)
        .toString(36)
        .padStart(8),
    ).join(''),
  );
}

function changeRows(dataDir: string, partition: number, sql: string): void {
  const database = new DatabaseSync(join(dataDir, 'log', `p${partition}.db`));
  database.exec(sql);
  database.close();
}

test('embedded log lets go of consumed rows once it is over its size, and of nothing else', async (t) => {
  const config = configOf(t, 3_000_000);
  const writer = new EmbeddedLogWriter(config);
  const extentOf = async () => (await writer.extents())[0] as { start: number; end: number };
  for (let batch = 0; batch < 30; batch++) await writer.append([append('orders', 0, noise(400, 800))]);
  assert.ok((await writer.retain([])) > config.logBytes);
  assert.deepEqual(await extentOf(), { ...ORDERS_0, start: 0, end: 12_000 });

  const consumed = 5000;
  for (let call = 0; call < 20; call++) await writer.retain([{ ...ORDERS_0, offset: consumed }]);
  const { start } = await extentOf();
  assert.ok(start > 4000 && start <= consumed, `starts at ${start}`);
  const source = new EmbeddedLogSource(config);
  await source.seek([{ ...ORDERS_0, offset: start }]);
  assert.equal((await source.take(1))?.base, start);
  await assert.rejects(source.seek([{ ...ORDERS_0, offset: 7 }]), {
    code: 'data-mismatch',
    message: /\b7\b.*\b4\d\d\d\b/,
  });

  let bytes = 0;
  for (let call = 0; call < 20; call++) bytes = await writer.retain([{ ...ORDERS_0, offset: 12_000 }]);
  assert.ok(bytes <= config.logBytes, `${bytes} bytes remain`);
  await source.close();
  await writer.close();
});

test('embedded log keeps its end when everything was consumed and let go', async (t) => {
  const config = configOf(t, 0);
  const writer = new EmbeddedLogWriter(config);
  await writer.append([append('orders', 0, numbered(0, 10))]);
  await writer.append([append('orders', 0, numbered(10, 20))]);
  await writer.retain([{ ...ORDERS_0, offset: 20 }]);
  assert.deepEqual((await writer.extents())[0], { ...ORDERS_0, start: 10, end: 20 });
  await writer.close();
  const again = new EmbeddedLogWriter(config);
  assert.deepEqual(await again.append([append('orders', 0, ['next'])]), [20]);
  await again.close();
});

test('embedded log gives pages back to the disk after it has let go of much', async (t) => {
  const config = configOf(t, 100_000);
  const writer = new EmbeddedLogWriter(config);
  for (let batch = 0; batch < 60; batch++) await writer.append([append('orders', 0, noise(400, 800))]);
  const pages = () => {
    const database = new DatabaseSync(join(config.dataDir, 'log', 'p0.db'), { readOnly: true });
    const count = Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0] as number;
    database.close();
    return count;
  };
  const before = pages();
  for (let call = 0; call < 20; call++) await writer.retain([{ ...ORDERS_0, offset: 24_000 }]);
  assert.ok(pages() < before * 0.8, `${before} pages before, ${pages()} after`);
  await writer.close();
});

test('embedded log acknowledges nothing when one of its files fails, and goes on afterwards', async (t) => {
  const config = configOf(t);
  const writer = new EmbeddedLogWriter(config);
  changeRows(config.dataDir, 1, 'ALTER TABLE batch_1 RENAME TO away');
  const both = [append('orders', 0, ['a']), append('orders', 1, ['b'])];
  await assert.rejects(writer.append(both), { code: 'unavailable', message: /p1\.db/ });
  changeRows(config.dataDir, 1, 'ALTER TABLE away RENAME TO batch_1');
  const [first, second] = await writer.append(both);
  // The record of the file that did not fail is there twice: it was never acknowledged.
  assert.deepEqual([first, second], [1, 0]);
  const source = new EmbeddedLogSource(config);
  await source.seek([{ ...ORDERS_0, offset: 0 }]);
  assert.equal((await source.take(1000))?.count, 2);
  await source.close();
  await writer.close();
});

test('embedded log refuses a row that was damaged, with its file and offsets', async (t) => {
  const config = configOf(t);
  const writer = new EmbeddedLogWriter(config);
  await writer.append([append('orders', 0, numbered(0, 500, 60)), append('orders', 1, ['plain'])]);
  await writer.close();
  for (const partition of [0, 1])
    changeRows(
      config.dataDir,
      partition,
      "UPDATE batch_1 SET payload = CAST(substr(payload, 1, length(payload) - 3) || x'000000' AS BLOB)",
    );
  changeRows(config.dataDir, 1, 'UPDATE batch_1 SET count = 2');
  const source = new EmbeddedLogSource(config);
  for (const partition of [0, 1]) {
    await source.seek([{ topic: 'orders', partition, offset: 0 }]);
    await assert.rejects(source.take(1000), {
      code: 'data-mismatch',
      message: new RegExp(`p${partition}\\.db.*offset 0`),
    });
  }
  await source.close();
});

test('embedded log refuses files that are not its own', async (t) => {
  const config = configOf(t);
  await new EmbeddedLogWriter(config).close();
  const path = join(config.dataDir, 'log', 'p1.db');
  const mismatch = { code: 'data-mismatch', message: /p1\.db/ };
  changeRows(config.dataDir, 1, "UPDATE meta SET format = 'something else'");
  assert.throws(() => new EmbeddedLogWriter(config), mismatch);
  changeRows(config.dataDir, 1, 'DROP TABLE meta');
  assert.throws(() => new EmbeddedLogWriter(config), mismatch);
  writeFileSync(path, 'this is no database'.repeat(1000));
  assert.throws(() => new EmbeddedLogWriter(config), mismatch);
  const source = new EmbeddedLogSource(config);
  await assert.rejects(source.seek([{ topic: 'orders', partition: 1, offset: 0 }]), mismatch);
  await source.close();
});
