import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../../protocol/errors.ts';
import { assertError, call, post } from './calls.ts';
import { connectLane, connectReader, node, runningTree, serve, tellStatus } from './served.ts';

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

test('gateway is not ready while a partition is read by no lane', async (t) => {
  const served = await serve(t);
  served.shop.step(100, 60_000);
  tellStatus(served, runningTree());
  await connectLane(served);
  assert.equal((await call(served, '/readyz')).status, 200);
  const [, ...partitions] = served.shop.partitions;
  served.gateway.partials('aggregator-0', { type: 'lane-state', lane: 'lane-0', partitions });
  assert.deepEqual((await call(served, '/readyz')).json().missing, ['no lane reads orders/0']);
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
      case 'kpi-summary':
        return { totals: {} };
      case 'orders':
        return { items: [stored], next: 'c2' };
      case 'order':
        return query.id === 'o/1' ? stored : undefined;
      case 'dead-letters':
        return { items: [{ reason: 'not-json', element: -1 }], next: null };
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
  assert.deepEqual((await call(served, '/kpi/summary?from=5&to=9&token=abc')).json(), { totals: {} });
  assert.equal((queries().at(-1) as { search: string }).search, 'from=5&to=9');
  assertError(await call(served, '/kpi/summary?state=SP'), 400, 'bad-parameter', 'state');
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
    items: [{ reason: 'not-json', element: null }],
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
    ['/quality?limit=0', 'limit'],
    ['/alerts?cursor=x', 'cursor'],
  ];
  for (const [path, field] of refused) assertError(await call(served, path), 400, 'bad-parameter', field);
  assertError(await call(served, '/orders/%E0%A4%A'), 400, 'bad-parameter');
});

test('gateway answers every list in stretches, of a hundred where nothing is said', async (t) => {
  const served = await serve(t);
  const { status } = served.gateway.state;
  for (let number = 0; number < 120; number++) {
    const id = `f${number}`;
    status.addFinding({ type: 'finding', id, severity: 'warning', text: 'x', since: 1, evidence: {} }, 1);
    status.addEvents([{ id: number + 1, at: 1, kind: 'starting', actor: 'a', epoch: 1, text: 'x' }]);
  }
  for (const path of ['/quality', '/alerts', '/system/events']) {
    const first = (await call(served, path)).json();
    assert.equal(first.items.length, 100, path);
    const rest = (await call(served, `${path}?cursor=${first.next_cursor}`)).json();
    assert.equal(rest.next_cursor, null);
    const ids = [...first.items, ...rest.items].map(({ id }: { id: unknown }) => id);
    assert.equal(new Set(ids).size, 120, path);
    assert.equal((await call(served, `${path}?limit=7`)).json().items.length, 7);
  }
});

test('gateway lets whoever asks for figures wait while the view is being filled', async (t) => {
  const served = await serve(t, { withoutReader: true });
  served.shop.step(50, 30_000);
  const waiting = ['/kpi/latest', '/ledger'].map((path) => call(served, path));
  assert.equal((await call(served, '/healthz')).status, 200);
  connectReader(served);
  const [latest, ledger] = await Promise.all(waiting);
  assert.ok(latest?.json().totals.orders > 0);
  assert.equal(ledger?.json().total.in, 50);
});
