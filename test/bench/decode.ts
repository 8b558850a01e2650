/**
 * Records to columns, per CPU second of one thread: canonical orders of some 350 bytes with 50,000 customers,
 * 30,000 products and 72 categories in batches of 1,200; the same with 5 % written otherwise; and what routing costs.
 */
import { BatchDecoder } from '../../protocol/decode.ts';
import { route } from '../../protocol/route.ts';
import { type Figure, perCpuSecond } from './figures.ts';

const ORDERS = 20_000;
const BATCH = 1_200;
/** The first rounds are for the compiler. */
const ROUNDS = { warmUp: 5, measured: 15 };
const SOURCE = { topic: 'orders', partition: 0, base: 0 };
const LOGGED_AT = 1_763_700_000_000;
const UNIT = 'events per CPU second';

export async function benchDecode(): Promise<Figure[]> {
  const canonical = Array.from({ length: ORDERS }, (_, at) => canonicalOrder(at));
  const odd = canonical.map((text, at) => (at % 20 === 0 ? text.replaceAll(':', ': ') : text));
  const decoder = new BatchDecoder({ futureMs: 300_000 });
  const add = decoder.add.bind(decoder);
  const addSlow = decoder.addSlow.bind(decoder);
  return [
    await figure('decode, canonical', canonical, (records) => decodeAll(decoder, records, add)),
    await figure('decode, 5 % odd', odd, (records) => decodeAll(decoder, records, add)),
    await figure('decode, by JSON.parse', canonical, (records) => decodeAll(decoder, records, addSlow)),
    await figure('route, canonical', canonical, routeAll),
  ];
}

async function figure(
  name: string,
  texts: readonly string[],
  work: (records: Uint8Array[]) => number,
): Promise<Figure> {
  const encoder = new TextEncoder();
  const records = texts.map((text) => encoder.encode(text));
  for (let round = 0; round < ROUNDS.warmUp; round++) work(records);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS.measured; round++) rates.push(await perCpuSecond(() => work(records)));
  const median = rates.sort((a, b) => a - b)[rates.length >> 1] as number;
  return { name, value: median, unit: UNIT };
}

function decodeAll(decoder: BatchDecoder, records: readonly Uint8Array[], add: BatchDecoder['add']): number {
  let rows = 0;
  for (const [at, record] of records.entries()) {
    add(record, 0, record.length, at % BATCH, LOGGED_AT);
    if (at % BATCH === BATCH - 1) rows += decoder.take(SOURCE).batch.rows;
  }
  rows += decoder.take(SOURCE).batch.rows;
  if (rows !== records.length) throw new Error(`Cannot measure as ${rows} of ${records.length} orders were read`);
  return rows;
}

function routeAll(records: readonly Uint8Array[]): number {
  for (const record of records) route(record, 4);
  return records.length;
}

export function canonicalOrder(at: number): string {
  return JSON.stringify({
    type: 'order',
    order_id: `o${at}`,
    timestamp: 1763600000000 + at,
    customer_id: `c${(at * 7919) % 50_000}`,
    customer_state: ['SP', 'RJ', 'MG', 'RS', 'PR', 'SC', 'BA'][at % 7],
    segment: 'retail',
    payment_type: 'credit_card',
    payment_status: 'approved',
    items: Array.from({ length: at % 7 === 0 ? 2 : 1 }, (_, item) => ({
      product_id: `p${(at * 104_729 + item) % 30_000}`,
      category: `category_${at % 72}`,
      quantity: 1 + (at % 3),
      price: ((at * 37) % 100_000) / 100,
    })),
    shipping_cost: 12.3,
    payment_value: 52.1,
    warehouse_id: `w${at % 9}`,
    courier_id: `k${at % 40}`,
  });
}
