/**
 * Asks a running pulso over HTTP what it holds and lists every difference from the model: ledger, dead letters and
 * KPI queries over the whole span. Exact but for unique customers (a sketch) and the rounding of averages.
 */
import { type Dimension, type Question, type Sums, type Table, tabulate } from './kpi.ts';
import type { ModelResult } from './model.ts';
import { type Answer, ask, askPages } from './questions.ts';
import type { Reading } from './rules.ts';

/** unique_customers: four standard errors of the sketch, as dozens are compared each time, and something for tiny sets. */
const CUSTOMER_TOLERANCE = 4 * 0.0115;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A query of every cell asks for this much time at once, to stay under the limit of rows. */
const SLICE = 10 * MINUTE;

type Metric = Exclude<keyof Sums, 'customers'> | 'unique_customers' | 'avg_order_value' | 'payment_success_rate';
type Check = Question & { metrics: readonly Metric[]; slices?: boolean };

const ORDER_METRICS = ['total_orders', 'paid_orders', 'total_items', 'total_sales', 'avg_order_value'] as const;
const ALL_METRICS: readonly Metric[] = [
  ...ORDER_METRICS,
  ...(['revenue', 'payments_approved', 'payments_failed', 'payment_success_rate'] as const),
  ...(['refunds', 'refund_amount', 'events', 'unique_customers'] as const),
];
const MONEY: readonly string[] = ['total_sales', 'revenue', 'refund_amount'];

/** Every grouping that a cube holds now, in several granularities and filters. */
const CHECKS: readonly Check[] = [
  { groupBy: [], metrics: ALL_METRICS },
  { groupBy: ['minute'], metrics: ALL_METRICS },
  { groupBy: ['minute'], granularityMs: 5 * MINUTE, metrics: ALL_METRICS },
  { groupBy: ['minute'], granularityMs: HOUR, metrics: ALL_METRICS },
  { groupBy: ['state'], metrics: [...ORDER_METRICS, 'revenue', 'unique_customers'] },
  { groupBy: ['category'], metrics: ORDER_METRICS },
  { groupBy: ['minute', 'state', 'category'], metrics: ORDER_METRICS, slices: true },
  { groupBy: ['minute', 'state', 'category'], granularityMs: HOUR, metrics: ORDER_METRICS },
  { groupBy: ['state', 'category'], metrics: ORDER_METRICS },
  { groupBy: ['payment_type', 'payment_status'], metrics: ['total_orders', 'revenue'] },
  { groupBy: ['segment'], metrics: [...ORDER_METRICS, 'revenue', 'unique_customers'] },
  { groupBy: ['product'], metrics: ORDER_METRICS },
  { groupBy: ['event_type'], metrics: ['events'] },
  { groupBy: ['minute', 'event_type'], granularityMs: 5 * MINUTE, metrics: ['events'] },
  { groupBy: ['minute'], state: ['SP', 'São Paulo', 'A|B'], metrics: ORDER_METRICS },
  { groupBy: ['state'], category: ['toys', 'B|C'], metrics: ORDER_METRICS },
];

export async function compareAll(url: string, model: ModelResult): Promise<string[]> {
  return [
    ...(await compareLedger(url, model)),
    ...(await compareDeadLetters(url, model)),
    ...(await compareKpis(url, model.counted)),
  ];
}

export async function compareLedger(url: string, model: ModelResult): Promise<string[]> {
  const { total, partitions } = (await ask(url, '/ledger')) as {
    total: Record<string, number>;
    partitions: Record<string, number | string>[];
  };
  const differences: string[] = [];
  const names = ['in', 'counted', 'late', 'dead', 'duplicates'] as const;
  for (const name of names) {
    const expected = [...model.partitions.values()].reduce((sum, partition) => sum + partition[name], 0);
    if (total[name] !== expected) differences.push(`ledger total ${name}: ${total[name]} instead of ${expected}`);
  }
  const got = new Map(partitions.map((row) => [`${row.topic}/${row.partition}`, row]));
  for (const [name, expected] of model.partitions) {
    if (expected.records === 0) continue;
    const row = got.get(name) ?? {};
    const wanted = { ...pick(expected, names), offset: expected.records, end_offset: expected.records, lag: 0 };
    for (const [field, value] of Object.entries({ ...wanted, watermark: expected.watermark }))
      if (row[field] !== value) differences.push(`ledger ${name} ${field}: ${row[field]} instead of ${value}`);
  }
  return differences;
}

export async function compareDeadLetters(url: string, model: ModelResult): Promise<string[]> {
  const got = await askPages(url, '/dead-letters');
  const name = (letter: Record<string, unknown>) =>
    ['topic', 'partition', 'offset', 'element', 'reason', 'field'].map((field) => String(letter[field])).join(' ');
  // An element that is no place in an array may be told as -1, null or not at all.
  const plain = (letter: Record<string, unknown>) => ({ ...letter, element: Number(letter.element ?? -1) });
  return compareBags(
    'dead letter',
    got.map((letter) => name(plain(letter))),
    model.deadLetters.map((letter) => name(letter)),
  );
}

