/** `POST /dead-letters/replay`, with a reader and a log that the test plays. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AppError, toWireError } from '../../../protocol/errors.ts';
import { readFrames } from '../../../protocol/frames.ts';
import type { ReaderQuery, Replay } from '../../../protocol/message.ts';
import { assertError, call, command, json } from './calls.ts';
import { type Served, serve } from './served.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const REPLAY: Replay = {
  records: [
    { id: 'orders:0:7', topic: 'orders', partition: 0, bytes: bytes('a') },
    { id: 'clicks:1:3', topic: 'clicks', partition: 1, bytes: bytes('b') },
    { id: 'orders:0:9:2', topic: 'orders', partition: 0, bytes: bytes('c') },
  ],
  refused: [{ id: 'orders:0:8', why: 'its record stands in the archive' }],
  more: true,
};

async function served(t: TestContext, replay: Replay = REPLAY): Promise<Served> {
  const gateway = await serve(t);
  gateway.answer = ({ kind }) => (kind === 'replay-letters' ? replay : null);
  gateway.append = ({ id, appends }) => ({ type: 'appended', id, offsets: appends.map((_, at) => 100 * (at + 1)) });
  return gateway;
}

const asked = ({ queries }: Served, kind: ReaderQuery['kind']) => queries.filter((query) => query.kind === kind);

test('replay appends the records to their topic-partitions and says where to', async (t) => {
  const gateway = await served(t);
  const reply = await command(gateway, '/dead-letters/replay', { reason: 'poison', note: 'fixed', limit: 3 });
  assert.equal(reply.status, 200, reply.body);
  const { accepted, replayed, items, refused, more } = reply.json();
  assert.deepEqual([accepted, replayed, refused, more], [true, 3, REPLAY.refused, true]);
  assert.deepEqual(items, [
    { id: 'orders:0:7', topic: 'orders', partition: 0, offset: 100 },
    { id: 'orders:0:9:2', topic: 'orders', partition: 0, offset: 101 },
    { id: 'clicks:1:3', topic: 'clicks', partition: 1, offset: 200 },
  ]);
  const { appends } = gateway.appends[0] as Served['appends'][number];
  const told = appends.map(({ topic, partition, count, frames }) => {
    const records = [...readFrames(frames)].map(({ start, end, at }) => [frames.slice(start, end).toString(), at]);
    return [topic, partition, count, records];
  });
  assert.deepEqual(told, [
    [
      'orders',
      0,
      2,
      [
        ['97', 0],
        ['99', 0],
      ],
    ],
    ['clicks', 1, 1, [['98', 0]]],
  ]);
  const [query] = asked(gateway, 'replay-letters');
  assert.equal(
    JSON.stringify(query),
    JSON.stringify({ kind: 'replay-letters', reason: 'poison', limit: 3, again: false }),
  );
  assert.deepEqual(asked(gateway, 'letters-replayed'), [
    { kind: 'letters-replayed', ids: ['orders:0:7', 'orders:0:9:2', 'clicks:1:3'], offsets: [100, 101, 200] },
  ]);
});

test('replay needs the token, is carried out once a key, and stands in the audit', async (t) => {
  const gateway = await served(t);
  const path = '/dead-letters/replay';
  assertError(await call(gateway, path, { method: 'POST', headers: json, body: '{}' }), 401, 'unauthorized');
  const body = { idempotency_key: 'k1', note: 'mended', ids: ['orders:0:7'] };
  for (let repeat = 0; repeat < 2; repeat++) assert.equal((await command(gateway, path, body)).json().replayed, 3);
  assert.equal(gateway.appends.length, 1);
  assertError(await command(gateway, path, { ...body, ids: ['orders:0:8'] }), 409, 'conflict', 'idempotency_key');
  const [entry] = (await call(gateway, '/system/audit')).json().items;
  assert.deepEqual([entry.command, entry.reason, entry.outcome], ['replay', 'mended', 'accepted']);
  assert.deepEqual(JSON.parse(entry.replay).ids, ['orders:0:7']);
});

test('replay refuses what it cannot understand, by field', async (t) => {
  const gateway = await served(t);
  const wrong: [unknown, string][] = [
    [{ reason: 'because' }, 'reason'],
    [{ reasons: 'poison' }, 'reasons'],
    [{ ids: [] }, 'ids'],
    [{ ids: ['orders'] }, 'ids'],
    [{ limit: 1_001 }, 'limit'],
    [{ from: 'yesterday' }, 'from'],
    [{ note: 5 }, 'note'],
  ];
  for (const [body, field] of wrong)
    assertError(await command(gateway, '/dead-letters/replay', body), 400, 'bad-parameter', field);
  assert.equal(asked(gateway, 'replay-letters').length, 0);
});

test('replay gives back what the log has refused, and leaves in doubt what it never answered', async (t) => {
  const gateway = await served(t);
  const refusal = new AppError('too-many-requests', 'Cannot append as too much waits', { retryable: true });
  gateway.append = ({ id }) => ({ type: 'append-failed', id, error: toWireError(refusal) });
  assertError(await command(gateway, '/dead-letters/replay', {}), 429, 'too-many-requests');
  const [released] = asked(gateway, 'letters-replayed');
  assert.deepEqual(released, {
    kind: 'letters-replayed',
    ids: ['orders:0:7', 'orders:0:9:2', 'clicks:1:3'],
    offsets: null,
  });
  // The log-writer dies with the request in its hands.
  gateway.append = () => {
    queueMicrotask(() => gateway.gateway.state.log.connect(undefined));
    return undefined;
  };
  assertError(await command(gateway, '/dead-letters/replay', {}), 503, 'unavailable');
  assert.equal(asked(gateway, 'letters-replayed').length, 1);
  // And is away: nothing is claimed for nothing.
  const claimed = asked(gateway, 'replay-letters').length;
  assertError(await command(gateway, '/dead-letters/replay', {}), 503, 'unavailable');
  assert.equal(asked(gateway, 'replay-letters').length, claimed);
});

test('replay of nothing appends nothing', async (t) => {
  const gateway = await served(t, { records: [], refused: [], more: false });
  const { replayed, items } = (await command(gateway, '/dead-letters/replay', {})).json();
  assert.deepEqual([replayed, items, gateway.appends.length], [0, [], 0]);
});
