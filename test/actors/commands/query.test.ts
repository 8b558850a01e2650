import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kpiNote, kpiTable, readKpis } from '../../../actors/commands/query-table.ts';
import { parseKpiQuery } from '../../../actors/kpi/query.ts';
import { runPulso } from '../../system/exactness.ts';
import { connectLane, serve } from '../gateway/served.ts';

const MINUTE = Date.UTC(2026, 0, 2, 3, 4);
const ANSWER = {
  columns: [
    { name: 'minute', type: 'time' },
    { name: 'state', type: 'text' },
    { name: 'total_orders', type: 'integer' },
    { name: 'total_sales', type: 'money' },
  ],
  rows: [
    [MINUTE, 'SP', 12, 1234.5],
    [MINUTE, 'a, "b"', 1, null],
  ],
  truncated: true,
  complete: false,
  watermark: MINUTE + 1_500,
};

test('a table of KPIs has texts to the left and figures to the right', () => {
  const table = readKpis(ANSWER);
  assert.equal(
    kpiTable(table),
    [
      'minute             state   total_orders  total_sales',
      '-----------------  ------  ------------  -----------',
      '2026-01-02T03:04Z  SP                12      1234.50',
      '2026-01-02T03:04Z  a, "b"             1            -',
      '',
    ].join('\n'),
  );
  assert.equal(
    kpiNote(table),
    '2 rows, cut there: --limit N shows more; events up to 2026-01-02T03:04:01.500Z, not complete yet\n',
  );
  assert.equal(
    kpiNote(readKpis({ columns: [], rows: [], watermark: -1 })),
    '0 rows; no events yet, not complete yet\n',
  );
  assert.throws(() => readKpis({ rows: [] }), { code: 'unavailable' });
});

test('pulso query asks what its flags say, and names the flag that is wrong', async (t) => {
  const served = await serve(t);
  await connectLane(served);
  const asked: string[] = [];
  served.answer = (body) => {
    if (body.kind !== 'kpi') return body.kind === 'snapshot' ? served.shop.snapshot(body.from, body.to) : 0;
    parseKpiQuery(new URLSearchParams(body.search), { watermark: MINUTE });
    asked.push(body.search);
    return ANSWER;
  };
  const query = (...args: string[]) => runPulso(['query', '--url', served.url, ...args], { dataDir: 'nowhere' });
  const flags = ['--metrics', 'total_orders,total_sales', '--group-by', 'minute,state', '--order-by', '-total_orders'];
  const [table, csv, json] = await Promise.all([
    query(...flags, '--where', 'state=SP,RJ and category=toys', '--having', 'total_sales>1', '--limit', '2'),
    query('--from', '2026-01-01', '--to', '2026-01-02', '--granularity', '1h', '--source', 'all', '--csv'),
    query('--json'),
  ]);
  assert.match(table.output, /^minute +state +total_orders +total_sales$/m);
  assert.deepEqual([table.code, csv.code, json.code], [0, 0, 0], table.output + csv.output + json.output);
  assert.match(
    csv.output,
    /minute,state,total_orders,total_sales\r\n1767323040000,SP,12,1234.5\r\n1767323040000,"a, ""b""",1,\r\n/,
  );
  assert.deepEqual(JSON.parse(json.output), ANSWER);
  assert.deepEqual(asked.sort(), [
    '',
    'from=2026-01-01&to=2026-01-02&granularity=1h&source=all',
    'metrics=total_orders%2Ctotal_sales&group_by=minute%2Cstate&having=total_sales%3E1&order_by=-total_orders&limit=2&state=SP%2CRJ&category=toys',
  ]);

  const wrong: [string[], RegExp][] = [
    [['--metrics', 'profit'], /Cannot use --metrics as it takes .*: current value is profit/],
    [['--group-by', 'category,segment'], /Cannot combine category x segment .*\(--group-by\)/],
    [['--where', 'limit=3'], /Cannot use --where as it must be dimensions/],
    [['--where', 'planet=earth'], /Cannot use --where planet as a query takes only/],
    [['--csv', '--json'], /both --csv and --json/],
    [['--mertics', 'x'], /Unknown option '--mertics'/],
  ];
  for (const [{ code, output }, pattern] of await Promise.all(
    wrong.map(async ([args, pattern]) => [await query(...args), pattern] as const),
  )) {
    assert.equal(code, 2, output);
    assert.match(output, pattern);
  }
  const nobody = await runPulso(['query'], { dataDir: 'nowhere' });
  assert.deepEqual([nobody.code, /Cannot query as no pulso runs on/.test(nobody.output)], [1, true]);
});
