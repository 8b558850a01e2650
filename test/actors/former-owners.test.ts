/** A real zombie that goes on committing and appending: the store and the log refuse it, and that counts. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedLogSource } from '../../actors/backends/event-log-embedded-source.ts';
import { EmbeddedPartitionStore } from '../../actors/backends/store-embedded.ts';
import { readFrames } from '../../protocol/frames.ts';
import { threadSpawner } from '../../supervisor/spawn.ts';
import { SupervisorTree } from '../../supervisor/tree.ts';
import { temporaryFolder } from '../contracts/temporary-folder.ts';
import type { FormerOwnerInput } from './former-owner.ts';
import { UNHURRIED } from './stage.ts';

type Told = { readonly write: number; readonly commit: string; readonly append: string };

test('zombie that goes on committing and appending is refused by store and log, and its successor is not disturbed', async (t) => {
  const folder = temporaryFolder();
  const input: FormerOwnerInput = { dataDir: folder.path, partitions: 1, topics: ['orders'], logBytes: 1e9 };
  const zombies: (() => void)[] = [];
  const spawn: typeof threadSpawner = {
    ...threadSpawner,
    thread(entry, order, events) {
      const thread = threadSpawner.thread(entry, order, events);
      if (order.epoch > 1) return thread;
      zombies.push(() => thread.terminate());
      return { ...thread, terminate: () => {} };
    },
  };
  const entry = new URL('./former-owner.ts', import.meta.url);
  const tree = new SupervisorTree(
    { id: 'root', type: 'supervisor', children: [{ ...UNHURRIED, id: 'owner', type: 'worker', entry, input }] },
    { spawn },
  );
  const told: (Told & { readonly epoch: number })[] = [];
  tree.onTell((_id, epoch, body) => told.push({ ...(body as Told), epoch }));
  t.after(async () => {
    for (const end of zombies) end();
    await tree.stop(1_000);
    folder.remove();
  });
  await tree.start();
  const writesOf = (epoch: number) => told.filter((one) => one.epoch === epoch);
  while (writesOf(1).length < 3) await sleep(10);
  await tree.command('owner', 'kill');
  while (writesOf(2).length < 20) await sleep(10);
  // Of each of the zombie's turns three things come too late: the commit, the append, and the word of it.
  while (tree.status().fenced <= 10 && writesOf(2).length < 500) await sleep(10);

  for (const { commit, append } of told) assert.deepEqual([commit, append], ['done', 'done']);
  const { fenced, zombies: left } = tree.status();
  assert.equal(left, 1);
  assert.ok(fenced > 10, `${fenced} attempts were refused`);
  for (const end of zombies) end();
  await tree.stop();

  const store = new EmbeddedPartitionStore(input);
  const { epoch } = await store.open({ topic: 'orders', partition: 0 });
  await store.close();
  assert.equal(epoch, 3);
  const source = new EmbeddedLogSource(input);
  await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
  const { frames } = (await source.take(1e6)) ?? assert.fail('nothing in the log');
  await source.close();
  const writers = [...readFrames(frames)].map(({ start, end }) =>
    new TextDecoder().decode(frames.subarray(start, end)),
  );
  const first = writers.indexOf('{"by":2}');
  assert.ok(first >= 3);
  assert.deepEqual(new Set(writers.slice(first)), new Set(['{"by":2}']));
});
