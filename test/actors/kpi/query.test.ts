import assert from 'node:assert/strict';
import test from 'node:test';
import { dayStartIn } from '../../../actors/kpi/granularity.ts';
import { kpiSchema, parseKpiQuery, runKpiQuery } from '../../../actors/kpi/query.ts';
import { AppError } from '../../../protocol/errors.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 2025-11-20T01:23:45.678Z */
const WATERMARK = 1_763_601_825_678;
const END = 1_763_601_840_000;

function parse(search: string, dayStart?: (time: number) => number) {
  return parseKpiQuery(new URLSearchParams(search), { watermark: WATERMARK, ...(dayStart ? { dayStart } : {}) });
}

function refused(search: string, field: string, rule: RegExp): void {
  assert.throws(
    () => parse(search),
    (error: unknown) => {
      assert.ok(error instanceof AppError, String(error));
      assert.deepEqual([error.code, error.field], ['bad-parameter', field]);
      assert.match(error.message, rule);
      return true;
    },
  );
}

test('query without a range is for the hour that ends with the minute of the watermark', () => {
  const { from, to } = parse('');
  assert.deepEqual([from, to], [END - HOUR, END]);
});

for (const [search, from, to] of [
  ['from=1763600000000&to=1763600400000', 1_763_599_980_000, 1_763_600_400_000],
  ['from=2025-11-20T00:07:00Z&to=2025-11-20T00:17:30Z&granularity=5m', '2025-11-20T00:05Z', '2025-11-20T00:15Z'],
  ['from=2025-11-20T00:07&granularity=1h', '2025-11-20T00:00Z', END],
  ['to=2025-11-20T00:07-03:00', '2025-11-20T02:07Z', '2025-11-20T03:07Z'],
  ['from=2025-11-19&to=2025-11-20T00:00:00%2B01:00', '2025-11-19T00:00Z', '2025-11-19T23:00Z'],
  ['from=2025-11-19&to=2025-11-20T00:00:00+01:00', '2025-11-19T00:00Z', '2025-11-19T23:00Z'],
  ['granularity=1h', '2025-11-20T00:00Z', END],
] as const)
  test(`query ${search} has the range that it says`, () => {
    const query = parse(search);
    const wanted = [from, to].map((time) => (typeof time === 'number' ? time : Date.parse(time)));
    assert.deepEqual([query.from, query.to], wanted);
  });

test('query by day begins at the midnight of the zone', () => {
  const query = parse('granularity=1d&from=2025-11-19T12:00:00Z', dayStartIn('America/Sao_Paulo'));
  assert.equal(query.from, Date.parse('2025-11-19T03:00:00Z'));
  assert.equal(query.bucketOf(WATERMARK), Date.parse('2025-11-19T03:00:00Z'));
});

for (const [search, cube] of [
  ['', 'overall'],
  ['group_by=minute', 'overall'],
  ['group_by=minute&metrics=refunds,unique_customers', 'overall'],
  ['group_by=state', 'state'],
  ['group_by=state&metrics=unique_customers', 'state'],
  ['state=SP&group_by=category', 'state_category'],
  ['group_by=category,minute', 'category'],
  ['group_by=category,state', 'state_category'],
  ['group_by=payment_status', 'payment'],
  ['payment_type=pix', 'payment'],
  ['metrics=payment_value', 'payment'],
  ['group_by=event_type', 'event_type'],
  ['group_by=segment&metrics=revenue', 'segment'],
  ['group_by=product', 'product'],
] as const)
  test(`query ${search || '(empty)'} is answered from ${cube}`, () => {
    assert.equal(parse(search).cube, cube);
  });

test('query with a bare state or category is by minute, state and category', () => {
  for (const search of ['state=SP', 'category=toys', 'state=SP,RJ&category=toys&limit=5']) {
    const { groupBy, cube, metrics } = parse(search);
    assert.deepEqual(groupBy, ['minute', 'state', 'category']);
    assert.equal(cube, 'state_category');
    assert.deepEqual(metrics, ['total_orders', 'total_items', 'total_sales', 'avg_order_value']);
  }
  assert.deepEqual(parse('state=SP&metrics=total_orders').groupBy, []);
});

