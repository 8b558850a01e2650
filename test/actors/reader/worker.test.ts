import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePartitionStore, prepareData } from '../../../actors/backends/choose.ts';
import { WindowState } from '../../../actors/kpi/window.ts';
import type { ReadWindow } from '../../../actors/ports/hot-store.ts';
import type { Answer, ReaderQuery } from '../../../protocol/message.ts';
import { commitAfter, deadLetter, orderJson, ordersChunk } from '../../contracts/commits.ts';
import { folderFor } from '../../system/folder.ts';
import { Stage } from '../stage.ts';

const ENTRY = new URL('../../../actors/reader/worker.ts', import.meta.url);
const T0 = 1_763_599_980_000;

test('reader answers every kind of question from the store, and refuses with a code', async (t) => {
  const folder = folderFor(t, 'reader');
  const backend = await prepareData({
    data: folder,
    group: 'pulso',
    partitions: 2,
    topics: ['orders'],
    logBytes: 1e9,
  });
  const order = { id: 'o1', time: T0, state: 'SP' };
  const window = new WindowState(T0);
  window.set('overall', [], [1, 1]);
  const store = await choosePartitionStore(backend);
  const commit = commitAfter(await store.open({ topic: 'orders', partition: 1 }), {
    nextOffset: 2,
    watermark: T0,
    windows: [{ start: T0, packed: window.pack() }],
    raw: [ordersChunk(0, [order])],
    deadLetters: [deadLetter(1, 1)],
  });
  await store.commit([commit]);
  await store.close();

  const stage = await Stage.up(folder, ENTRY, { backend, zone: 'America/Sao_Paulo' }, ['queries']);
  let id = 0;
  const ask = async (body: ReaderQuery | { kind: 'unknown' }): Promise<Answer> => {
    stage.say('queries', { type: 'ask', id: ++id, body });
    const answer = await stage.next<Answer>('queries');
    assert.equal(answer.id, id);
    return answer;
  };
  const answered = async <T>(body: ReaderQuery): Promise<T> => {
    const answer = await ask(body);
    assert.ok(answer.type === 'answer', JSON.stringify(answer));
    return answer.value as T;
  };

  const kpi = await answered<{ rows: unknown }>({
    kind: 'kpi',
    search: 'metrics=total_orders',
    watermark: T0,
    idle: [],
  });
  assert.deepEqual(kpi.rows, [[1]]);
  const page = await answered<{ items: { event: unknown }[] }>({ kind: 'orders', from: 0, to: T0 * 2, limit: 5 });
  assert.deepEqual(
    page.items.map(({ event }) => event),
    [orderJson(order)],
  );
  assert.equal((await answered<{ offset: number }>({ kind: 'order', id: 'o1' })).offset, 0);
  assert.equal(await answered({ kind: 'order', id: 'o2' }), undefined);
  assert.equal((await answered<{ items: unknown[] }>({ kind: 'dead-letters', limit: 5 })).items.length, 1);
  assert.ok((await answered<number>({ kind: 'hot-bytes' })) > 0);
  for (let repeat = 0; repeat < 2; repeat++) {
    const snapshot = await answered<{ windows: ReadWindow[] }>({ kind: 'snapshot', from: T0, to: T0 + 1 });
    assert.deepEqual(snapshot.windows[0]?.packed, window.pack());
  }

  const bad = await ask({ kind: 'orders', from: 0, to: 1, limit: 5, cursor: 'nonsense' });
  assert.ok(bad.type === 'refusal' && bad.error.code === 'bad-parameter' && bad.error.field === 'cursor');
  assert.equal((await ask({ kind: 'unknown' })).type, 'refusal');
});
