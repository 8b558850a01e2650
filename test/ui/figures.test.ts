/** From channels and query answers to the figures of the panels. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { averageOrder, figuresOf, PANELS, successShare } from '../../ui/data/figures.ts';
import { Http } from '../../ui/data/http.ts';
import { moneyLane, orderLane } from '../../ui/data/lanes.ts';
import { LiveModel } from '../../ui/data/live-model.ts';
import { liveSelector } from '../../ui/data/live-select.ts';
import { readMarks } from '../../ui/data/marks.ts';
import { readPanel } from '../../ui/data/query-answer.ts';
import { elapsedShare, panelQuery, spanOf } from '../../ui/data/query-plan.ts';
import { Store } from '../../ui/data/store.ts';
import { tileFigures } from '../../ui/data/tiles.ts';
import { Trends } from '../../ui/data/trends.ts';
import { DEFAULT_VIEW, nextTheme, pickLanguage, readView, writeView } from '../../ui/data/url-state.ts';
import { verdictOf } from '../../ui/data/verdict.ts';
import { FixtureStream } from '../helpers/ui-channels.ts';
import { World } from '../helpers/ui-world.ts';

const NOON = Date.UTC(2026, 0, 10, 12, 0, 20);

function filledStore(): { store: Store; stream: FixtureStream } {
  const store = new Store((run) => run());
  const stream = new FixtureStream(new World(), NOON, false);
  feed(store, stream);
  return { store, stream };
}

function feed(store: Store, stream: FixtureStream): void {
  const changes = [...stream.channels].map(([channel, { values }]) => ({
    channel,
    reset: true,
    flat: [...values].flat(),
    frames: 1,
    asOf: NOON,
    watermark: stream.watermark,
  }));
  store.apply({ changes, status: undefined });
}

test('selector reads every panel of the last hour from the channels', () => {
  const { store, stream } = filledStore();
  const figures = liveSelector(store)();
  for (const panel of PANELS) assert.equal(figures[panel].kind, 'ready', panel);
  const points = figuresOf(figures.points);
  assert.equal(points?.length, 60);
  assert.equal(points?.at(-1)?.at, Math.floor(NOON / 60_000) * 60_000);
  assert.equal(points?.at(-1)?.orders, 0, 'a minute without events is a zero, not a hole');
  assert.equal(figuresOf(figures.totals)?.orders, stream.channel('overview').values.get('hour/orders'));
  assert.equal(figuresOf(figures.states)?.length, 27);
  assert.equal(figuresOf(figures.products)?.find(({ key }) => key === 'p0')?.name, 'Relógio smartwatch 44 mm');
});

test('selector hands out the same object until its channel moves', () => {
  const { store } = filledStore();
  const select = liveSelector(store);
  const before = select();
  store.apply({
    changes: [{ channel: 'states', reset: false, flat: ['SP/orders', 1], frames: 1, asOf: 1, watermark: 1 }],
    status: undefined,
  });
  const after = select();
  assert.equal(after.categories, before.categories);
  assert.notEqual(after.states, before.states);
});

test('plan asks only for what the shop keeps under a filter', () => {
  const all = { state: undefined, category: undefined };
  for (const panel of PANELS) assert.ok(panelQuery(panel, all), panel);
  const state = { state: 'MG', category: undefined };
  assert.deepEqual(
    PANELS.filter((panel) => panelQuery(panel, state) === undefined),
    ['products', 'payments', 'segments', 'funnel'],
  );
  assert.equal(panelQuery('totals', state)?.state, 'MG');
  assert.equal(panelQuery('states', state)?.state, undefined, 'the map keeps every state');
  assert.ok(
    !String(panelQuery('totals', { state: undefined, category: 'toys' })?.metrics).includes('unique_customers'),
  );
});

test('spans end with the watermark’s bucket and yesterday is cut to the part that has passed', () => {
  const span = spanOf('1h', NOON, true);
  assert.equal(span.to - span.from, 3_600_000);
  assert.equal(span.to, Date.UTC(2026, 0, 10, 12, 1));
  assert.equal(spanOf('24h', NOON, true).to, Date.UTC(2026, 0, 10, 13));
  assert.equal(spanOf('24h', NOON, false).to, Date.UTC(2026, 0, 10, 12, 1));
  assert.ok(Math.abs(elapsedShare('1h', NOON) - (1 - 40 / 3_600)) < 1e-12);
});

test('answers become figures: missing buckets are zeros, money falls back to sales, types gather their endings', () => {
  const columns = (...names: string[]) => names.map((name) => ({ name }));
  const span = { from: 0, to: 180_000, granularity: '1m' as const };
  const points = readPanel(
    'points',
    { columns: columns('minute', 'total_orders', 'total_sales'), rows: [[60_000, 3, 9.5]] },
    span,
  );
  assert.deepEqual(
    points.map(({ orders, revenue, customers }) => [orders, revenue, customers]),
    [
      [0, 0, undefined],
      [3, 9.5, undefined],
      [0, 0, undefined],
    ],
  );
  const rows = [
    ['boleto', 'approved', 8],
    ['boleto', 'failed', 2],
    ['voucher', 'pending', 1],
  ];
  const payments = readPanel(
    'payments',
    { columns: columns('payment_type', 'payment_status', 'total_orders'), rows },
    span,
  );
  assert.deepEqual(payments, [
    { key: 'boleto', total: 10, failed: 2, approved: 8 },
    { key: 'voucher', total: 1, failed: 0, approved: 0 },
  ]);
  assert.equal(readPanel('totals', { columns: columns('total_orders'), rows: [] }, span).orders, 0);
});

test('shares and averages are nothing where the divisor is nothing', () => {
  assert.equal(successShare({ approved: 0, failed: 0 }), undefined);
  assert.equal(successShare({ approved: 3, failed: 1 }), 0.75);
  assert.equal(averageOrder({ paid: 0, revenue: 0 }), undefined);
});

test('a young shop has nothing to compare with, and its chart no line along the floor', () => {
  const none = { orders: 0, paid: 0, revenue: 0, approved: 0, failed: 0, customers: 0 };
  const now = { ...none, orders: 5, paid: 5, revenue: 50 };
  const points = [
    { at: 0, ...now },
    { at: 60_000, ...now },
  ];
  const before = points.map(({ at }) => ({ at, ...none }));
  const input = { points, language: 'en' as const, currency: 'BRL' };
  const tiles = tileFigures({ ...input, totals: now, before: none, pointsBefore: before, elapsed: 1 });
  assert.deepEqual(new Set(tiles.map(({ previous }) => previous)), new Set([undefined]));
  assert.deepEqual(orderLane({ ...input, before }).before, []);
  assert.deepEqual(moneyLane({ ...input, before: points }).before, [50, 50]);
});

test('tiles compare like with like: growing figures with the part of yesterday that has passed', () => {
  const sums = { orders: 50, paid: 40, revenue: 4_000, approved: 40, failed: 10, customers: 45 };
  const before = { ...sums, orders: 100, revenue: 8_000 };
  const tiles = tileFigures({
    totals: sums,
    before,
    points: [],
    pointsBefore: [],
    elapsed: 0.5,
    language: 'en',
    currency: 'BRL',
  });
  assert.equal(tiles.find(({ name }) => name === 'orders')?.delta?.direction, 'flat');
  assert.equal(tiles.find(({ name }) => name === 'average')?.value?.text, 'R$ 100,00');
  assert.equal(tiles.find(({ name }) => name === 'success')?.value?.text, '80,0%');
});

type Call = { readonly path: string; readonly params: URLSearchParams };

function modelWith(answer: (call: Call) => { status: number; body: unknown }): {
  model: LiveModel;
  store: Store;
  calls: Call[];
  pass: (ms: number) => void;
} {
  const { store } = filledStore();
  const calls: Call[] = [];
  let time = 0;
  const http = new Http({
    token: () => 'secret',
    fetch: async (input) => {
      const url = new URL(String(input), 'http://shop');
      const call = { path: url.pathname, params: url.searchParams };
      calls.push(call);
      const { status, body } = answer(call);
      return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
    },
  });
  const model = new LiveModel({ store, http, now: () => time });
  const pass = (ms: number) => {
    time += ms;
    model.tick();
  };
  return { model, store, calls, pass };
}

const settled = (model: LiveModel) =>
  new Promise<void>((resolve) => {
    const end = model.subscribe(() => {
      end();
      resolve();
    });
  });

test('model takes the last hour from the stream and asks only for yesterday', async () => {
  const { model, calls } = modelWith(() => ({
    status: 200,
    body: { columns: [{ name: 'total_orders' }], rows: [[5]] },
  }));
  const done = settled(model);
  model.tick();
  await done;
  assert.equal(model.streamed, true);
  const compared = calls.filter(({ params }) => params.get('group_by') === 'state');
  assert.equal(compared.length, 1);
  const to = Number(compared[0]?.params.get('to'));
  assert.equal(to, Date.UTC(2026, 0, 9, 12, 1), 'a day earlier');
  assert.equal(model.before === undefined ? undefined : figuresOf(model.before.totals)?.orders, 5);
});

test('model asks for a filtered view again and again, and forgets the view before', async () => {
  const { model, calls, pass } = modelWith(() => ({
    status: 200,
    body: { columns: [{ name: 'total_orders' }], rows: [[7]] },
  }));
  model.setView({ ...DEFAULT_VIEW, compare: false, state: 'MG' });
  assert.equal(figuresOf(model.figures.totals), undefined);
  await settled(model);
  assert.equal(figuresOf(model.figures.totals)?.orders, 7);
  assert.equal(model.figures.products.kind, 'absent');
  const first = calls.length;
  pass(1_000);
  assert.equal(calls.length, first, 'not before its time');
  const again = settled(model);
  pass(1_000);
  await again;
  assert.equal(calls.length, first * 2);
  model.setView({ ...DEFAULT_VIEW, compare: false });
  assert.equal(model.streamed, true);
});

test('model lets one panel fail alone, with the server’s reason', async () => {
  const { model } = modelWith(({ params }) =>
    params.get('group_by') === 'state'
      ? {
          status: 503,
          body: { error: { code: 'unavailable', message: 'Cannot answer as aggregator-1 is restarting' } },
        }
      : { status: 200, body: { columns: [{ name: 'total_orders' }], rows: [[7]] } },
  );
  model.setView({ ...DEFAULT_VIEW, compare: false, range: '6h' });
  await settled(model);
  assert.deepEqual(model.figures.states, { kind: 'failed', why: 'Cannot answer as aggregator-1 is restarting' });
  assert.equal(model.figures.totals.kind, 'ready');
});

test('trends are asked for when the top changes or a minute has passed, and leave out the unfinished bucket', async () => {
  const asked: URLSearchParams[] = [];
  const http = new Http({
    token: () => undefined,
    fetch: async (input) => {
      asked.push(new URL(String(input), 'http://shop').searchParams);
      const from = Number(asked.at(-1)?.get('from'));
      const body = {
        columns: [],
        rows: [
          [from, 'a', 5],
          [from + 300_000, 'a', 7],
        ],
      };
      return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
    },
  });
  const answered = Promise.withResolvers<void>();
  const trends = new Trends(http, answered.resolve);
  const row = (key: string, money: number) => ({ key, orders: 1, money });
  trends.tick([row('b', 1), row('a', 2)], '1h', NOON, 0);
  trends.tick([row('a', 2), row('b', 3)], '1h', NOON, 6_000);
  await answered.promise;
  assert.equal(asked.length, 1, 'the same products in another order are no other top');
  assert.equal(Number(asked[0]?.get('to')), Date.UTC(2026, 0, 10, 12));
  assert.deepEqual(trends.lines.get('a')?.slice(0, 3), [5, 7, 0]);
  trends.tick([row('c', 9)], '1h', NOON, 7_000);
  trends.tick([row('c', 9)], '1h', NOON, 70_000);
  assert.equal(asked.length, 3);
});

test('marks are what took an actor away for a while, oldest first', () => {
  const item = (at: number, what: string, down_at: number | null, recovery_ms: number | null) => ({
    at,
    actor: 'a',
    what,
    down_at,
    recovery_ms,
  });
  const items = [item(9, 'hung', 9, null), item(5, 'start', null, null), item(2, 'crashed', 2, 40)];
  assert.deepEqual(readMarks({ items }), [
    { at: 2, actor: 'a', what: 'crashed', recoveryMs: 40 },
    { at: 9, actor: 'a', what: 'hung', recoveryMs: null },
  ]);
  assert.deepEqual(readMarks(null), []);
});

test('address keeps the view, leaves out defaults and what is not its own', () => {
  const view = readView(new URLSearchParams('range=6h&uf=MG&compare=off&theme=dark'));
  assert.deepEqual(view, { range: '6h', compare: false, state: 'MG', category: undefined });
  assert.equal(writeView(new URLSearchParams('theme=dark&uf=SP'), DEFAULT_VIEW).toString(), 'theme=dark');
  assert.equal(writeView(new URLSearchParams(), view).toString(), 'range=6h&compare=off&uf=MG');
  assert.equal(readView(new URLSearchParams('range=9y')).range, '1h');
});

test('language and theme are what was asked, else what the browser says', () => {
  assert.equal(pickLanguage('pt', 'en-US'), 'pt-BR');
  assert.equal(pickLanguage(null, 'pt-PT'), 'pt-BR');
  assert.equal(pickLanguage(null, 'de'), 'en');
  assert.deepEqual(
    ['system', 'dark', 'light'].map((theme) => nextTheme(theme as 'dark', false)),
    ['dark', 'light', 'system'],
  );
  assert.deepEqual(
    ['system', 'light', 'dark'].map((theme) => nextTheme(theme as 'dark', true)),
    ['light', 'dark', 'system'],
  );
});

test('verdict follows the age of the last frame', () => {
  const at = (age: number | undefined, more: { paused?: boolean; empty?: boolean; held?: boolean } = {}) => {
    const status = age === undefined ? undefined : { lastFrameAt: 100_000 - age };
    return verdictOf({
      status: status as never,
      paused: false,
      empty: false,
      held: false,
      now: 100_000,
      startedAt: 99_000,
      ...more,
    });
  };
  assert.deepEqual(
    [undefined, 100, 3_001, 10_001, 15_001].map((age) => at(age)),
    ['connecting', 'live', 'lagging', 'stale', 'offline'],
  );
  assert.equal(at(100, { empty: true }), 'waiting');
  assert.equal(at(100, { paused: true }), 'paused');
  assert.deepEqual([at(100, { held: true }), at(20_000, { held: true })], ['paused', 'offline']);
});
