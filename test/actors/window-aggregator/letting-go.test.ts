/** The aggregator's thread lets go of what is archived, between its commits, when the archiver asks. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { prepareData } from '../../../actors/backends/choose.ts';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedRawReader } from '../../../actors/backends/store-embedded-raw.ts';
import type { TopicPartition } from '../../../protocol/event.ts';
import type { LetGo, LettingGo } from '../../../protocol/message.ts';
import { SupervisorTree } from '../../../supervisor/tree.ts';
import { commitAfter, ordersChunk } from '../../contracts/commits.ts';
import { endBeforeFolder, folderFor } from '../../system/folder.ts';
import { UNHURRIED } from '../stage.ts';

const ENTRY = new URL('../../../actors/window-aggregator/worker.ts', import.meta.url);
const ORDERS_0 = { topic: 'orders', partition: 0 };
const T0 = 1_763_600_000_000;
const CHUNKS = 300;

async function storeOf(t: TestContext) {
  const folder = folderFor(t, 'letting-go');
  const settings = { data: folder, group: 'pulso', partitions: 1, topics: ['orders'], logBytes: 1e9 };
  const backend = await prepareData(settings as Parameters<typeof prepareData>[0]);
  const store = new EmbeddedPartitionStore(backend);
  const raw = Array.from({ length: CHUNKS }, (_, index) => {
    return ordersChunk(
      index * 10,
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => order(index * 10 + at)),
    );
  });
  const windows = [T0, T0 + 60_000].map((start) => ({ start, packed: new Uint8Array(10) }));
  const state = await store.open(ORDERS_0);
  await store.commit([commitAfter(state, { nextOffset: CHUNKS * 10, raw, windows })]);
  await store.close();
  const input = { backend, latenessMs: 3_600_000, dedup: 0, commitMs: 25 };
  return { folder, backend, input };
}

const order = (at: number) => ({ id: `o${at}`, time: T0, state: 'SP' });

/** The aggregator, given partitions when it asks for them, with a relay in the archiver's place. */
async function stageUp(folder: string, input: unknown, partitions: readonly TopicPartition[]) {
  const heard: LettingGo[] = [];
  const waiting: ((message: LettingGo) => void)[] = [];
  const tree = new SupervisorTree({
    id: 'root',
    type: 'supervisor',
    children: [
      { ...UNHURRIED, id: 'aggregator', type: 'worker', entry: ENTRY, input },
      {
        ...UNHURRIED,
        id: 'archiver',
        type: 'worker',
        entry: new URL('../relay.ts', import.meta.url),
        input: { links: ['letting-go'] },
        links: [{ name: 'letting-go', to: 'aggregator' }],
      },
    ],
  });
  tree.onTell((id, _epoch, body) => {
    if (id === 'aggregator') {
      if ((body as { type: string }).type === 'assignment-wanted') tree.tell(id, { type: 'assign', partitions });
      return;
    }
    const { message } = body as { message: LettingGo | 'laid' };
    if (message === 'laid') return;
    const next = waiting.shift();
    if (next) next(message);
    else heard.push(message);
  });
  endBeforeFolder(folder, () => tree.stop());
  await tree.start();
  return {
    say: (message: LetGo) => tree.tell('archiver', { link: 'letting-go', message }),
    next: (): Promise<LettingGo> => {
      const first = heard.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
  };
}

test('aggregator tells what it owns, and lets go of raw events below an offset, slice by slice', async (t) => {
  const { folder, backend, input } = await storeOf(t);
  const stage = await stageUp(folder, input, [ORDERS_0]);
  let owned = await stage.next();
  // Before it was given any, it may have said so.
  if (owned.type === 'owns' && owned.partitions.length === 0) owned = await stage.next();
  assert.deepEqual(owned, { type: 'owns', partitions: [ORDERS_0] });
  stage.say({ type: 'let-go', id: 7, ...ORDERS_0, what: 'raw', before: 2_990 });
  assert.deepEqual(await stage.next(), { type: 'let-gone', id: 7, error: null });
  const reader = new EmbeddedRawReader(backend);
  const [extent] = await reader.rawExtents();
  assert.deepEqual([extent?.from, extent?.next, extent?.horizon], [2_990, 3_000, 2_990]);
  await reader.close();
  stage.say({ type: 'let-go', id: 8, ...ORDERS_0, what: 'windows', before: T0 + 60_000 });
  assert.deepEqual(await stage.next(), { type: 'let-gone', id: 8, error: null });
  const store = new EmbeddedPartitionStore(backend);
  assert.equal(await store.window(ORDERS_0, T0), undefined);
  assert.equal((await store.window(ORDERS_0, T0 + 60_000))?.length, 10);
  await store.close();
});

test('aggregator refuses to let go of what is not its own', async (t) => {
  const { folder, input } = await storeOf(t);
  const stage = await stageUp(folder, input, []);
  stage.say({ type: 'let-go', id: 1, ...ORDERS_0, what: 'raw', before: 10 });
  let answer = await stage.next();
  while (answer.type === 'owns') answer = await stage.next();
  assert.equal(answer.error?.code, 'fenced');
});
