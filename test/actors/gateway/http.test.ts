import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { MOST_BODY_BYTES } from '../../../actors/gateway/http/event-intake.ts';
import { StaticFiles } from '../../../actors/gateway/http/static-files.ts';
import { AppError } from '../../../protocol/errors.ts';
import { readFrames } from '../../../protocol/frames.ts';
import { connectLane, node, runningTree, type Served, serve, TOKEN, tellStatus } from './served.ts';

type Reply = {
  status: number;
  headers: Record<string, string>;
  body: string;
  json: () => ReturnType<typeof JSON.parse>;
};

/** fetch does not let a test choose its Host. */
function call(
  served: Served,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      `${served.url}${path}`,
      { method: options.method ?? 'GET', headers: { ...options.headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          const headers = response.headers as Record<string, string>;
          resolve({ status: response.statusCode ?? 0, headers, body, json: () => JSON.parse(body) });
        });
      },
    );
    asked.on('error', reject);
    asked.end(options.body);
  });
}

const json = { 'content-type': 'application/json' };
const bearer = { authorization: `Bearer ${TOKEN}` };
const command = (served: Served, path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(served, path, { method: 'POST', headers: { ...json, ...bearer, ...headers }, body: JSON.stringify(body) });
const post = (served: Served, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  call(served, '/events', { method: 'POST', headers: { 'content-type': 'application/x-ndjson', ...headers }, body });

function assertError(reply: Reply, status: number, code: string, field?: string): void {
  assert.equal(reply.status, status, reply.body);
  const { error } = reply.json();
  assert.equal(error.code, code);
  assert.ok(error.message.length > 10);
  assert.equal(error.field, field);
  assert.match(reply.headers['content-type'] ?? '', /^application\/json/);
}

test('gateway answers kpi/latest from memory, with the minute before', async (t) => {
  const served = await serve(t);
  const empty = (await call(served, '/kpi/latest')).json();
  assert.deepEqual([empty.minute, empty.watermark, empty.previous, empty.totals.orders], [null, null, null, 0]);
  served.shop.step(400, 300_000, 2_000);
  await connectLane(served);
  const { shop } = served;
  const latest = (await call(served, '/kpi/latest')).json();
  const orders = shop.partitions.flatMap((partition) => partition.orders);
  const watermark = Math.max(...shop.partitions.filter(({ topic }) => topic === 'orders').map((p) => p.watermark));
  const minute = Math.floor(watermark / 60_000) * 60_000;
  for (const [shown, start] of [
    [latest, minute],
    [latest.previous, minute - 60_000],
  ] as const) {
    const here = orders.filter(({ time }) => time >= start && time < start + 60_000);
    const paid = here.filter(({ status }) => status !== 'failed');
    const revenue = paid.reduce((sum, { cents }) => sum + cents, 0) / 100;
    assert.equal(shown.minute, start);
    assert.equal(shown.totals.orders, here.length);
    assert.equal(shown.totals.revenue, revenue);
    assert.equal(shown.totals.payments_failed, here.length - paid.length);
    assert.equal(shown.totals.avg_order_value, Math.round((revenue / paid.length) * 100) / 100);
    const inState = here.filter(({ state }) => state === 'SP');
    assert.equal(shown.by_state.SP.orders, inState.length);
    const toys = here.filter(({ category }) => category === 'toys');
    assert.equal(
      shown.by_category.toys.items,
      toys.reduce((sum, { items }) => sum + items, 0),
    );
  }
  assert.equal(latest.watermark, watermark);
  const again = await call(served, '/kpi/latest');
  assert.equal(again.json().version, latest.version);
});

test('gateway is alive at once, and ready when every lane runs and has caught up', async (t) => {
  const served = await serve(t);
  assert.equal((await call(served, '/healthz')).status, 200);
  const early = await call(served, '/readyz');
  assert.equal(early.status, 503);
  assert.ok(early.json().missing.length > 0);
  served.shop.step(100, 60_000);
  const [gatewayNode, lanesNode] = runningTree();
  const starting = { ...lanesNode, children: [node('lane-0', 'running', [node('aggregator-0', 'starting')])] };
  tellStatus(served, [gatewayNode as never, starting as never]);
  assert.deepEqual((await call(served, '/readyz')).json().missing.slice(0, 1), ['aggregator-0 is starting']);
  tellStatus(served, runningTree(), 2);
  assert.match((await call(served, '/readyz')).json().missing[0], /1 of 2 lanes/);
  tellStatus(served, runningTree());
  assert.match((await call(served, '/readyz')).body, /records behind/);
  await connectLane(served);
  const ready = await call(served, '/readyz');
  assert.equal(ready.status, 200, ready.body);
  served.gateway.state.status.sawEnd({ topic: 'orders', partition: 0, offset: 1e6 });
  assert.equal((await call(served, '/readyz')).status, 200, 'once is enough');
});

test('gateway shows the ledger with its lag', async (t) => {
  const served = await serve(t);
  served.shop.step(200, 60_000);
  await connectLane(served);
  const { total, partitions } = (await call(served, '/ledger')).json();
  assert.equal(partitions.length, 4);
  assert.equal(total.in, total.counted + total.late + total.dead + total.duplicates);
  assert.equal(total.in, 200);
  assert.equal(total.lag, 0);
  served.append = ({ id, appends }) => ({
    type: 'appended',
    id,
    offsets: appends.map(({ topic, partition }) => served.shop.of(`${topic}/${partition}`).nextOffset),
  });
  const taken = await post(served, '{"a":1}\n{"b":2}\n');
  assert.deepEqual([taken.status, taken.json()], [202, { accepted: 2, rejected: [] }]);
  assert.equal((await call(served, '/ledger')).json().total.lag, 2, 'known at once');
});

test('gateway takes events as NDJSON, each line routed, too long ones rejected', async (t) => {
  const served = await serve(t);
  const long = `{"x":"${'y'.repeat(1024 * 1024)}"}`;
  const lines = ['\uFEFF{"type":"click","user_id":"u1"}', '', long, 'not json\r', '{"type":"order","order_id":"o1"}'];
  const reply = await post(served, lines.join('\n'));
  assert.equal(reply.status, 202);
  assert.deepEqual(reply.json(), { accepted: 3, rejected: [{ line: 3, reason: 'too-large' }] });
  const [request] = served.appends;
  const records = (request?.appends ?? []).flatMap(({ topic, frames }) =>
    [...readFrames(frames)].map(({ start, end }) => [topic, Buffer.from(frames.subarray(start, end)).toString()]),
  );
  assert.deepEqual(records.map(([, text]) => text).sort(), [
    'not json',
    '{"type":"click","user_id":"u1"}',
    '{"type":"order","order_id":"o1"}',
  ]);
  assert.ok(request?.appends.every(({ topic }) => ['orders', 'clicks'].includes(topic)));
  assert.deepEqual((await post(served, '\n\n')).json(), { accepted: 0, rejected: [] });
});

test('gateway refuses bodies of events that are too large, of another type, or too many at once', async (t) => {
  const served = await serve(t);
  assertError(await post(served, 'x', { 'content-type': 'application/json' }), 415, 'unsupported-media-type');
  assertError(await post(served, 'x', { 'content-encoding': 'gzip' }), 415, 'unsupported-media-type');
  const large = Buffer.alloc(MOST_BODY_BYTES + 1, `${'x'.repeat(1023)}\n`);
  assertError(await post(served, large), 413, 'too-large');
  assertError(await post(served, large, { 'transfer-encoding': 'chunked' }), 413, 'too-large');
  assert.equal(served.appends.length, 0);
  served.append = ({ id }) => ({
    type: 'append-failed',
    id,
    error: { code: 'too-many-requests', message: 'the log does not keep up' },
  });
  const refused = await post(served, 'x\n');
  assertError(refused, 429, 'too-many-requests');
  assert.equal(refused.headers['retry-after'], '1');
  served.append = () => undefined;
  const hanging = post(served, 'x\n');
  while (served.gateway.state.intake.bytesUnderWay === 0) await new Promise((resolve) => setImmediate(resolve));
  served.gateway.state.log.connect(undefined);
  assertError(await hanging, 503, 'unavailable');
  assertError(await post(served, 'x\n'), 503, 'unavailable');
  assert.equal(served.gateway.state.intake.bytesUnderWay, 0);
});

test('gateway says 429 while too many bytes of events are under way', async (t) => {
  const served = await serve(t);
  served.append = () => undefined;
  const body = Buffer.alloc(15 * 1024 * 1024, `${'x'.repeat(1023)}\n`);
  const hanging = Array.from({ length: 4 }, () => post(served, body));
  const { intake } = served.gateway.state;
  while (intake.bytesUnderWay < 4 * body.length) await new Promise((resolve) => setImmediate(resolve));
  const refused = await post(served, body);
  assertError(refused, 429, 'too-many-requests');
  assert.equal(refused.headers['retry-after'], '1');
  served.gateway.state.log.connect(undefined);
  for (const reply of await Promise.all(hanging)) assert.equal(reply.status, 503);
});

test('gateway asks the reader for queries, orders and dead letters, and hands its refusals on', async (t) => {
  const served = await serve(t);
  const stored = {
    topic: 'orders',
    partition: 1,
    offset: 7,
    element: -1,
    time: 9,
    mark: null,
    archived: false,
    event: { order_id: 'o/1', topic: 'x' },
  };
  served.answer = (query) => {
    switch (query.kind) {
      case 'kpi':
        if (query.search.includes('bad'))
          throw new AppError('bad-parameter', 'Cannot use "bad" at all', { field: 'bad' });
        return {
          columns: [
            { name: 'state', type: 'text' },
            { name: 'n', type: 'number' },
          ],
          rows: [
            ['a"b,c', 1],
            ['x', null],
          ],
        };
      case 'orders':
        return { items: [stored], next: 'c2' };
      case 'order':
        return query.id === 'o/1' ? stored : undefined;
      case 'dead-letters':
        return { items: [{ reason: 'not-json' }], next: null };
      default:
        return { states: [], windows: [] };
    }
  };
  const queries = () => served.queries.filter(({ kind }) => kind !== 'snapshot' && kind !== 'hot-bytes');
  const answer = await call(served, '/kpi/query?category=toys&token=abc');
  assert.equal(answer.status, 200);
  assert.deepEqual(queries()[0], {
    kind: 'kpi',
    search: 'category=toys',
    watermark: -1,
    idle: ['orders/0', 'orders/1', 'clicks/0', 'clicks/1'],
  });
  const asCsv = await call(served, '/kpi/query?x=1', { headers: { accept: 'text/csv' } });
  assert.match(asCsv.headers['content-type'] ?? '', /^text\/csv/);
  assert.equal(asCsv.body, 'state,n\r\n"a""b,c",1\r\nx,\r\n');
  assertError(await call(served, '/kpi/query?bad=1'), 400, 'bad-parameter', 'bad');
  assert.ok((await call(served, '/kpi/schema')).json());

  const page = (await call(served, '/orders?from=5&to=2026-01-01&state=SP&limit=3&cursor=c1')).json();
  assert.deepEqual(page, {
    items: [
      {
        order_id: 'o/1',
        topic: 'orders',
        _id: 'orders:1:7',
        partition: 1,
        offset: 7,
        element: null,
        time: 9,
        mark: null,
        archived: false,
      },
    ],
    next_cursor: 'c2',
  });
  assert.deepEqual(queries().at(-1), {
    kind: 'orders',
    from: 5,
    to: Date.UTC(2026, 0, 1),
    state: 'SP',
    limit: 3,
    cursor: 'c1',
  });
  await call(served, '/orders/latest');
  assert.equal((queries().at(-1) as { limit: number }).limit, 5);
  assert.equal((await call(served, '/orders/o%2F1')).json().order_id, 'o/1');
  assertError(await call(served, '/orders/o2'), 404, 'not-found');
  assert.deepEqual((await call(served, '/dead-letters?reason=not-json')).json(), {
    items: [{ reason: 'not-json' }],
    next_cursor: null,
  });
  served.gateway.readerConnected(undefined);
  const away = await call(served, '/orders');
  assertError(away, 503, 'unavailable');
  assert.ok(away.headers['retry-after']);
});

test('gateway refuses bad parameters with field and rule', async (t) => {
  const served = await serve(t);
  const refused: [string, string][] = [
    ['/orders?limit=0', 'limit'],
    ['/orders?limit=1001', 'limit'],
    ['/orders?limit=x', 'limit'],
    ['/orders?from=yesterday', 'from'],
    ['/orders?to=2026-13-01', 'to'],
    ['/orders?state=', 'state'],
    ['/orders?colour=red', 'colour'],
    ['/orders/latest?limit=1e3', 'limit'],
    ['/dead-letters?reason=bad-luck', 'reason'],
    ['/system/events?since=x', 'since'],
    ['/system/audit?limit=-1', 'limit'],
  ];
  for (const [path, field] of refused) assertError(await call(served, path), 400, 'bad-parameter', field);
  assertError(await call(served, '/orders/%E0%A4%A'), 400, 'bad-parameter');
});

test('gateway knows its methods and paths', async (t) => {
  const served = await serve(t);
  assertError(await call(served, '/nothing'), 404, 'not-found');
  assertError(await call(served, '/kpi/summary/x'), 404, 'not-found');
  assertError(await command(served, '/archive/run', {}), 404, 'not-found');
  const wrong = await call(served, '/ledger', { method: 'DELETE' });
  assertError(wrong, 405, 'method-not-allowed');
  assert.equal(wrong.headers.allow, 'GET, HEAD, OPTIONS');
  const getEvents = await call(served, '/events');
  assertError(getEvents, 405, 'method-not-allowed');
  assert.equal(getEvents.headers.allow, 'POST, OPTIONS');
  assertError(await call(served, '/', { method: 'POST', headers: json, body: '{}' }), 405, 'method-not-allowed');
  const head = await call(served, '/ledger', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body], [200, '']);
  assert.ok(Number(head.headers['content-length']) > 0);
  const options = await call(served, '/ledger', { method: 'OPTIONS' });
  assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD, OPTIONS']);
});

test('gateway serves only names that are its own', async (t) => {
  const served = await serve(t);
  const port = new URL(served.url).port;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', '[::1]:1', 'shop.example', '127.9.9.9']) {
    assert.equal((await call(served, '/healthz', { headers: { host } })).status, 200, host);
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '192.168.1.1',
    'localhost.evil.example',
    '127.0.0.1@evil.example',
  ]) {
    assertError(await call(served, '/ledger', { headers: { host } }), 403, 'forbidden');
  }
  assertError(await call(served, '/healthz', { headers: { host: 'evil.example' } }), 403, 'forbidden');
});

