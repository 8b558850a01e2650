/** The last hour from the stream's channels. Computed again only when its channel moved. */
import {
  type Figures,
  type Funnel,
  LOADING,
  type Panel,
  type PaymentRow,
  type Point,
  type Row,
  type Sums,
} from './figures.ts';
import { type Fields, numberOf, readRows } from './rows.ts';
import type { ChannelData, Store } from './store.ts';

const MINUTE_MS = 60_000;
/** Minutes of the rolling hour. */
const POINTS = 60;

/** Keeps the last result of `compute` as long as the channel's version stays. */
function memo<T>(compute: (channel: ChannelData) => T): (channel: ChannelData) => Panel<T> {
  let known: Panel<T> = LOADING;
  let of: ChannelData | undefined;
  let version = -1;
  return (channel) => {
    if (!channel.ready) return LOADING;
    if (of === channel && version === channel.version) return known;
    of = channel;
    version = channel.version;
    known = { kind: 'ready', value: compute(channel) };
    return known;
  };
}

/** Figures of the last hour, panel by panel; a panel that did not move is the same object as before. */
export function liveSelector(store: Store): () => Figures {
  const totals = memo(readTotals);
  const points = memo(readPoints);
  const states = memo((channel) => readDimension(channel, 'revenue'));
  const categories = memo((channel) => readDimension(channel, 'sales'));
  const products = memo((channel) => readDimension(channel, 'sales'));
  const payments = memo(readPayments);
  const segments = memo((channel) => readDimension(channel, 'revenue'));
  const funnel = memo(readFunnel);
  return () => ({
    totals: totals(store.channel('overview')),
    points: points(store.channel('minutes')),
    states: states(store.channel('states')),
    categories: categories(store.channel('categories')),
    products: products(store.channel('products')),
    payments: payments(store.channel('payments')),
    segments: segments(store.channel('segments')),
    funnel: funnel(store.channel('clicks')),
  });
}

function readTotals({ values }: ChannelData): Sums {
  const hour = (name: string) => numberOf(values.get(`hour/${name}`));
  return {
    orders: hour('orders') ?? 0,
    paid: hour('paid_orders') ?? 0,
    revenue: hour('revenue') ?? 0,
    approved: hour('approved') ?? 0,
    failed: hour('failed') ?? 0,
    customers: hour('unique_customers') ?? 0,
  };
}

/** Every minute of the hour that ends with the newest one, those without an event as zeros. */
function readPoints({ values, watermark }: ChannelData): Point[] {
  const rows = readRows(values);
  if (rows.size === 0) return [];
  const newest = Math.max(...[...rows.keys()].map(Number), Math.floor(watermark / MINUTE_MS) * MINUTE_MS);
  return Array.from({ length: POINTS }, (_, index) => {
    const at = newest - (POINTS - 1 - index) * MINUTE_MS;
    return { at, ...pointSums(rows.get(String(at)) ?? {}) };
  });
}

function pointSums(fields: Fields): Sums {
  const field = (name: string) => numberOf(fields[name]) ?? 0;
  return {
    orders: field('orders'),
    paid: field('paid_orders'),
    revenue: field('revenue'),
    approved: field('approved'),
    failed: field('failed'),
    customers: field('unique_customers'),
  };
}

function readDimension({ values }: ChannelData, money: 'revenue' | 'sales'): Row[] {
  return [...readRows(values)].map(([key, fields]) => ({
    key,
    ...(typeof fields.name === 'string' ? { name: fields.name } : {}),
    orders: numberOf(fields.orders) ?? 0,
    ...(typeof fields.paid_orders === 'number' ? { paid: fields.paid_orders } : {}),
    items: numberOf(fields.items) ?? 0,
    money: numberOf(fields[money]) ?? 0,
    customers: numberOf(fields.unique_customers) ?? 0,
  }));
}

function readFunnel({ values }: ChannelData): Funnel {
  const count = (type: string) => numberOf(values.get(`type/${type}`)) ?? 0;
  return { views: count('view'), carts: count('cart'), purchases: count('purchase') };
}

function readPayments({ values }: ChannelData): PaymentRow[] {
  return [...readRows(values)].map(([key, fields]) => paymentRow(key, fields));
}

/** A type with its payments by how they ended. */
export function paymentRow(key: string, byStatus: Fields): PaymentRow {
  let total = 0;
  for (const value of Object.values(byStatus)) total += numberOf(value) ?? 0;
  return {
    key,
    total,
    failed: numberOf(byStatus.failed) ?? 0,
    approved: numberOf(byStatus.approved) ?? 0,
  };
}
