import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuditEntry, Control } from '../../../actors/gateway/control.ts';
import type { WireError } from '../../../protocol/errors.ts';
import type { SupervisorEventKind } from '../../../supervisor/events.ts';
import { IncidentLog } from '../../../supervisor/incidents.ts';
import { assertError, bearer, call, command, type Reply } from './calls.ts';
import { connectLane, node, runningTree, serve, tellStatus } from './served.ts';

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
  const next = new Control({ self: 'gateway', epoch: 2, tell: () => assert.fail('carried out twice'), now: Date.now });
  next.remember(entries);
  await next.run({ actor: 'gateway', command: 'restart', reason: 'r', key: 'g1' }, 'here');
  assert.equal(next.audit().length, 1);
});

test('gateway passes faults and drains on to the supervisor, and says what came of them', async (t) => {
  const served = await serve(t);
  const { control } = served.gateway.state;
  tellStatus(served, runningTree());
  const sent = () => served.told as { id: number; command: Record<string, unknown> }[];
  const answered = async (path: string, body: object, outcome: { value: unknown } | { error: WireError }) => {
    const count = sent().length;
    const reply = command(served, path, body);
    while (sent().length === count) await new Promise((resolve) => setImmediate(resolve));
    control.done({ type: 'control-done', id: sent().at(-1)?.id as number, ...outcome });
    return reply;
  };
  const fault = '/system/actors/consumer-0/fault';
  const body = { kind: 'stall', reason: 'to see', idempotency_key: 'f1' };
  const stalled = await answered(fault, body, { value: { accepted: true, epoch: 4 } });
  const shown = { accepted: true, actor: 'consumer-0', command: 'fault', kind: 'stall', epoch: 4 };
  assert.deepEqual([stalled.status, stalled.json()], [200, shown]);
  const order = { actor: 'consumer-0', command: 'fault', fault: 'stall', reason: 'to see', key: 'f1' };
  assert.deepEqual(sent()[0]?.command, order);
  assert.deepEqual((await command(served, fault, body)).json(), shown, 'known by its key');
  assertError(await command(served, fault, { ...body, kind: 'crash' }), 409, 'conflict', 'idempotency_key');
  for (const kind of [undefined, null, 7, 'explode', 'constructor']) {
    const refused = await command(served, fault, { kind });
    assertError(refused, 400, 'bad-parameter', 'kind');
    assert.match(refused.json().error.message, /one of crash, hang, block, stall, oom, slow, drop-link/);
  }
  assertError(await command(served, '/system/actors/nobody/fault', { kind: 'crash' }), 404, 'not-found');
  const error: WireError = { code: 'conflict', message: 'Cannot fault crash "lanes" as it is a supervisor' };
  assertError(await answered('/system/actors/lanes/fault', { kind: 'crash' }, { error }), 409, 'conflict');
  const late: WireError = { code: 'deadline-exceeded', message: 'Cannot fault crash "reader" in time' };
  assertError(await answered(fault, { kind: 'crash' }, { error: late }), 503, 'deadline-exceeded');
  assert.equal((await call(served, fault, { method: 'POST', body: '{"kind":"crash"}' })).status, 401);
  assert.equal((await call(served, fault)).status, 405);
  const drain = '/system/actors/consumer-0/drain';
  const drained = await answered(drain, {}, { value: { accepted: true, epoch: 4, drained: true } });
  assert.deepEqual(drained.json(), {
    accepted: true,
    actor: 'consumer-0',
    command: 'drain',
    epoch: 4,
    drained: true,
  });
  const audit = (await call(served, '/system/audit')).json().items as Record<string, unknown>[];
  assert.deepEqual(
    audit.map(({ actor, command: name, fault: kind, outcome }) => [actor, name, kind, outcome]),
    [
      ['consumer-0', 'drain', null, 'accepted'],
      ['consumer-0', 'fault', 'crash', 'refused'],
      ['lanes', 'fault', 'crash', 'refused'],
      ['consumer-0', 'fault', 'stall', 'accepted'],
    ],
  );
});

