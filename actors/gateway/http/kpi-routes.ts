/** Routes of the figures: health, KPIs, orders, ledger, events in. */
import { AppError } from '../../../protocol/errors.ts';
import { partitionKey } from '../../../protocol/event.ts';
import type { Finding } from '../../../protocol/message.ts';
import { kpiSchema } from '../../kpi/query.ts';
import type { Page, StoredOrder } from '../../ports/hot-store.ts';
import type { GatewayState } from '../state.ts';
import { sumLedgers } from '../status.ts';
import { IDLE_MS } from '../view/latest.ts';
import { type Answer, JSON_TYPE, json, list, notFound, text } from './answer.ts';
import { chunksOf } from './body.ts';
import { csv } from './csv.ts';
import { checkKnown, limitOf, stretchOf, textOf, timeOf } from './params.ts';
import type { Ask, Route } from './router.ts';

export const NDJSON = 'application/x-ndjson';
const LATEST_ORDERS = 5;

type KpiAnswer = {
  readonly columns: readonly { readonly name: string }[];
  readonly rows: readonly (readonly unknown[])[];
};

export function kpiRoutes(state: GatewayState): Route[] {
  const get = (path: string, handle: Route['handle'], access: Route['access'] = 'read'): Route => ({
    method: 'GET',
    path,
    access,
    handle,
  });
  return [
    get('/healthz', () => json({ status: 'ok' }), 'open'),
    get('/readyz', () => readiness(state), 'open'),
    get('/kpi/latest', () => latest(state)),
    get('/kpi/query', (ask) => kpiQuery(state, ask)),
    get('/kpi/summary', (ask) => kpiSummary(state, ask)),
    get('/kpi/schema', () => json(kpiSchema())),
    get('/orders', (ask) => orders(state, ask)),
    get('/orders/latest', (ask) => latestOrders(state, ask)),
    get('/orders/:id', (ask) => order(state, ask)),
    get('/ledger', () => ledger(state)),
    get('/quality', ({ search }) => findings(search, [...state.status.findings.values()])),
    get('/alerts', ({ search }) => findings(search, state.status.alerts())),
    { method: 'POST', path: '/events', access: 'write', takes: NDJSON, handle: (ask) => takeEvents(state, ask) },
  ];
}

function findings(search: URLSearchParams, found: readonly Finding[]): Answer {
  const [shown, next] = stretchOf(search, found);
  return list(
    shown.map(({ type: _, ...finding }) => finding),
    next,
  );
}

function readiness(state: GatewayState): Answer {
  const missing = state.status.missing(state.view);
  return missing.length === 0 ? json({ status: 'ready' }) : json({ status: 'not-ready', missing }, 503);
}

/** Served from memory, at once; only while that is being filled it takes a moment. */
function latest(state: GatewayState): Answer | Promise<Answer> {
  const answer = () => text(state.latest.bytes(Date.now()), JSON_TYPE);
  return state.view.stale ? state.whenLoaded().then(answer) : answer();
}

async function kpiQuery(state: GatewayState, { search, request }: Ask): Promise<Answer> {
  const answer = await askKpis<KpiAnswer>(state, 'kpi', search);
  if (!/\btext\/csv\b/i.test(request.headers.accept ?? '')) return json(answer);
  const names = answer.columns.map(({ name }) => name);
  return text(csv(names, answer.rows), 'text/csv; charset=utf-8; header=present');
}

async function kpiSummary(state: GatewayState, { search }: Ask): Promise<Answer> {
  checkKnown(search, 'from', 'to', 'source');
  return json(await askKpis(state, 'kpi-summary', search));
}

async function askKpis<T>(state: GatewayState, kind: 'kpi' | 'kpi-summary', search: URLSearchParams): Promise<T> {
  await state.whenLoaded();
  const asked = new URLSearchParams(search);
  asked.delete('token');
  const now = Date.now();
  const idle = state.view.partitions().filter(({ movedAt }) => now - movedAt >= IDLE_MS);
  const { watermark } = state.view;
  return state.reader.ask<T>({ kind, search: asked.toString(), watermark, idle: idle.map(partitionKey) });
}

async function orders(state: GatewayState, { search }: Ask): Promise<Answer> {
  checkKnown(search, 'from', 'to', 'state', 'limit', 'cursor');
  const customerState = textOf(search, 'state');
  const cursor = textOf(search, 'cursor');
  const page = await state.reader.ask<Page<StoredOrder>>({
    kind: 'orders',
    from: timeOf(search, 'from') ?? Number.MIN_SAFE_INTEGER,
    to: timeOf(search, 'to') ?? Number.MAX_SAFE_INTEGER,
    limit: limitOf(search),
    ...(customerState === undefined ? {} : { state: customerState }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  return list(page.items.map(shownOrder), page.next);
}

async function latestOrders(state: GatewayState, { search }: Ask): Promise<Answer> {
  checkKnown(search, 'limit');
  const page = await state.reader.ask<Page<StoredOrder>>({
    kind: 'orders',
    from: Number.MIN_SAFE_INTEGER,
    to: Number.MAX_SAFE_INTEGER,
    limit: limitOf(search, LATEST_ORDERS),
  });
  return list(page.items.map(shownOrder), page.next);
}

async function order(state: GatewayState, { params }: Ask): Promise<Answer> {
  const id = params.id as string;
  const found = await state.reader.ask<StoredOrder | undefined | null>({ kind: 'order', id });
  if (found === undefined || found === null) throw notFound(`order ${JSON.stringify(id.slice(0, 200))}`);
  return json(shownOrder(found));
}

/** The order's own fields, then where it stands; what it stands under wins over a field of the same name. */
function shownOrder({ event, topic, partition, offset, element, time, mark, archived }: StoredOrder) {
  const id = `${topic}:${partition}:${offset}${element < 0 ? '' : `:${element}`}`;
  return { ...event, _id: id, topic, partition, offset, element: element < 0 ? null : element, time, mark, archived };
}

async function ledger(state: GatewayState): Promise<Answer> {
  await state.whenLoaded();
  const partitions = state.status.ledgers(state.view);
  return json({ total: sumLedgers(partitions), partitions });
}

async function takeEvents(state: GatewayState, { request }: Ask): Promise<Answer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new AppError('unsupported-media-type', `Cannot read a body in encoding ${encoding}: send it plain`);
  }
  const length = request.headers['content-length'];
  const taken = await state.intake.take(chunksOf(request), length === undefined ? undefined : Number(length));
  return json(taken, 202);
}
