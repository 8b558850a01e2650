/** Answers GET /kpi/query out of the made-up shop, in the shape of the contract, for the combinations the page asks. */
import { cents, MINUTE_MS, type Minute, type World } from './ui-world.ts';

const STEP_MS: Readonly<Record<string, number>> = { '1m': MINUTE_MS, '5m': 5 * MINUTE_MS, '1h': 60 * MINUTE_MS };
const DAY_MS = 86_400_000;

type Cell = string | number | null;
export type Answer = { readonly status: number; readonly body: unknown };

export function answerQuery(world: World, params: URLSearchParams, watermark: number): Answer {
  const metrics = (params.get('metrics') ?? 'total_orders').split(',');
  const groups = (params.get('group_by') ?? '').split(',').filter((name) => name !== '');
  const refused = refusal(metrics, groups, params);
  if (refused !== undefined) return refused;
  const end = Math.floor(watermark / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const from = Number(params.get('from') ?? end - 60 * MINUTE_MS);
  const to = Math.min(Number(params.get('to') ?? end), end);
  const rows: Cell[][] = [];
  for (const [keys, share, failed] of cells(world, groups, params, Math.floor(from / DAY_MS))) {
    const steps = groups.includes('minute')
      ? buckets(from, to, params.get('granularity') ?? '1m')
      : [[from, to] as const];
    for (const [start, stop] of steps) {
      const sums = world.sums(start, Math.min(stop, to));
      const named = new Map(groups.map((name, index) => [name, name === 'minute' ? start : (keys[index] ?? '')]));
      rows.push([
        ...groups.map((name) => named.get(name) as Cell),
        ...metrics.map((name) => metric(name, sums, share, failed)),
      ]);
    }
  }
  const columns = [...groups, ...metrics].map((name) => ({ name, type: 'number' }));
  const limit = Number(params.get('limit') ?? 1_000);
  const body = {
    columns,
    rows: rows.slice(0, limit),
    as_of: watermark,
    watermark,
    complete: false,
    truncated: rows.length > limit,
    sources: ['hot'],
  };
  return { status: 200, body };
}

/** As the product does: a combination that no cube holds is refused by name. */
function refusal(metrics: readonly string[], groups: readonly string[], params: URLSearchParams): Answer | undefined {
  const used = new Set([...groups, ...['state', 'category'].filter((name) => params.has(name))]);
  const whole = metrics.filter((name) => name.startsWith('payment') || name === 'unique_customers');
  const bad = whole.find((name) => used.has('category') || (name.startsWith('payment') && used.has('state')));
  const pair = ['product', 'segment', 'payment_type'].find(
    (name) => used.has(name) && (params.has('state') || params.has('category')),
  );
  const field = bad ?? pair;
  if (field === undefined) return undefined;
  return {
    status: 400,
    body: { error: { code: 'bad-parameter', message: `Cannot combine ${field}: no cube holds it`, field } },
  };
}

/** Keys of the groups (without minute), the part of the shop they are, and the part of it that failed. */
function* cells(
  world: World,
  groups: readonly string[],
  params: URLSearchParams,
  day: number,
): Generator<[string[], number, number]> {
  const part = ['state', 'category'].reduce(
    (share, name) => share * filterShare(world, name, params.get(name), groups, day),
    1,
  );
  const dimension = groups.find((name) => name !== 'minute' && name !== 'payment_status');
  if (dimension === undefined) {
    yield [groups.map(() => ''), part, 0];
    return;
  }
  for (const [key, share] of world.shares(dimension, day)) {
    if (params.has(dimension) && !params.get(dimension)?.split(',').includes(key)) continue;
    if (groups.includes('payment_status')) {
      const failed = world.failedShare(key);
      yield [groups.map((name) => (name === 'payment_status' ? 'approved' : key)), share * (1 - failed), 0];
      yield [groups.map((name) => (name === 'payment_status' ? 'failed' : key)), share * failed, 1];
    } else yield [groups.map((name) => (name === dimension ? key : (params.get(name) ?? ''))), share * part, 0];
  }
}

function filterShare(world: World, name: string, key: string | null, groups: readonly string[], day: number): number {
  if (key === null || groups.find((group) => group !== 'minute') === name) return 1;
  return world.shares(name, day).get(key) ?? 0;
}

function buckets(from: number, to: number, granularity: string): (readonly [number, number])[] {
  const step = STEP_MS[granularity] ?? MINUTE_MS;
  const list: (readonly [number, number])[] = [];
  for (let at = Math.floor(from / step) * step; at < to; at += step) list.push([at, at + step]);
  return list;
}

function metric(name: string, sums: Minute, share: number, failed: number): Cell {
  const of = (value: number) => Math.round(value * share);
  const table: Record<string, () => Cell> = {
    total_orders: () => of(sums.orders),
    paid_orders: () => (failed === 1 ? 0 : of(sums.paid_orders)),
    total_items: () => of(sums.items),
    total_sales: () => cents(sums.revenue * 0.86 * share),
    revenue: () => cents(sums.revenue * share),
    unique_customers: () => of(sums.unique_customers),
    payments_approved: () => of(sums.approved),
    events: () => of(sums.orders * 22),
    payments_failed: () => of(sums.failed),
  };
  return table[name]?.() ?? null;
}