test('gateway takes no change from a foreign origin', async (t) => {
  const served = await serve(t);
  const send = (origin: string) => post(served, '{}\n', { origin });
  assert.equal((await send(served.url)).status, 202);
  assert.equal((await send('https://shop.example')).status, 202);
  for (const origin of ['https://evil.example', 'null', 'http://localhost:1', `https://127.0.0.1.evil`, '']) {
    assertError(await send(origin), 403, 'forbidden');
  }
  assertError(
    await command(served, '/system/lanes', { lanes: 1 }, { origin: 'https://evil.example' }),
    403,
    'forbidden',
  );
  const read = await call(served, '/ledger', { headers: { origin: 'https://evil.example' } });
  assert.equal(read.headers['access-control-allow-origin'], undefined);
  const allowed = await call(served, '/ledger', { headers: { origin: 'https://shop.example' } });
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://shop.example');
  const preflight = await call(served, '/events', { method: 'OPTIONS', headers: { origin: 'https://shop.example' } });
  assert.equal(preflight.headers['access-control-allow-methods'], 'POST, OPTIONS');
  const foreign = await call(served, '/events', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
  assert.equal(foreign.headers['access-control-allow-methods'], undefined);
});

test('gateway wants the token for commands, and for everything when it listens beyond loopback', async (t) => {
  const served = await serve(t);
  const path = '/system/actors/consumer-0/kill';
  const body = JSON.stringify({ reason: 'test', idempotency_key: 'k' });
  assertError(await call(served, path, { method: 'POST', headers: json, body }), 401, 'unauthorized');
  assertError(
    await call(served, path, { method: 'POST', headers: { ...json, authorization: 'Bearer wrong' }, body }),
    401,
    'unauthorized',
  );
  assertError(await call(served, `${path}?token=wrong`, { method: 'POST', headers: json, body }), 401, 'unauthorized');

  const open = await serve(t, { host: '0.0.0.0' });
  assert.equal((await call(open, '/healthz')).status, 200);
  assert.equal((await call(open, '/readyz')).status, 503);
  for (const closed of ['/', '/ledger', '/assets/x.js', '/nothing', '/metrics']) {
    assertError(await call(open, closed), 401, 'unauthorized');
  }
  assertError(await post(open, '{}\n'), 401, 'unauthorized');
  assert.equal((await post(open, '{}\n', bearer)).status, 202);
  assert.equal((await call(open, '/ledger', { headers: bearer })).status, 200);
  assert.equal((await call(open, `/ledger?token=${TOKEN}`)).status, 200);
  writeFileSync(join(open.pageDir, 'index.html'), '<!doctype html>');
  const page = await call(open, `/?token=${TOKEN}`);
  assert.equal(page.status, 200);
  const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] as string;
  assert.equal((await call(open, '/', { headers: { cookie } })).status, 200);
  assertError(await call(open, '/ledger', { headers: { cookie } }), 401, 'unauthorized');
});

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

