import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertError, bearer, call, command } from './calls.ts';
import { connectLane, runningTree, serve, tellStatus } from './served.ts';

test('gateway sends commands to the supervisor, once a key, and keeps an audit', async (t) => {
  const served = await serve(t);
  const { control } = served.gateway.state;
  const sent = () => served.told as { id: number; command: Record<string, unknown> }[];
  const settle = async (outcome: { value: unknown } | { error: { code: 'conflict'; message: string } }) => {
    const count = sent().length;
    while (sent().length === count) await new Promise((resolve) => setImmediate(resolve));
    control.done({ type: 'control-done', id: sent().at(-1)?.id as number, ...outcome });
  };
  tellStatus(served, runningTree());
  const body = { reason: 'because', idempotency_key: 'k1' };
  const kill = command(served, '/system/actors/consumer-0/kill', body);
  await settle({ value: { accepted: true, epoch: 4 } });
  assert.deepEqual((await kill).json(), { accepted: true, actor: 'consumer-0', command: 'kill', epoch: 4 });
  assert.deepEqual(sent()[0]?.command, { actor: 'consumer-0', command: 'kill', reason: 'because', key: 'k1' });
  assert.equal((await command(served, '/system/actors/consumer-0/kill', body)).json().epoch, 4);
  assert.equal(sent().length, 1, 'not carried out again');
  assertError(await command(served, '/system/actors/consumer-0/stop', body), 409, 'conflict', 'idempotency_key');
  assertError(await command(served, '/system/actors/nobody/kill', body), 404, 'not-found');
  const refused = command(served, '/system/actors/root/kill', { reason: 'x', idempotency_key: 'k2' });
  await settle({ error: { code: 'conflict', message: 'Cannot kill a supervisor' } });
  assertError(await refused, 409, 'conflict');
  const scaled = command(served, '/system/lanes', { lanes: 2 });
  await settle({ value: { lanes: 2 } });
  assert.deepEqual((await scaled).json(), { accepted: true, lanes: 2 });
  for (const lanes of [0, 1.5, '2', null]) {
    assertError(await command(served, '/system/lanes', { lanes }), 400, 'bad-parameter', 'lanes');
  }
  assertError(await command(served, '/system/actors/consumer-0/kill', { reason: 7 }), 400, 'bad-parameter', 'reason');
  const audit = (await call(served, '/system/audit')).json().items as Record<string, unknown>[];
  assert.deepEqual(
    audit.map(({ actor, command: name, lanes, outcome, reason }) => [actor, name, lanes, outcome, reason]),
    [
      [null, 'lanes', 2, 'accepted', ''],
      ['root', 'kill', null, 'refused', 'x'],
      ['consumer-0', 'kill', null, 'accepted', 'because'],
    ],
  );
  const first = (await call(served, '/system/audit?limit=2')).json();
  assert.equal(first.items.length, 2);
  assert.equal((await call(served, `/system/audit?cursor=${first.next_cursor}`)).json().items.length, 1);
});

test('gateway acknowledges a command on itself before it is carried out', async (t) => {
  const served = await serve(t);
  tellStatus(served, runningTree());
  const reply = await command(served, '/system/actors/gateway/restart', { reason: 'r', idempotency_key: 'g1' });
  assert.deepEqual(reply.json(), { accepted: true, actor: 'gateway', command: 'restart' });
  while (served.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual((served.told[0] as { command: unknown }).command, {
    actor: 'gateway',
    command: 'restart',
    reason: 'r',
    key: 'g1',
  });
  served.gateway.state.control.done({ type: 'control-done', id: (served.told[0] as { id: number }).id, value: {} });
  const { control } = served.gateway.state;
  const entries = control.audit().toReversed();
  const { Control } = await import('../../../actors/gateway/control.ts');
  const next = new Control({ self: 'gateway', epoch: 2, tell: () => assert.fail('carried out twice'), now: Date.now });
  next.remember(entries);
  await next.run({ actor: 'gateway', command: 'restart', reason: 'r', key: 'g1' }, 'here');
  assert.equal(next.audit().length, 1);
});

test('gateway refuses command bodies that are too large, broken or of another type', async (t) => {
  const served = await serve(t);
  const send = (body: string, type = 'application/json') =>
    call(served, '/system/lanes', { method: 'POST', headers: { ...bearer, 'content-type': type }, body });
  assertError(await send('{}', 'text/plain'), 415, 'unsupported-media-type');
  assertError(await send('{'), 400, 'bad-parameter');
  assertError(await send('[]'), 400, 'bad-parameter');
  assertError(await send(`{"x":"${'y'.repeat(20_000)}"}`), 413, 'too-large');
});

test('gateway shows the tree, its events and metrics', async (t) => {
  const served = await serve(t);
  assertError(await call(served, '/system/tree'), 503, 'unavailable');
  served.shop.step(100, 60_000);
  await connectLane(served);
  tellStatus(served, runningTree());
  const tree = (await call(served, '/system/tree')).json();
  assert.deepEqual([tree.id, tree.kind, tree.state], ['root', 'supervisor', 'running']);
  const consumer = tree.children[1].children[0].children[1];
  assert.equal(consumer.id, 'consumer-0');
  assert.deepEqual(consumer.restarts, { used: 2, budget: 10, period_ms: 60_000, total: 2 });
  assert.deepEqual(consumer.mailbox, { depth: 1, bytes: 10, oldest_ms: 4 });
  assert.deepEqual(consumer.last_exit, { reason: 'crashed', detail: 'boom', at: 1 });
  assert.equal(consumer.next_retry_at, null);
  assert.equal(tree.summary.lanes, 1);
  const { status } = served.gateway.state;
  const event = (id: number) => ({
    id,
    at: id,
    kind: 'running' as const,
    actor: 'gateway',
    epoch: 1,
    text: `event ${id}`,
  });
  status.addEvents([event(2)]);
  status.addEvents([event(1), event(2), event(3)]);
  const events = (await call(served, '/system/events?since=1')).json();
  assert.deepEqual([events.items.map(({ id }: { id: number }) => id), events.next_cursor], [[2, 3], null]);
  assert.equal((await call(served, '/system/events?limit=1')).json().next_cursor, '1');
  assert.equal((await call(served, '/system/actors/gateway')).json().events.length, 3);
  assertError(await call(served, '/system/actors/nobody'), 404, 'not-found');
  const metrics = await call(served, '/metrics');
  assert.match(metrics.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(metrics.body, /^pulso_events_total\{topic="orders",partition="0",outcome="counted"\} \d+$/m);
  assert.match(metrics.body, /^pulso_actor_up\{actor="consumer-0"\} 1$/m);
  assert.match(metrics.body, /^# TYPE pulso_hot_bytes gauge$/m);
  for (const line of metrics.body.trim().split('\n'))
    assert.match(line, /^(# (HELP|TYPE) .*|[a-z_]+(\{.*\})? -?[\d.e+-]+)$/);
});