test('query without metrics gets those that its cube has', () => {
  assert.deepEqual(parse('group_by=event_type').metrics, ['events']);
  assert.ok(parse('group_by=payment_type').metrics.includes('revenue'));
});

test('query takes a filter with several values, in one parameter or in several', () => {
  assert.deepEqual(
    [...(parse('state=SP,RJ&state=MG&metrics=total_orders').filters.get('state') ?? [])],
    ['SP', 'RJ', 'MG'],
  );
});

test('query reads only its cube, and sketches where customers are asked for', () => {
  assert.deepEqual(parse('group_by=state').read, { cubes: ['state'], sketches: [] });
  assert.deepEqual(parse('group_by=state&having=unique_customers>3').read, { cubes: ['state'], sketches: ['state'] });
});

test('query ignores the token of the request', () => {
  assert.equal(parse('token=abc').cube, 'overall');
});

for (const [search, field, rule] of [
  ['grup_by=state', 'grup_by', /takes only metrics, group_by/],
  ['metrics=orders', 'metrics', /total_orders/],
  ['metrics=', 'metrics', /each once/],
  ['metrics=total_orders,total_orders', 'metrics', /each once/],
  ['metrics=order_value_p50', 'metrics', /current value is order_value_p50/],
  ['metrics=revenue&group_by=category', 'metrics', /these metrics go with it: total_orders, paid_orders/],
  ['metrics=unique_customers&group_by=payment_type', 'metrics', /by payment_type/],
  ['metrics=total_items_error', 'metrics', /nothing but minute/],
  ['group_by=warehouse', 'group_by', /minute, state/],
  ['group_by=second', 'group_by', /minute, state/],
  ['group_by=state,payment_type', 'group_by', /Cannot combine state x payment_type as .* state x category/],
  ['group_by=product&state=SP', 'group_by', /Cannot combine product x state/],
  ['state=', 'state', /one value or more/],
  ['granularity=2m', 'granularity', /1m, 5m, 1h, 1d/],
  ['source=cold', 'source', /all, hot, archive/],
  ['limit=0', 'limit', /1 to 100000/],
  ['limit=100001', 'limit', /1 to 100000/],
  ['limit=1e3', 'limit', /current value is 1e3/],
  ['limit=5&limit=6', 'limit', /may be given once/],
  ['from=yesterday', 'from', /ISO 8601/],
  ['to=9999999999999999', 'to', /ISO 8601/],
  ['from=2025-11-20&to=2025-11-20', 'from', /before "to"/],
  ['having=total_sales', 'having', /total_sales>1000/],
  ['having=sales>1', 'having', /current value is sales>1/],
  ['having=total_orders>1 or total_items>2', 'having', /joined by and/],
  ['having=refunds>1&group_by=state', 'metrics', /refunds by state/],
  ['order_by=state', 'order_by', /it takes/],
  ['order_by=-total_sales&metrics=total_orders', 'order_by', /current value is -total_sales/],
] as const)
  test(`query ${search} is refused by name`, () => refused(search, field, rule));

test('query on nothing yet has an empty range before 1970', () => {
  const query = parseKpiQuery(new URLSearchParams(), { watermark: -1 });
  assert.deepEqual([query.from, query.to], [-HOUR, 0]);
  assert.deepEqual(runKpiQuery(query, []).rows, [[0, 0, 0, null]]);
});

test('schema lists the combinations that queries can ask for', () => {
  const { combinations, dimensions, metrics } = kpiSchema();
  for (const { dimensions: dims, metrics: names } of combinations)
    assert.deepEqual(parse(`group_by=${['minute', ...dims]}&metrics=${names}`).metrics, names);
  assert.ok(dimensions.includes('minute') && !dimensions.includes('second'));
  assert.deepEqual(
    metrics.find(({ name }) => name === 'total_sales'),
    { name: 'total_sales', type: 'money' },
  );
});