test('gateway says so when the page is not built, and finds it once it is', async (t) => {
  const { pageDir } = await serve(t);
  let now = 0;
  const files = new StaticFiles(pageDir, () => now);
  const ask = async () => files.answer({ path: '/', acceptEncoding: '', ifNoneMatch: undefined });
  const missing = await ask();
  assert.deepEqual([missing?.status, /not built/.test(String(missing?.body))], [503, true]);
  writeFileSync(join(pageDir, 'index.html'), '<!doctype html>');
  assert.equal((await ask())?.status, 503, 'looked just now');
  now += 1_000;
  assert.equal((await ask())?.status, 200);
});

test('gateway serves the page safely', async (t) => {
  const served = await serve(t);
  mkdirSync(join(served.pageDir, 'assets'));
  writeFileSync(
    join(served.pageDir, 'index.html'),
    '<!doctype html><script>1</script><script src="/assets/a.js"></script>',
  );
  writeFileSync(join(served.pageDir, 'assets', 'a.js'), 'x'.repeat(5_000));
  const page = await call(served, '/system');
  assert.equal(page.status, 200);
  assert.equal(page.headers['cache-control'], 'no-cache');
  assert.match(page.headers['content-security-policy'] ?? '', /script-src 'self' 'sha256-[A-Za-z0-9+/=]+';/);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  const script = await call(served, '/assets/a.js', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(script.headers['content-encoding'], 'gzip');
  const etag = script.headers.etag as string;
  assert.equal((await call(served, '/assets/a.js', { headers: { 'if-none-match': etag } })).status, 304);
  for (const path of [
    '/assets/../index.html/',
    '/..%2f..%2fetc/passwd',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/assets/b.js',
  ]) {
    assert.equal((await call(served, path)).status, 404, path);
  }
});

test('gateway survives what no client of good will sends', async (t) => {
  const served = await serve(t);
  const { port } = new URL(served.url);
  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', () => resolve(answer));
    });
  assert.match(await raw('garbage\r\n\r\n'), /^HTTP\/1\.1 400/);
  assert.match(
    await raw('GET http://evil.example/ledger HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400/,
  );
  assert.match(
    await raw('GET /ledger HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 (400|403)/,
  );
  assert.match(await raw('GET /ledger HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403/);
  assert.match(await raw('GET /ledger HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 403/);
  assert.match(await raw(`GET /ledger HTTP/1.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431/);
  const half = connect(Number(port), '127.0.0.1', () => {
    half.write(
      'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100\r\n\r\n{"a"',
    );
    half.destroy();
  });
  await new Promise((resolve) => half.once('close', resolve));
  assert.equal((await call(served, '/healthz')).status, 200);
  served.answer = () => {
    throw new Error('secret inside');
  };
  const broken = await call(served, '/orders');
  assertError(broken, 500, 'internal');
  assert.doesNotMatch(broken.body, /secret/);
});
