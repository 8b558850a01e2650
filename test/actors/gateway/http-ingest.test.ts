import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuditEntry, Control } from '../../../actors/gateway/control.ts';
import { assertError, call, command } from './calls.ts';
import { runningTree, serve, tellStatus } from './served.ts';

test('gateway tells what an actor has handled last as the supervisor knows it', async (t) => {
  const served = await serve(t);
  tellStatus(served, runningTree());
  const reply = call(served, '/system/actors/consumer-0/messages');
  while (served.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [{ id, ...asked }] = served.told as [{ id: number }];
  assert.deepEqual(asked, { type: 'messages', actor: 'consumer-0' });
  const message = { epoch: 3, at: 1_000, type: 'batch', bytes: 412, ms: null, threw: false };
  served.gateway.state.control.done({ type: 'control-done', id, value: [message] });
  assert.deepEqual((await reply).json(), { items: [message], next_cursor: null });
  assertError(await call(served, '/system/actors/nobody/messages'), 404, 'not-found');
});

test('gateway says that ingest is paused wherever somebody may ask, until it is resumed', async (t) => {
  const served = await serve(t);
  const { status, view, control } = served.gateway.state;
  tellStatus(served, runningTree());
  const get = async (path: string) => (await call(served, path)).json();
  const missing = () => status.missing(view).filter((text) => text.includes('ingest'));
  assert.deepEqual([await get('/system/ingest'), missing()], [{ paused: null }, []]);
  const open = await get('/system/ingest/preview?command=pause');
  assert.deepEqual([open.possible, open.stops, open.waits.events], [true, [], status.lag(view)]);
  assert.match((await get('/system/ingest/preview?command=resume')).because, /not paused/);
  assertError(await call(served, '/system/ingest/preview'), 400, 'bad-parameter', 'command');
  assertError(await call(served, '/system/ingest/preview?command=stop'), 400, 'bad-parameter', 'command');

  const body = { reason: 'a drill', idempotency_key: 'p1' };
  const reply = command(served, '/system/ingest/pause', body);
  while (served.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [{ id, command: sent, entry }] = served.told as [{ id: number; command: unknown; entry: AuditEntry }];
  assert.deepEqual(sent, { ingest: 'pause', reason: 'a drill', key: 'p1' });
  const paused = { at: 1_700_000_000_000, reason: 'a drill' };
  status.toldIngest(paused, 2);
  control.done({ type: 'control-done', id, value: { paused_at: paused.at } });
  const answer = { accepted: true, ingest: 'pause', paused_at: paused.at };
  assert.deepEqual((await reply).json(), answer);
  assert.deepEqual((await command(served, '/system/ingest/pause', body)).json(), answer, 'known by its key');

  assert.deepEqual(await get('/system/ingest'), { paused });
  assert.match(missing()[0] ?? '', /^ingest is paused since 2023-11-14T22:13:20.000Z \(a drill\): what comes in waits/);
  const { summary } = await get('/system/tree');
  assert.deepEqual([summary.paused, summary.paused_at], [paused, paused.at]);
  assert.match((await call(served, '/metrics')).body, /^pulso_ingest_paused 1$/m);
  const alerts = (await get('/alerts')).items as { id: string; severity: string }[];
  assert.deepEqual(
    alerts.map(({ id: alert, severity }) => [alert, severity]),
    [['ingest-paused', 'warning']],
  );
  status.toldIngest(null, 3);
  assert.deepEqual([await get('/system/ingest'), missing(), (await get('/alerts')).items], [{ paused: null }, [], []]);

  const next = new Control({ self: 'gateway', epoch: 2, tell: () => assert.fail('carried out twice'), now: Date.now });
  next.remember([{ ...entry, outcome: 'accepted' }]);
  const again = await next.run({ ingest: 'pause', reason: 'a drill', key: 'p1' }, 'here');
  assert.deepEqual(again.value, { accepted: true, ingest: 'pause' });
});

test('gateway gives audit entries numbers that no later one gives again, and takes changes of what it knows', () => {
  let now = 5_000;
  const told: { id: number; entry: AuditEntry }[] = [];
  const control = (epoch: number) =>
    new Control({ self: 'gateway', epoch, tell: (body) => told.push(body as (typeof told)[number]), now: () => now });
  const first = control(1);
  for (const key of ['a', 'b']) first.run({ lanes: 2, reason: '', key }, 'here').catch(() => {});
  now = 6_000;
  const next = control(1);
  next.run({ lanes: 3, reason: '', key: 'c' }, 'here').catch(() => {});
  next.remember(told.slice(0, 2).map(({ entry }) => entry));
  assert.deepEqual(
    next.audit().map(({ id, outcome }) => [id, outcome]),
    [
      [6_000, 'pending'],
      [5_001, 'pending'],
      [5_000, 'pending'],
    ],
  );
  next.remember([{ ...(told[0] as (typeof told)[number]).entry, outcome: 'accepted' }]);
  assert.deepEqual(next.audit().at(-1)?.outcome, 'accepted');
  // Else their deadlines would be waited for.
  for (const { id } of told) for (const one of [first, next]) one.done({ type: 'control-done', id, value: {} });
});
