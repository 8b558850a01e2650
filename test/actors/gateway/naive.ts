/** The channels recomputed from every event ever made: slow, plain, and written apart from the live view. */
import { HyperLogLog } from '../../../actors/kpi/hll.ts';
import { hashOf, MINUTE, type TestOrder, type TestShop } from './lanes.ts';

const HOUR = 60 * MINUTE;
const enc = encodeURIComponent;
type Values = Map<string, number | string>;

export function naiveChannels(shop: TestShop): Record<string, Values> {
  const partitions = shop.partitions;
  const orders = partitions.flatMap((partition) => partition.orders);
  const clicks = partitions.flatMap((partition) => partition.clicks);
  const ordersMark = Math.max(
    ...partitions.filter(({ topic }) => topic === 'orders').map(({ watermark }) => watermark),
  );
  const allMark = Math.max(...partitions.map(({ watermark }) => watermark));
  const watermark = ordersMark < 0 ? allMark : ordersMark;
  const end = Math.floor(watermark / MINUTE) * MINUTE + MINUTE;
  const inHour = <T extends { time: number }>(list: T[], to = end) =>
    list.filter(({ time }) => time >= to - HOUR && time < to);
  const anyIn = (to: number) => inHour(orders, to).length + inHour(clicks, to).length > 0;
  const channels: Record<string, Values> = {
    overview: new Map(),
    series: new Map(),
    minutes: new Map(),
    states: new Map(),
    categories: new Map(),
    products: new Map(),
    payments: new Map(),
    segments: new Map(),
    clicks: new Map(),
  };
  const put = (channel: string, key: string, value: number | string) => (channels[channel] as Values).set(key, value);

  const total = (read: (partition: (typeof partitions)[number]) => number) =>
    partitions.reduce((sum, p) => sum + read(p), 0);
  put(
    'overview',
    'total/events',
    total(({ totals }) => totals.events),
  );
  put('overview', 'total/orders', orders.length);
  put('overview', 'total/paid_orders', orders.filter(isPaid).length);
  put(
    'overview',
    'total/items',
    sum(orders, ({ items }) => items),
  );
  put('overview', 'total/revenue', sum(orders.filter(isPaid), ({ cents }) => cents) / 100);
  put(
    'overview',
    'total/late',
    total(({ ledger }) => ledger.late),
  );
  put(
    'overview',
    'total/dead',
    total(({ ledger }) => ledger.dead),
  );
  for (const [name, to] of [
    ['hour', end],
    ['previous_hour', end - HOUR],
  ] as const) {
    if (!anyIn(to)) continue;
    const hour = inHour(orders, to);
    put('overview', `${name}/orders`, hour.length);
    put('overview', `${name}/paid_orders`, hour.filter(isPaid).length);
    put(
      'overview',
      `${name}/items`,
      sum(hour, ({ items }) => items),
    );
    put('overview', `${name}/revenue`, sum(hour.filter(isPaid), ({ cents }) => cents) / 100);
    put('overview', `${name}/unique_customers`, customers(hour));
    put('overview', `${name}/approved`, hour.filter(({ status }) => status === 'approved').length);
    put('overview', `${name}/failed`, hour.filter(({ status }) => status === 'failed').length);
    put('overview', `${name}/refunds`, 0);
    put('overview', `${name}/refund_amount`, 0);
  }

  const seriesFloor = Math.max(watermark, allMark - 15 * MINUTE) - 15 * MINUTE;
  const secondOf = (time: number) => Math.floor(time / 1000) * 1000;
  for (const second of new Set([...orders, ...clicks].map(({ time }) => secondOf(time)))) {
    if (second <= Math.floor(seriesFloor / 1000) * 1000) continue;
    const here = orders.filter(({ time }) => secondOf(time) === second);
    const clicked = (type: string) =>
      clicks.filter((click) => secondOf(click.time) === second && click.type === type).length;
    put('series', `${second}/orders`, here.length);
    put('series', `${second}/revenue`, sum(here.filter(isPaid), ({ cents }) => cents) / 100);
    put('series', `${second}/views`, clicked('view'));
    put('series', `${second}/carts`, clicked('cart'));
    put('series', `${second}/purchases`, clicked('purchase'));
  }

  const minuteOf = (time: number) => Math.floor(time / MINUTE) * MINUTE;
  for (const minute of new Set([...inHour(orders), ...inHour(clicks)].map(({ time }) => minuteOf(time)))) {
    const here = orders.filter(({ time }) => minuteOf(time) === minute);
    put('minutes', `${minute}/orders`, here.length);
    put('minutes', `${minute}/paid_orders`, here.filter(isPaid).length);
    put(
      'minutes',
      `${minute}/items`,
      sum(here, ({ items }) => items),
    );
    put('minutes', `${minute}/revenue`, sum(here.filter(isPaid), ({ cents }) => cents) / 100);
    put('minutes', `${minute}/approved`, here.filter(({ status }) => status === 'approved').length);
    put('minutes', `${minute}/failed`, here.filter(({ status }) => status === 'failed').length);
    put('minutes', `${minute}/unique_customers`, customers(here));
  }

  const hour = inHour(orders);
  for (const [key, list] of group(hour, ({ state }) => enc(state))) {
    put('states', `${key}/orders`, list.length);
    put('states', `${key}/revenue`, sum(list.filter(isPaid), ({ cents }) => cents) / 100);
  }
  for (const [key, list] of group(hour, ({ category }) => enc(category))) {
    put('categories', `${key}/orders`, list.length);
    put(
      'categories',
      `${key}/items`,
      sum(list, ({ items }) => items),
    );
    put('categories', `${key}/sales`, sum(list.filter(isPaid), ({ cents }) => cents) / 100);
  }
  for (const [key, list] of group(hour, ({ segment }) => enc(segment))) {
    put('segments', `${key}/orders`, list.length);
    put('segments', `${key}/paid_orders`, list.filter(isPaid).length);
    put('segments', `${key}/revenue`, sum(list.filter(isPaid), ({ cents }) => cents) / 100);
    put('segments', `${key}/unique_customers`, customers(list));
  }
  for (const [key, list] of group(hour, ({ paymentType, status }) => `${enc(paymentType)}/${enc(status)}`)) {
    put('payments', key, list.length);
  }
  for (const [key, list] of group(inHour(clicks), ({ type }) => type)) put('clicks', `type/${key}`, list.length);
  const products = [...group(hour, ({ product }) => product)]
    .map(([product, list]) => ({
      product,
      items: sum(list, ({ items }) => items),
      sales: sum(list.filter(isPaid), ({ cents }) => cents) / 100,
    }))
    .sort((a, b) => b.sales - a.sales || (a.product < b.product ? -1 : 1))
    .slice(0, 50);
  for (const { product, items, sales } of products) {
    put('products', `${product}/items`, items);
    put('products', `${product}/sales`, sales);
    put('products', `${product}/name`, `Name of ${product}`);
  }
  return channels;
}

function isPaid({ status }: TestOrder): boolean {
  return status !== 'failed';
}

function sum<T>(list: readonly T[], read: (item: T) => number): number {
  return list.reduce((total, item) => total + read(item), 0);
}

function group<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(list, keyOf);
}

function customers(list: readonly TestOrder[]): number {
  const sketch = new HyperLogLog();
  for (const { customer } of list) sketch.add(...hashOf(customer));
  return sketch.estimate();
}
