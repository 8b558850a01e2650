/** The archiver on embedded backends: the budget, every way of failing, and kill -9 at each of its calls to the outside. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checksumOf } from '../../../actors/archive/write-batch.ts';
import { LocalArchiveFiles } from '../../../actors/backends/archive-local.ts';
import { EmbeddedArchiveManifest } from '../../../actors/backends/store-embedded-manifest.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';
import { corpusOf } from '../archive/corpus.ts';
import { watched } from './faults.ts';
import { assertClean, assertWhole, fill, open, shopIn, workOff } from './shop.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
const small = corpusOf({ events: 700, seed: 11 });
const tiny = corpusOf({ events: 150, seed: 12 });
const LARGE_BUDGET = 1e12;

async function shopOf(t: TestContext, corpus = small) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const shop = shopIn(join(folder.path, 'data'));
  await fill(shop, corpus);
  return { shop, folder: folder.path };
}

test('archiver leaves a store within its budget alone', async (t) => {
  const { shop } = await shopOf(t);
  const { archiver, changes, close } = await open(shop, LARGE_BUDGET);
  assert.equal(await workOff(archiver), 0);
  assert.deepEqual(changes, []);
  assert.ok(archiver.hotBytes > 10_000);
  await close();
});

test('archiver moves the oldest events out until the rest fits the budget, through all states in order', async (t) => {
  const { shop } = await shopOf(t);
  const before = await open(shop, LARGE_BUDGET);
  await before.archiver.work();
  const budget = Math.floor(before.archiver.hotBytes / 2);
  await before.close();
  const { archiver, changes, close } = await open(shop, budget);
  await workOff(archiver);
  assert.ok(archiver.hotBytes <= budget, `${archiver.hotBytes} of ${budget}`);
  assert.ok(archiver.hotBytes > budget * 0.5, 'no more than was needed, but for a chunk');
  const states = changes.filter(({ id }) => id === changes[0]?.id).map(({ state }) => state);
  assert.deepEqual(states, ['PLANNED', 'WRITTEN', 'VERIFIED', 'COMMITTED', 'DELETED']);
  assert.equal(changes[0]?.fromOffset, 0);
  await close();
  const { batches } = await assertWhole(shop, small);
  assert.ok(batches.every(({ state }) => state === 'DELETED'));
  await assertClean(shop);
});

test('archiver takes everything when a person wants it, and says when that is done', async (t) => {
  const { shop } = await shopOf(t);
  const { archiver, ports, close } = await open(shop, LARGE_BUDGET);
  const wanted = await archiver.wantAll();
  assert.equal(wanted.records, small.end);
  assert.equal(ports.wanted.any, true);
  await workOff(archiver);
  assert.equal(ports.wanted.any, false);
  assert.equal(archiver.hotBytes, 0);
  await close();
  const { batches } = await assertWhole(shop, small);
  const orders = batches.reduce((sum, batch) => sum + batch.orders, 0);
  assert.equal(orders, small.model.orders.length);
  await assertClean(shop);
});

test('archiver touches nothing of partitions that are another process’s, and what a person wants of them the other does', async (t) => {
  const { shop } = await shopOf(t);
  const here = await open(shop, 1);
  here.archiver.own([]);
  assert.equal((await here.archiver.wantAll()).records, small.end);
  assert.equal(await workOff(here.archiver), 0);
  assert.deepEqual(here.changes, []);
  const there = await open(shop, LARGE_BUDGET);
  assert.ok((await workOff(there.archiver)) > 0);
  assert.equal(here.ports.wanted.any, true);
  await workOff(here.archiver);
  assert.equal(here.ports.wanted.any, false);
  for (const each of [here, there]) await each.close();
  const { batches } = await assertWhole(shop, small);
  assert.equal(batches.at(-1)?.toOffset, small.end);
});

test('archiver goes on with what a person wanted of one that died before it was done', async (t) => {
  const { shop } = await shopOf(t);
  const first = await open(shop, LARGE_BUDGET);
  await first.archiver.wantAll();
  await first.close();
  const second = await open(shop, LARGE_BUDGET);
  await workOff(second.archiver);
  assert.equal(second.archiver.hotBytes, 0);
  await second.close();
  await assertWhole(shop, small);
});

test('archiver goes on after a failure of every single call, with each record in one place all the while', async (t) => {
  const { shop } = await shopOf(t, tiny);
  let now = 0;
  for (let failing = 1; ; failing++) {
    let calls = 0;
    const { archiver, close } = await open(shop, LARGE_BUDGET, (ports) => {
      const before = () => {
        if (++calls === failing) throw new Error('the outside is away');
      };
      return { ...watched(ports, { before, during: () => {}, after: () => {} }), now: () => now };
    });
    await attempt(archiver.wantAll());
    for (let tries = 0; tries < 30; tries++) {
      // Long enough for every wait after a failure.
      now += 1_000_000;
      await attempt(archiver.work());
    }
    await close();
    await assertWhole(shop, tiny);
    if (calls < failing || failing > 300) break;
  }
  const { archiver, close } = await open(shop, LARGE_BUDGET);
  await archiver.wantAll();
  await workOff(archiver);
  await close();
  await assertWhole(shop, tiny);
  await assertClean(shop);
});

async function attempt(work: Promise<unknown>): Promise<void> {
  await work.catch((thrown: unknown) => assert.match(String(thrown), /the outside is away/));
}

test('archiver waits longer after each failure of a batch, and says what failed', async (t) => {
  const { shop } = await shopOf(t);
  let now = 1_000;
  const before = (name: string) => {
    if (name === 'files.write') throw new Error('the disk is full');
  };
  const { archiver, changes, close } = await open(shop, LARGE_BUDGET, (ports) => {
    return { ...watched(ports, { before, during: () => {}, after: () => {} }), now: () => now };
  });
  await archiver.wantAll();
  const waits: number[] = [];
  for (let failure = 0; failure < 4; failure++) {
    const from = now;
    while (changes.filter(({ state }) => state === 'FAILED').length <= failure) {
      if (!(await archiver.work())) now += 100;
    }
    waits.push(now - from);
  }
  assert.deepEqual(waits, [0, 1_000, 2_000, 4_000]);
  const last = changes.at(-1);
  assert.match(last?.error ?? '', /the disk is full/);
  assert.equal(last?.attempts, 4);
  await close();
  await assertWhole(shop, small);
});

test('archiver publishes anew over what a former attempt of the same batch has left under its name', async (t) => {
  const { shop } = await shopOf(t);
  const files = new LocalArchiveFiles(join(shop.dataDir, 'archive'));
  const first = await open(shop, LARGE_BUDGET);
  await first.archiver.wantAll();
  for (let step = 0; step < 3; step++) await first.archiver.work();
  const verified = first.changes.at(-1);
  assert.equal(verified?.state, 'VERIFIED');
  await first.close();
  const path = `orders/order_date=${verified?.files[0]?.orderDate}/part-${verified?.id}.parquet`;
  await files.write(path, new Uint8Array(10));
  const second = await open(shop, LARGE_BUDGET);
  await workOff(second.archiver);
  await second.close();
  const committed = await manifestOf(shop.dataDir, verified?.id as string);
  assert.equal(committed?.state, 'DELETED');
  for (const file of committed?.files ?? []) assert.equal(checksumOf(await files.read(file.path)), file.checksum);
  await assertWhole(shop, small);
});

test('archiver removes temporary files that no batch claims, and none that one does', async (t) => {
  const { shop } = await shopOf(t);
  const files = new LocalArchiveFiles(join(shop.dataDir, 'archive'));
  const first = await open(shop, LARGE_BUDGET);
  await first.archiver.wantAll();
  for (let step = 0; step < 2; step++) await first.archiver.work();
  assert.equal(first.changes.at(-1)?.state, 'WRITTEN');
  await first.close();
  const left = [
    '_tmp/x1..orders..order_date=2026-01-01..part-orders-0-000000000000.parquet',
    '_tmp/x2..raw..part-orders-0-000000000777-0.ndjson.zst',
  ];
  const foreign = '_tmp/x3..orders..part-orders-1-000000000000.parquet';
  for (const path of [...left, foreign]) await files.write(path, new Uint8Array(1));
  const second = await open(shop, LARGE_BUDGET);
  await second.archiver.work();
  assert.equal(second.changes.at(-1)?.state, 'VERIFIED', 'it went on with what was written');
  for (const path of left) assert.equal(await files.stat(path), undefined);
  assert.ok((await files.stat(foreign)) !== undefined, 'another partition may be another process’s');
  await second.close();
});

test('archiver of whom another takes over in the middle of a batch changes nothing more', async (t) => {
  const { shop } = await shopOf(t);
  const zombie = await open(shop, LARGE_BUDGET);
  await zombie.archiver.wantAll();
  for (let step = 0; step < 3; step++) await zombie.archiver.work();
  const stale = zombie.changes.at(-1);
  assert.equal(stale?.state, 'VERIFIED');
  const successor = await open(shop, LARGE_BUDGET);
  await successor.archiver.wantAll();
  await workOff(successor.archiver);
  const { takeStep } = await import('../../../actors/archiver/steps.ts');
  if (stale !== undefined) assert.equal((await takeStep(stale, zombie.ports)).state, 'DELETED');
  await zombie.close();
  await successor.close();
  await assertWhole(shop, small);
  await assertClean(shop);
});

/** Real processes: each killed in the middle of its n-th call or right after it, the next begins with what is there. */
test('archiver killed -9 at every call that changes something loses and doubles nothing', {
  timeout: 300_000,
}, async (t) => {
  const { shop, folder } = await shopOf(t, tiny);
  const filled = join(folder, 'filled');
  cpSync(shop.dataDir, filled, { recursive: true });
  let killed = 0;
  for (const when of ['during', 'after'] as const) {
    for (let at = 1; ; at++) {
      const copy = shopIn(join(folder, `${when}-${at}`));
      cpSync(filled, copy.dataDir, { recursive: true });
      if ((await runChild(copy.dataDir, at, when)) === 0) break;
      killed++;
      // Some successors are killed too, somewhere in what they have to do again.
      if (at % 3 === 0) await runChild(copy.dataDir, (at % 5) + 1, when);
      await assertWhole(copy, tiny);
      const last = await open(copy, LARGE_BUDGET);
      await last.archiver.wantAll();
      await workOff(last.archiver);
      await last.close();
      const { batches } = await assertWhole(copy, tiny);
      assert.equal(
        batches.reduce((sum, { records }) => sum + records, 0),
        tiny.end,
      );
      await assertClean(copy);
    }
  }
  assert.ok(killed > 15, `${killed} kills`);
});

/** 0 when it came to its end, -1 when it was killed. */
async function runChild(dataDir: string, at: number, when: string): Promise<number> {
  const runtime = 'Deno' in globalThis ? ['run', '-A', '--no-check'] : [];
  const child = spawn(process.execPath, [...runtime, CHILD, dataDir, String(LARGE_BUDGET), String(at), when], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  assert.ok(code === 0 || signal === 'SIGKILL' || code === 137, `child ended with ${code} ${signal}`);
  return code === 0 ? 0 : -1;
}

async function manifestOf(dataDir: string, id: string) {
  const manifest = new EmbeddedArchiveManifest(dataDir);
  const found = await manifest.get(id);
  await manifest.close();
  return found;
}
