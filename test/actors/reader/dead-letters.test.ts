/** Dead letters on their way back into the log, over a real store: each is handed out once. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DeadLetters, type LetterStores } from '../../../actors/reader/dead-letters.ts';
import { AppError } from '../../../protocol/errors.ts';
import type { DeadLetter } from '../../../protocol/event.ts';
import type { Replay, ReplayFilter } from '../../../protocol/message.ts';
import { commitAfter, deadLetter, rawChunk } from '../../contracts/commits.ts';
import { noTurn, openArchiveStage } from '../history/archive-stage.ts';

const PLACE = { topic: 'orders', partition: 0 };
const RECORDS = ['{"half', '{"order_id":"o1"}', '[{"type":"order"},{"n":[1.5,"ç"]},{"type":"x"}]', '{"order_id":"o3"}'];

const LETTERS: readonly DeadLetter[] = [
  deadLetter(0, 100, { reason: 'not-json' }),
  deadLetter(0, 101, { reason: 'poison', attempts: 2, error: 'Error: odd' }),
  deadLetter(0, 102, { reason: 'bad-value', element: 1 }),
  deadLetter(0, 103, { reason: 'poison', attempts: 2, error: 'Error: odd' }),
];

async function filled(t: TestContext, zstd = false) {
  const stage = await openArchiveStage();
  t.after(() => stage.close());
  const raw = [chunk(100, 102, zstd), chunk(102, 104, zstd)];
  const commit = commitAfter(await stage.owner.open(PLACE), { raw, deadLetters: LETTERS, nextOffset: 104 });
  await stage.owner.commit([commit]);
  return { letters: lettersOf(stage), stage, commit };
}

function chunk(from: number, to: number, zstd = false) {
  const records = RECORDS.slice(from - 100, to - 100).map((text) => ({ text, orders: [] }));
  return rawChunk(from, records, { zstd });
}

const lettersOf = (stores: LetterStores, now = () => 5_000) => new DeadLetters(stores, { now, turn: noTurn });

const all: ReplayFilter = { limit: 100, again: false };
const texts = ({ records }: Replay) => records.map(({ bytes }) => new TextDecoder().decode(bytes));
const ids = ({ records }: Replay) => records.map(({ id }) => id);

test('dead letters are handed out with their bytes, in order, and none of them twice', async (t) => {
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
  const { letters, stage } = await filled(t);
  const named = { ...all, ids: ['orders:0:101'] };
  await letters.take(named);
  await letters.ended(['orders:0:101'], [200]);
  const later = lettersOf(stage, () => 6_000);
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
  const { letters, stage } = await filled(t);
  const named = { ...all, ids: ['orders:0:101'] };
  await letters.take(named);
  await letters.ended(['orders:0:101'], null);
  assert.deepEqual(ids(await letters.take(named)), ['orders:0:101']);
  // Whoever had it died before the log answered.
  const later = lettersOf(stage, () => 6_000);
  assert.match((await later.take(named)).refused[0]?.why ?? '', /nobody knows/);
  assert.deepEqual(ids(await later.take({ ...all, reason: 'poison' })), ['orders:0:103'], 'nor does a replay of many');
  assert.deepEqual(ids(await later.take({ ...named, again: true })), ['orders:0:101']);
});

test('dead letters whose records have moved to the archive are handed out from there, whatever batch they are in', async (t) => {
  const { letters, stage, commit } = await filled(t, true);
  await stage.archive(commit, 100, 102);
  await stage.archive(commit, 102, 104);
  await stage.letGo(commit, 104);
  const taken = await letters.take(all);
  assert.deepEqual(texts(taken), [RECORDS[0], RECORDS[1], '{"n":[1.5,"ç"]}', RECORDS[3]]);
  assert.deepEqual([taken.refused, taken.more], [[], false]);
  assert.ok(
    taken.records.every(({ bytes }) => bytes.length === bytes.buffer.byteLength),
    'they cross threads alone',
  );
  assert.deepEqual(await letters.take(all), { records: [], refused: [], more: false });
});

test('dead letters that are archived and let go of while a replay reads them are handed out all the same', async (t) => {
  const { stage, commit } = await filled(t);
  const { raw } = stage;
  let looks = 0;
  const moving: LetterStores['raw'] = {
    deadLettersIn: (...asked) => raw.deadLettersIn(...asked),
    raw: async (...asked) => {
      if (++looks === 2) {
        await stage.archive(commit, 100, 102);
        await stage.archive(commit, 102, 104);
        await stage.letGo(commit, 104);
      }
      return raw.raw(...asked);
    },
  };
  assert.deepEqual(texts(await lettersOf({ ...stage, raw: moving }).take(all)), [
    RECORDS[0],
    RECORDS[1],
    '{"n":[1.5,"ç"]}',
    RECORDS[3],
  ]);
});

/** The first two records are in the archive alone, which answers as the test says. */
async function halfArchived(t: TestContext, read: () => Promise<Uint8Array>) {
  const { stage, commit } = await filled(t);
  await stage.archive(commit, 100, 102);
  await stage.letGo(commit, 102);
  return { ...stage, files: { read } };
}

test('dead letters whose archive is away are refused unclaimed, and the others are handed out', async (t) => {
  let away = true;
  const stores = await halfArchived(t, async () => {
    if (away) throw new AppError('unavailable', 'Cannot read as the archive is away', { retryable: true });
    return new Uint8Array(0);
  });
  const letters = lettersOf(stores);
  const { records, refused, more } = await letters.take(all);
  assert.deepEqual(
    records.map(({ id }) => id),
    ['orders:0:102:1', 'orders:0:103'],
  );
  assert.deepEqual([refused.map(({ id }) => id), more], [['orders:0:100', 'orders:0:101'], false]);
  assert.match(refused[0]?.why ?? '', /cannot be taken from the archive: .* the archive is away$/);
  assert.deepEqual(
    (await letters.page({ limit: 10 })).items.map(({ replayedAt }) => replayedAt),
    [5_000, 5_000, null, null],
  );
  away = false;
  const damaged = await letters.take({ ...all, ids: ['orders:0:100'] });
  assert.match(damaged.refused[0]?.why ?? '', /cannot be taken from the archive/, 'nor what is damaged there');
});

test('dead letters are not claimed where reading them took too long for whoever asked', async (t) => {
  let now = 5_000;
  let slow = 16_000;
  const stores = await halfArchived(t, async () => {
    now += slow;
    throw new AppError('unavailable', 'Cannot read as the archive is away', { retryable: true });
  });
  const letters = lettersOf(stores, () => now);
  await assert.rejects(letters.take(all), /took too long: nothing was claimed/);
  const { items } = await letters.page({ limit: 10 });
  assert.ok(items.length === 4 && items.every(({ replayedAt }) => replayedAt === null));
  // Less long: what was read until then, and there are others.
  slow = 4_500;
  const { records, refused, more } = await letters.take(all);
  assert.deepEqual([records.length, refused.map(({ id }) => id), more], [0, ['orders:0:100'], true]);
});

test('dead letters whose record is nowhere any more are refused, and not claimed', async (t) => {
  const { letters, stage, commit } = await filled(t);
  await stage.letGo(commit, 104);
  const { records, refused } = await letters.take(all);
  assert.deepEqual([records, refused.length], [[], 4]);
  assert.match(refused[0]?.why ?? '', /neither in the hot store nor in the archive/);
  assert.deepEqual(
    (await letters.page({ limit: 10 })).items.map(({ replayedAt }) => replayedAt),
    [null, null, null, null],
  );
});
