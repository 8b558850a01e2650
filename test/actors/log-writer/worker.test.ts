import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLogSource, prepareData } from '../../../actors/backends/choose.ts';
import type { AppendReply, Doorbell } from '../../../protocol/message.ts';
import { append, numbered } from '../../contracts/event-log.ts';
import { folderFor } from '../../system/folder.ts';
import { Stage } from '../stage.ts';

const ENTRY = new URL('../../../actors/log-writer/worker.ts', import.meta.url);

test('log-writer answers when records are durable, rings for readers, and refuses broken frames alone', async (t) => {
  const folder = folderFor(t, 'log-writer');
  const backend = await prepareData({
    data: folder,
    group: 'pulso',
    partitions: 2,
    topics: ['orders'],
    logBytes: 1e9,
  });
  const stage = await Stage.up(folder, ENTRY, { backend }, ['appends', 'doorbell']);

  stage.say('appends', {
    type: 'append',
    id: 1,
    appends: [append('orders', 0, ['a', 'b']), append('orders', 1, ['c'])],
  });
  stage.say('appends', { type: 'append', id: 2, appends: [{ ...append('orders', 0, ['torn']), count: 9 }] });
  stage.say('appends', { type: 'append', id: 3, appends: [append('orders', 0, ['d'])] });
  const replies = [1, 2, 3].map(() => stage.next<AppendReply>('appends'));
  assert.deepEqual(await replies[0], { type: 'appended', id: 1, offsets: [0, 0] });
  const torn = await replies[1];
  assert.ok(torn?.type === 'append-failed' && torn.id === 2 && torn.error.code === 'bad-message');
  assert.deepEqual(await replies[2], { type: 'appended', id: 3, offsets: [2] });

  let rung = 0;
  while (rung < 3) {
    const { ends } = await stage.next<Doorbell>('doorbell');
    rung = ends.find(({ partition }) => partition === 0)?.offset ?? rung;
  }
  const source = await chooseLogSource(backend);
  await source.seek([{ topic: 'orders', partition: 0, offset: 0 }]);
  assert.equal((await source.take(1000))?.count, 3);
  await source.close();
});

test('log-writer goes on with the next offset after it was killed', async (t) => {
  const folder = folderFor(t, 'log-writer');
  const backend = await prepareData({
    data: folder,
    group: 'pulso',
    partitions: 1,
    topics: ['orders'],
    logBytes: 1e9,
  });
  const stage = await Stage.up(folder, ENTRY, { backend }, ['appends']);
  stage.say('appends', { type: 'append', id: 1, appends: [append('orders', 0, numbered(0, 10))] });
  await stage.next('appends');
  await stage.tree.command('actor', 'kill');
  assert.equal(await stage.next('appends'), 'laid');
  stage.say('appends', { type: 'append', id: 2, appends: [append('orders', 0, ['next'])] });
  assert.deepEqual(await stage.next('appends'), { type: 'appended', id: 2, offsets: [10] });
});

test('log-writer lets go of what was consumed once the log is over its size', async (t) => {
  const folder = folderFor(t, 'log-writer');
  const backend = await prepareData({
    data: folder,
    group: 'pulso',
    partitions: 1,
    topics: ['orders'],
    logBytes: 0,
  });
  const stage = await Stage.up(folder, ENTRY, { backend }, ['appends', 'doorbell']);
  for (const id of [0, 1]) {
    stage.say('appends', { type: 'append', id, appends: [append('orders', 0, numbered(0, 5))] });
    await stage.next('appends');
  }
  const position = { topic: 'orders', partition: 0, offset: 5 };
  stage.say('doorbell', { type: 'consumed', positions: [position] });
  const source = await chooseLogSource(backend);
  await source.seek([position]);
  // The writer tidies up once a second; how far it got is only to be seen in the log itself.
  for (let start = 0; start < 5; start = (await source.extents())[0]?.start ?? 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(await source.extents(), [{ topic: 'orders', partition: 0, start: 5, end: 10 }]);
  await source.close();
});