export async function compareKpis(url: string, events: readonly Reading[]): Promise<string[]> {
  const times = events.map(({ time }) => time);
  const from = Math.floor(times.reduce((a, b) => Math.min(a, b), Infinity) / HOUR) * HOUR;
  const to = Math.ceil((times.reduce((a, b) => Math.max(a, b), 0) + 1) / HOUR) * HOUR;
  const differences: string[] = [];
  for (const check of CHECKS) {
    const span = check.slices ? SLICE : to - from;
    for (let at = from; at < to; at += span)
      differences.push(...(await compareQuestion(url, events, { ...check, from: at, to: at + span })));
  }
  return differences;
}

async function compareQuestion(url: string, events: readonly Reading[], check: Check): Promise<string[]> {
  const about = describe(check);
  let answer: Answer;
  try {
    answer = (await ask(url, `/kpi/query?${search(check)}`)) as Answer;
  } catch (error) {
    return [`${about}: ${error instanceof Error ? error.message : error}`];
  }
  if (answer.truncated) return [`${about}: truncated`];
  return compareTables(about, readRows(answer, check), tabulate(events, check), check);
}

function compareTables(about: string, got: Map<string, Row>, expected: Table, check: Check): string[] {
  const differences: string[] = [];
  for (const key of new Set([...got.keys(), ...expected.keys()])) {
    const sums = expected.get(key);
    const row = got.get(key);
    if (row === undefined && sums !== undefined && isEmpty(sums, check.metrics)) continue;
    if (sums === undefined && row !== undefined && Object.values(row).every((value) => !value)) continue;
    for (const metric of check.metrics) {
      const wanted = sums === undefined ? 0 : metricOf(sums, metric, check);
      const value = row?.[metric] ?? null;
      if (!agrees(metric, value, wanted)) differences.push(`${about} ${key} ${metric}: ${value} instead of ${wanted}`);
    }
  }
  return differences;
}

type Row = Readonly<Record<string, number | null>>;

function readRows(answer: Answer, { groupBy, metrics }: Check): Map<string, Row> {
  const place = (name: string) => answer.columns.findIndex((column) => column.name === name);
  const rows = new Map<string, Row>();
  for (const cells of answer.rows) {
    const key = JSON.stringify(groupBy.map((dimension) => cells[place(dimension)] ?? null));
    rows.set(
      key,
      Object.fromEntries(metrics.map((metric) => [metric, (cells[place(metric)] ?? null) as number | null])),
    );
  }
  return rows;
}

/** A metric as the API tells it: money in decimal units, null where the divisor is 0. */
function metricOf(sums: Sums, metric: Metric, { groupBy, category }: Question): number | null {
  switch (metric) {
    case 'unique_customers':
      return sums.customers.size;
    case 'avg_order_value': {
      const byItem = category !== undefined || groupBy.includes('category') || groupBy.includes('product');
      const money = byItem ? sums.total_sales : sums.revenue;
      return sums.paid_orders === 0n ? null : Number(money) / Number(sums.paid_orders) / 100;
    }
    case 'payment_success_rate': {
      const decided = sums.payments_approved + sums.payments_failed;
      return decided === 0n ? null : Number(sums.payments_approved) / Number(decided);
    }
    default:
      return MONEY.includes(metric) ? Number(sums[metric]) / 100 : Number(sums[metric]);
  }
}

function agrees(metric: Metric, got: number | null, expected: number | null): boolean {
  if (got === null || expected === null) return got === expected;
  switch (metric) {
    case 'unique_customers':
      return Math.abs(got - expected) <= Math.max(2, expected * CUSTOMER_TOLERANCE);
    case 'avg_order_value':
      return Math.abs(got - expected) <= 0.0051;
    case 'payment_success_rate':
      return Math.abs(got - expected) <= 0.0001;
    default:
      return MONEY.includes(metric) ? Math.round(got * 100) === Math.round(expected * 100) : got === expected;
  }
}

function isEmpty(sums: Sums, metrics: readonly Metric[]): boolean {
  return metrics.every((metric) => !metricOf(sums, metric, { groupBy: [] }));
}

function search(check: Check): string {
  const granularity = { [MINUTE]: '1m', [5 * MINUTE]: '5m', [HOUR]: '1h' }[check.granularityMs ?? MINUTE] as string;
  const list = (values: readonly string[]) => values.join(',');
  const params = new URLSearchParams({ metrics: list(check.metrics), granularity, limit: '100000' });
  if (check.groupBy.length > 0) params.set('group_by', list(check.groupBy satisfies readonly Dimension[]));
  for (const filter of ['state', 'category'] as const) if (check[filter]) params.set(filter, list(check[filter]));
  for (const end of ['from', 'to'] as const) params.set(end, String(check[end]));
  return params.toString();
}

function describe({ groupBy, granularityMs, state, category, from }: Check): string {
  const filter = [...(state ?? []), ...(category ?? [])].join(',');
  return `kpi by ${groupBy.join('+') || 'nothing'} (${(granularityMs ?? MINUTE) / MINUTE} min${filter ? `, ${filter}` : ''}, from ${from})`;
}

function compareBags(what: string, got: readonly string[], expected: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const name of got) left.set(name, (left.get(name) ?? 0) + 1);
  for (const name of expected) left.set(name, (left.get(name) ?? 0) - 1);
  return [...left]
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => `${what} ${count > 0 ? 'too many' : 'missing'}: ${name}`);
}

function pick<T extends object, K extends keyof T>(from: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Pick<T, K>;
}