test('gateway carries a refused command out when it is sent again under the same key, but none that may have been done', async () => {
  const sent: number[] = [];
  const tell = (body: unknown) => sent.push((body as { id: number }).id);
  const control = new Control({ self: 'gateway', epoch: 1, tell, now: Date.now });
  const kill = (key: string) =>
    control
      .run({ actor: 'reader', command: 'kill', reason: '', key } as const, 'here')
      .then(({ value }) => value.epoch);
  const done = (outcome: { value: unknown } | { error: WireError }) =>
    control.done({ type: 'control-done', id: sent.at(-1) as number, ...outcome });
  const refused = kill('k');
  done({ error: { code: 'conflict', message: 'Cannot kill it as it is stopped' } });
  await assert.rejects(refused, { code: 'conflict' });
  const again = kill('k');
  done({ value: { epoch: 5 } });
  assert.deepEqual([await again, await kill('k'), sent.length], [5, 5, 2]);
  const late = kill('late');
  done({ error: { code: 'deadline-exceeded', message: 'Cannot say' } });
  await assert.rejects(late, { code: 'deadline-exceeded' });
  await assert.rejects(kill('late'), { code: 'deadline-exceeded' });
  assert.equal(sent.length, 3);
});

test('gateway acknowledges a fault of its own before it strikes, and its successor knows the key', async (t) => {
  const served = await serve(t);
  tellStatus(served, runningTree());
  const body = { kind: 'hang', reason: 'r', idempotency_key: 'g2' };
  const shown = { accepted: true, actor: 'gateway', command: 'fault', kind: 'hang' };
  assert.deepEqual((await command(served, '/system/actors/gateway/fault', body)).json(), shown);
  while (served.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const { id, entry } = served.told[0] as { id: number; entry: AuditEntry };
  served.gateway.state.control.done({ type: 'control-done', id, value: { accepted: true, epoch: 1 } });
  const next = new Control({ self: 'gateway', epoch: 2, tell: () => assert.fail('carried out twice'), now: Date.now });
  next.remember([{ ...entry, outcome: 'accepted' }]);
  const again = { actor: 'gateway', command: 'fault', fault: 'hang', reason: 'r', key: 'g2' } as const;
  assert.deepEqual((await next.run(again, 'here')).value, shown);
});

test('gateway asks an actor for what it says of itself, and for other settings, through the supervisor', async (t) => {
  const served = await serve(t);
  const { control } = served.gateway.state;
  tellStatus(served, runningTree());
  const told = () => served.told as { type: string; id: number; actor?: string; command?: Record<string, unknown> }[];
  const answered = async (reply: Promise<Reply>, outcome: { value: unknown } | { error: WireError }) => {
    const count = told().length;
    while (told().length === count) await new Promise((resolve) => setImmediate(resolve));
    control.done({ type: 'control-done', id: told().at(-1)?.id as number, ...outcome });
    return reply;
  };
  const said = { id: 'consumer-0', epoch: 4, settings: { take_bytes: 262_144 }, own: { session: 7 } };
  const seen = await answered(call(served, '/system/actors/consumer-0/inspect'), { value: said });
  assert.deepEqual([seen.status, seen.json()], [200, said]);
  assert.deepEqual([told()[0]?.type, told()[0]?.actor], ['inspect', 'consumer-0']);
  const error: WireError = { code: 'conflict', message: 'Cannot inspect "consumer-0" as it is stopped' };
  assertError(await answered(call(served, '/system/actors/consumer-0/inspect'), { error }), 409, 'conflict');
  assertError(await call(served, '/system/actors/nobody/inspect'), 404, 'not-found');
  const path = '/system/actors/gateway/configure';
  const settings = { most_clients: 10 };
  const set = await answered(command(served, path, { settings }), { value: { settings: { most_clients: 10 } } });
  assert.deepEqual(set.json(), { accepted: true, actor: 'gateway', command: 'configure', settings });
  for (const wrong of [undefined, null, 7, [], {}]) {
    assertError(await command(served, path, { settings: wrong }), 400, 'bad-parameter', 'settings');
  }
  const bad: WireError = { code: 'bad-parameter', message: 'Cannot configure "pace" as it is none', field: 'pace' };
  assertError(await answered(command(served, path, { settings: { pace: 1 } }), { error: bad }), 400, bad.code, 'pace');
  const audit = (await call(served, '/system/audit')).json().items as Record<string, unknown>[];
  assert.deepEqual(
    audit.map(({ command: name, settings: wanted, outcome }) => [name, wanted, outcome]),
    [
      ['configure', { pace: 1 }, 'refused'],
      ['configure', settings, 'accepted'],
    ],
  );
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

test('gateway tells in its metrics what former owners were refused, and the memory of each thread', async (t) => {
  const served = await serve(t);
  const actors = [
    { ...node('gateway'), heapBytes: 5_000, externalBytes: 70_000 },
    { ...node('reader'), externalBytes: 3 },
  ];
  tellStatus(served, actors, 1, { zombies: 2, fenced: 41 });
  const lines = (await call(served, '/metrics')).body.split('\n');
  for (const line of [
    '# TYPE pulso_fenced_total counter',
    'pulso_fenced_total 41',
    'pulso_zombies 2',
    '# TYPE pulso_actor_external_bytes gauge',
    'pulso_actor_external_bytes{actor="gateway"} 70000',
    'pulso_actor_external_bytes{actor="reader"} 3',
    'pulso_actor_heap_bytes{actor="gateway"} 5000',
  ])
    assert.ok(lines.includes(line), line);
  const { summary, children } = (await call(served, '/system/tree')).json();
  assert.deepEqual([summary.fenced, summary.zombies], [41, 2]);
  assert.deepEqual([summary.shared_log, summary.orders_topic], [false, 'orders']);
  assert.deepEqual(
    children.map(({ external_bytes }: { external_bytes: number }) => external_bytes),
    [70_000, 3],
  );
});

test('gateway previews a command: who goes down, what is read again, what it takes of which budget', async (t) => {
  const served = await serve(t);
  assertError(await call(served, '/system/actors/consumer-0/preview?command=kill'), 503, 'unavailable');
  tellStatus(served, runningTree());
  await connectLane(served);
  await served.gateway.state.whenLoaded();
  const [first] = served.gateway.state.view.partitions();
  assert.ok(first);
  served.gateway.state.status.sawEnd({ topic: first.topic, partition: first.partition, offset: first.nextOffset + 40 });
  const { replays, ...preview } = (await call(served, '/system/actors/consumer-0/preview?command=kill')).json();
  assert.deepEqual(preview, {
    actor: 'consumer-0',
    command: 'kill',
    possible: true,
    because: null,
    stops: ['consumer-0'],
    starts: ['consumer-0'],
    next_epoch: 4,
    orderly: false,
    budget: { of: 'lane-0', used: 3, budget: 10, period_ms: 60_000, spent: false },
    escalation: [],
    ends_process: false,
    affects: ['lane'],
  });
  assert.deepEqual(
    [replays.events, replays.partitions[0]],
    [40, { topic: first.topic, partition: first.partition, offset: first.nextOffset, events: 40 }],
  );
  const refused = (await call(served, '/system/actors/lanes/preview?command=restart')).json();
  assert.deepEqual([refused.possible, refused.because], [false, 'it is a supervisor: command its children']);
  for (const [query, field] of [
    ['', 'command'],
    ['?command=sing', 'command'],
    ['?command=kill&x=1', 'x'],
  ] as const)
    assertError(await call(served, `/system/actors/consumer-0/preview${query}`), 400, 'bad-parameter', field);
  assertError(await call(served, '/system/actors/nobody/preview?command=kill'), 404, 'not-found');
  assert.deepEqual(served.told, [], 'nobody was asked');
});

test('gateway lists incidents, newest first, as they were told last', async (t) => {
  const served = await serve(t);
  const { status } = served.gateway.state;
  const log = new IncidentLog(10);
  const tell = (id: number, actor: string, kind: SupervisorEventKind, text = '') => {
    const incident = log.add({ id, at: id * 1_000, kind, actor, epoch: id, text }, () => undefined);
    if (incident !== undefined) status.addIncidents([incident]);
  };
  tell(1, 'a', 'exited', 'a has ended (crashed): boom');
  tell(2, 'b', 'hung', 'b hangs: its loop has not turned for 512 ms');
  tell(3, 'a', 'starting');
  tell(4, 'a', 'running');
  const items = async (query = '') => (await call(served, `/system/incidents${query}`)).json().items;
  const [hang, crash] = await items();
  assert.deepEqual([hang.actor, hang.what, hang.state, hang.detection_ms], ['b', 'hung', 'open', 512]);
  assert.deepEqual([crash.actor, crash.why, crash.state, crash.recovery_ms], ['a', 'boom', 'recovered', 3_000]);
  assert.deepEqual((await items('?actor=a')).length, 1);
  assert.deepEqual(
    (await items('?from=2000')).map(({ id }: { id: number }) => id),
    [2],
  );
  const first = (await call(served, '/system/incidents?limit=1')).json();
  assert.equal((await items(`?cursor=${first.next_cursor}`))[0].id, 1);
  const whole = (await call(served, '/system/incidents/1')).json();
  assert.deepEqual(
    whole.events.map(({ kind }: { kind: string }) => kind),
    ['exited', 'starting', 'running'],
  );
  assertError(await call(served, '/system/incidents/9'), 404, 'not-found');
  assertError(await call(served, '/system/incidents?since=1'), 400, 'bad-parameter', 'since');
});
