/** Dead letters on their way back into the log, over a real store: each is handed out once. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../../actors/backends/store-embedded-facts.ts';
import { EmbeddedRawReader } from '../../../actors/backends/store-embedded-raw.ts';
import { EmbeddedStoreReader } from '../../../actors/backends/store-embedded-reader.ts';
import { prepareStore } from '../../../actors/backends/store-embedded-schema.ts';
import { DeadLetters } from '../../../actors/reader/dead-letters.ts';
import type { DeadLetter } from '../../../protocol/event.ts';
import type { Replay, ReplayFilter } from '../../../protocol/message.ts';
import { commitAfter, deadLetter, rawChunk } from '../../contracts/commits.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const PLACE = { topic: 'orders', partition: 0 };
const RECORDS = ['{"half', '{"order_id":"o1"}', '[{"type":"order"},{"n":[1.5,"ç"]},{"type":"x"}]', '{"order_id":"o3"}'];

const LETTERS: readonly DeadLetter[] = [
  deadLetter(0, 100, { reason: 'not-json' }),
  deadLetter(0, 101, { reason: 'poison', attempts: 2, error: 'Error: odd' }),
  deadLetter(0, 102, { reason: 'bad-value', element: 1 }),
  deadLetter(0, 103, { reason: 'poison', attempts: 2, error: 'Error: odd' }),
];

async function filled(t: TestContext, zstd = false) {
  const folder = temporaryFolder();
  const config = { dataDir: folder.path, partitions: 1, topics: ['orders'] };
  prepareStore(config);
  const store = new EmbeddedPartitionStore(config);
  const parts = {
    store: new EmbeddedStoreReader(config),
    raw: new EmbeddedRawReader(config),
    facts: new EmbeddedFactStore(folder.path),
  };
  t.after(async () => {
    for (const part of [store, ...Object.values(parts)]) await part.close();
    folder.remove();
  });
  const raw = [
    rawChunk(
      100,
      RECORDS.map((text) => ({ text, orders: [] })),
      { zstd },
    ),
  ];
  const commit = commitAfter(await store.open(PLACE), { raw, deadLetters: LETTERS, nextOffset: 104 });
  await store.commit([commit]);
  return { letters: new DeadLetters(parts, () => 5_000), store, commit, parts };
}

const all: ReplayFilter = { limit: 100, again: false };
const texts = ({ records }: Replay) => records.map(({ bytes }) => new TextDecoder().decode(bytes));
const ids = ({ records }: Replay) => records.map(({ id }) => id);

test('dead letters are handed out with their bytes, oldest first, and none of them twice', async (t) => {
  for (const zstd of [false, true]) {
    const { letters } = await filled(t, zstd);
    const taken = await letters.take(all);
    assert.deepEqual(texts(taken), [RECORDS[0], RECORDS[1], '{"n":[1.5,"ç"]}', RECORDS[3]], 'of an array the element');
    assert.deepEqual(ids(taken), ['orders:0:100', 'orders:0:101', 'orders:0:102:1', 'orders:0:103']);
    assert.deepEqual([taken.refused, taken.more], [[], false]);
    assert.deepEqual(await letters.take(all), { records: [], refused: [], more: false });
  }
});

test('dead letters are chosen by reason, time, number and name', async (t) => {
  const { letters } = await filled(t);
  const [first, second] = LETTERS.map(({ at }) => at) as [number, number];
  const named = await letters.take({ ...all, ids: ['orders:0:102:1', 'orders:0:102', 'orders:7:1', 'nowhere:0:1'] });
  assert.deepEqual(ids(named), ['orders:0:102:1']);
  assert.deepEqual(
    named.refused.map(({ id, why }) => [id, why]),
    ['orders:0:102', 'orders:7:1', 'nowhere:0:1'].map((id) => [id, 'there is no such dead letter']),
  );
  assert.deepEqual(ids(await letters.take({ ...all, from: first, to: second })), ['orders:0:100']);
  const one = await letters.take({ ...all, reason: 'poison', limit: 1 });
  assert.deepEqual([ids(one), one.more], [['orders:0:103'], true], 'the newest, and there are others');
  assert.deepEqual(ids(await letters.take({ ...all, reason: 'poison' })), ['orders:0:101']);
});

test('dead letters say whether and where to they were replayed, after any restart', async (t) => {
  const { letters, parts } = await filled(t);
  const named = { ...all, ids: ['orders:0:101'] };
  await letters.take(named);
  await letters.ended(['orders:0:101'], [200]);
  const later = new DeadLetters(parts, () => 6_000);
  const { items } = await later.page({ limit: 10, reason: 'poison' });
  assert.deepEqual(
    items.map(({ id, attempts, error, replayedAt, replayedTo }) => [id, attempts, error, replayedAt, replayedTo]),
    [
      ['orders:0:103', 2, 'Error: odd', null, null],
      ['orders:0:101', 2, 'Error: odd', 5_000, 200],
    ],
  );
  for (const again of [false, true]) {
    const { records, refused } = await later.take({ ...named, again });
    assert.deepEqual([records, refused], [[], [{ id: 'orders:0:101', why: 'it was replayed to offset 200 already' }]]);
  }
});

test('dead letters whose replay came to nothing are free again; where nobody knows, only who says so gets them', async (t) => {
  const { letters, parts } = await filled(t);
  const named = { ...all, ids: ['orders:0:101'] };
  await letters.take(named);
  await letters.ended(['orders:0:101'], null);
  assert.deepEqual(ids(await letters.take(named)), ['orders:0:101']);
  // Whoever had it died before the log answered.
  const later = new DeadLetters(parts, () => 6_000);
  assert.match((await later.take(named)).refused[0]?.why ?? '', /nobody knows/);
  assert.deepEqual(ids(await later.take({ ...all, reason: 'poison' })), ['orders:0:103'], 'nor does a replay of many');
  assert.deepEqual(ids(await later.take({ ...named, again: true })), ['orders:0:101']);
});

test('dead letters whose record is archived are refused, and not claimed', async (t) => {
  const { letters, store, commit } = await filled(t);
  while (!(await store.dropRaw(commit, 104)));
  const { records, refused } = await letters.take(all);
  assert.deepEqual(records, []);
  assert.equal(refused.length, 4);
  assert.match(refused[0]?.why ?? '', /stands in the archive/);
  assert.deepEqual(
    (await letters.page({ limit: 10 })).items.map(({ replayedAt }) => replayedAt),
    [null, null, null, null],
  );
});
