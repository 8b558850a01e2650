/** The archive over HTTP, WebSocket channel and metrics, with an archiver made by the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArchiveProjection } from '../../../actors/gateway/channels/archive.ts';
import { Channel } from '../../../actors/gateway/channels/channel.ts';
import { AppError, toWireError } from '../../../protocol/errors.ts';
import type { ArchiveChanged, ArchiveQuery, ArchiveStatus, Ask } from '../../../protocol/message.ts';
import { assertError, call, command } from './calls.ts';
import { type Served, serve } from './served.ts';

const STATUS: ArchiveStatus = {
  hot_bytes: 123,
  budget: 300,
  states: { PLANNED: 1, DELETED: 2 },
  records: 10,
  rows: 12,
  bytes: 999,
  running: false,
  last_error: null,
  last_error_at: null,
};

function batch(id: string, plannedAt: number, state = 'DELETED'): ArchiveChanged['batches'][number] {
  const counts = { records: 5, orders: 4, rows: 6, bytes: 100, from: 1, to: 2, attempts: 0, error: null };
  const times = { planned_at: plannedAt, verified_at: 1, committed_at: 1, deleted_at: null };
  return {
    id,
    kind: 'events',
    state,
    topic: 'orders',
    partition: 0,
    from_offset: 0,
    to_offset: 5,
    ...counts,
    ...times,
  };
}

/** Connects an archiver that answers so. */
function archiver(served: Served, answer: (query: ArchiveQuery) => unknown): ArchiveQuery[] {
  const asked: ArchiveQuery[] = [];
  const { archive } = served.gateway.state;
  archive.connect({
    postMessage: (message) => {
      const { id, body } = message as Ask<ArchiveQuery>;
      asked.push(body);
      try {
        archive.receive({ type: 'answer', id, value: answer(body) });
      } catch (thrown) {
        archive.receive({ type: 'refusal', id, error: toWireError(thrown) });
      }
    },
  });
  return asked;
}

test('archive batches are listed in pages, and shown singly', async (t) => {
  const served = await serve(t);
  const shown = { ...batch('orders-0-000000000000', 7), sums: {}, files: [] };
  const asked = archiver(served, (query) => {
    if (query.kind === 'batches') return { items: [shown], next: 'more' };
    return query.kind === 'batch' && query.id === shown.id ? shown : null;
  });
  const listed = await call(served, '/archive/batches?limit=1&cursor=abc');
  assert.deepEqual(listed.json(), { items: [shown], next_cursor: 'more' });
  assert.deepEqual(asked, [{ kind: 'batches', limit: 1, cursor: 'abc' }]);
  assert.deepEqual((await call(served, `/archive/batches/${shown.id}`)).json(), shown);
  assertError(await call(served, '/archive/batches/none'), 404, 'not-found');
  assertError(await call(served, '/archive/batches?limit=0'), 400, 'bad-parameter', 'limit');
  assertError(await call(served, '/archive/batches?odd=1'), 400, 'bad-parameter', 'odd');
});

test('archive run is a command: it needs the token, is carried out once a key, and stands in the audit list', async (t) => {
  const served = await serve(t);
  const asked = archiver(served, () => ({ records: 5, bytes: 100 }));
  assertError(await command(served, '/archive/run', {}, { authorization: 'Bearer wrong' }), 401, 'unauthorized');
  const body = { reason: 'tonight', idempotency_key: 'k1' };
  const first = await command(served, '/archive/run', body);
  assert.equal(first.status, 202);
  assert.deepEqual(first.json(), { accepted: true, job: 'archive', records: 5, bytes: 100 });
  assert.deepEqual((await command(served, '/archive/run', body)).json(), first.json());
  assert.equal(asked.filter(({ kind }) => kind === 'run').length, 1);
  const [entry] = (await call(served, '/system/audit')).json().items;
  assert.equal(entry.reason, 'tonight');
  assert.equal(entry.outcome, 'accepted');
});

test('archive routes pass on what the archiver refuses, and say when it is away', async (t) => {
  const served = await serve(t);
  assertError(await call(served, '/archive/status'), 503, 'unavailable');
  archiver(served, () => {
    throw new AppError('unavailable', 'Cannot read the manifest as the store is away');
  });
  assertError(await call(served, '/archive/batches'), 503, 'unavailable');
});

test('archive status stands in the metrics', async (t) => {
  const served = await serve(t);
  const { archive } = served.gateway.state;
  assert.doesNotMatch((await call(served, '/metrics')).body, /pulso_archive/);
  archive.receive({ type: 'archive-changed', status: { ...STATUS, last_error: 'why' }, batches: [] });
  const { body } = await call(served, '/metrics');
  assert.match(body, /^pulso_archive_batches\{state="DELETED"\} 2$/m);
  assert.match(body, /^pulso_hot_budget_bytes 300$/m);
  assert.match(body, /^pulso_archive_rows_total 12$/m);
  assert.match(body, /^pulso_archive_failing 1$/m);
});

test('archive channel shows how the archive stands and its newest batches, and forgets the others', () => {
  const channel = new Channel('archive');
  const projection = new ArchiveProjection();
  let fresh = Array.from({ length: 60 }, (_, index) => batch(`orders-0-${String(index).padStart(12, '0')}`, index));
  const source = { status: STATUS, takeFresh: () => fresh.splice(0) };
  projection.project(source, channel);
  assert.equal(channel.get('store/hot_bytes'), 123);
  assert.equal(channel.get('store/states/DELETED'), 2);
  assert.equal(channel.get('orders-0-000000000059/state'), 'DELETED');
  assert.equal(channel.get('orders-0-000000000009/state'), undefined);
  const ids = new Set([...channel.keys()].map((key) => key.split('/')[0]));
  assert.equal(ids.size, 51);
  fresh = [batch('orders-0-000000000059', 59, 'COMMITTED')];
  projection.project(source, channel);
  assert.equal(channel.get('orders-0-000000000059/state'), 'COMMITTED');
});
