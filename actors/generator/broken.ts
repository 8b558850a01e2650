/**
 * Events that cannot be read, in every way the contracts name, each with the reason that a dead letter must give.
 * `timestamp` is the time at which it was broken; nothing here is read by the rest of the generator.
 */
import type { DeadReason } from '../../protocol/event.ts';
import { LIMITS } from '../../protocol/event.ts';
import type { ByteWriter } from './byte-writer.ts';
import { AliasTable, type Random } from './random.ts';

type Json = Readonly<Record<string, unknown>>;
type Way = {
  readonly reason: DeadReason;
  readonly share: number;
  readonly write: (out: ByteWriter, random: Random, time: number) => void;
};

const FAR_FUTURE = Date.UTC(2101, 0, 1);
/** One broken event in so many is larger than a record may be. */
const TOO_LARGE_SHARE = 1 / 2000;

function order(random: Random, time: number): Json {
  const cents = 100 + random.below(30_000);
  return {
    type: 'order',
    order_id: `x${random.next()}`,
    timestamp: time,
    customer_id: `c${random.below(100_000)}`,
    customer_state: 'SP',
    segment: 'retail',
    payment_type: 'credit_card',
    payment_status: 'approved',
    items: [{ product_id: `p${1 + random.below(2000)}`, category: 'toys', quantity: 1, price: cents / 100 }],
    shipping_cost: 9.9,
    payment_value: (cents + 990) / 100,
    warehouse_id: 'w1',
    courier_id: 'k1',
  };
}

const delivery = (random: Random, time: number): Json => ({
  type: 'delivery',
  order_id: `x${random.next()}`,
  timestamp: time,
  status: 'shipped',
  expected_time: time + 86_400_000,
  actual_time: null,
  customer_state: 'RJ',
});
const refund = (random: Random, time: number): Json => ({
  type: 'refund',
  order_id: `x${random.next()}`,
  timestamp: time,
  amount: 52.1,
  customer_state: 'MG',
  reason: 'damaged',
});
const restock = (random: Random, time: number): Json => ({
  type: 'restock',
  timestamp: time,
  warehouse_id: 'w2',
  product_id: `p${1 + random.below(2000)}`,
  quantity: 500,
});
const click = (random: Random, time: number): Json => ({
  type: 'click',
  timestamp: time,
  event_type: 'view',
  product_id: `e${1 + random.below(1000)}`,
  price: 489.07,
  user_id: `u${random.below(100_000)}`,
});

type Maker = (random: Random, time: number) => Json;

/** An event with some fields replaced; undefined takes a field out. */
function changed(reason: DeadReason, make: Maker, change: Json): Way {
  return {
    reason,
    share: 1,
    write: (out, random, time) => out.text(JSON.stringify({ ...make(random, time), ...change })),
  };
}

/** An order whose only item is changed. */
function changedItem(change: Json): Way {
  const write: Way['write'] = (out, random, time) => {
    const whole = order(random, time);
    const [item] = whole.items as readonly Json[];
    out.text(JSON.stringify({ ...whole, items: [{ ...item, ...change }] }));
  };
  return { reason: 'bad-value', share: 1, write };
}

function rewritten(rewrite: (json: string, random: Random) => string): Way {
  return {
    reason: 'not-json',
    share: 2,
    write: (out, random, time) => out.text(rewrite(JSON.stringify(order(random, time)), random)),
  };
}

function literal(reason: DeadReason, text: string): Way {
  return { reason, share: 1, write: (out) => out.text(text) };
}

/** JSON with a number that JSON.stringify would not write. */
function withNumber(field: string, number: string): Way {
  const write: Way['write'] = (out, random, time) =>
    out.text(JSON.stringify({ ...order(random, time), [field]: '#' }).replace('"#"', number));
  return { reason: 'bad-value', share: 1, write };
}

const NOT_JSON: readonly Way[] = [
  rewritten((json, random) => json.slice(0, 1 + random.below(json.length - 1))),
  rewritten((json) => json.replaceAll('"', "'")),
  rewritten((json) => `${json.slice(0, -1)},}`),
  rewritten((json) => json.replace('"SP"', 'NaN')),
  rewritten((json) => json.replace(':"retail"', ':"re\ttail"')),
  literal('not-json', 'order_id;timestamp;customer_state'),
  literal('not-json', '<order id="1"/>'),
  {
    reason: 'not-json',
    share: 2,
    write: (out, random, time) => {
      const start = out.length;
      out.text(JSON.stringify(order(random, time)));
      // A byte that UTF-8 never holds, inside the order's id.
      out.bytes[start + 28] = 0xff;
    },
  },
];

const NOT_AN_OBJECT: readonly Way[] = ['42', '"order"', 'null', 'true', '[null]', '["order"]', '[[]]'].map((text) =>
  literal('not-an-object', text),
);

const UNKNOWN_TYPE: readonly Way[] = [
  changed('unknown-type', order, { type: 'shipment' }),
  changed('unknown-type', delivery, { type: undefined }),
  changed('unknown-type', click, { type: 7 }),
  literal('unknown-type', '{}'),
  literal('unknown-type', '{"hello":"world"}'),
  literal('unknown-type', '[{}]'),
];

const MISSING_FIELD: readonly Way[] = [
  ...['order_id', 'timestamp', 'customer_state', 'items', 'payment_value'].map((field) =>
    changed('missing-field', order, { [field]: undefined }),
  ),
  changed('missing-field', order, { customer_state: null }),
  changed('missing-field', delivery, { status: undefined }),
  changed('missing-field', refund, { amount: undefined }),
  changed('missing-field', restock, { quantity: undefined }),
  changed('missing-field', click, { product_id: undefined }),
  literal('missing-field', '[{"type":"order"}]'),
];

const BAD_VALUE: readonly Way[] = [
  changed('bad-value', order, { payment_value: 19.901 }),
  changed('bad-value', order, { payment_value: '19.901' }),
  changed('bad-value', order, { payment_value: '12,50' }),
  changed('bad-value', order, { payment_value: -1 }),
  changed('bad-value', order, { payment_value: 200_000_000_000 }),
  withNumber('payment_value', '1e400'),
  withNumber('order_id', '9007199254740993'),
  withNumber('timestamp', '123456789012345678901234567890'),
  changed('bad-value', order, { order_id: '' }),
  changed('bad-value', order, { order_id: 'x'.repeat(LIMITS.idCharacters + 1) }),
  changed('bad-value', order, { customer_state: 'S'.repeat(LIMITS.stateCharacters + 1) }),
  changed('bad-value', order, { timestamp: 'yesterday' }),
  changed('bad-value', order, { timestamp: '2026-02-30T00:00:00Z' }),
  changed('bad-value', order, { timestamp: -1 }),
  changed('bad-value', order, { timestamp: 1767225600000.5 }),
  changed('bad-value', order, { payment_status: 'maybe' }),
  changed('bad-value', order, { items: [] }),
  changed('bad-value', order, { items: 'toys' }),
  changedItem({ quantity: 0 }),
  changedItem({ quantity: 1.5 }),
  changedItem({ quantity: '2' }),
  changedItem({ quantity: LIMITS.quantity + 1 }),
  changedItem({ price: 9.999 }),
  changedItem({ price: -0.01 }),
  changed('bad-value', delivery, { status: 'lost' }),
  changed('bad-value', delivery, { actual_time: 'soon' }),
  changed('bad-value', refund, { amount: 'all of it' }),
  changed('bad-value', restock, { quantity: 0.5 }),
  changed('bad-value', click, { event_type: 'hover' }),
  changed('bad-value', click, { price: 'free' }),
  // Far ahead of any record's own time.
  changed('bad-value', order, { timestamp: FAR_FUTURE }),
  changed('bad-value', click, { timestamp: FAR_FUTURE }),
];

const TOO_LARGE: Way = {
  reason: 'too-large',
  share: 0,
  write: (out, random, time) =>
    out.text(JSON.stringify({ ...order(random, time), note: 'x'.repeat(LIMITS.recordBytes) })),
};

const USUAL = [...NOT_JSON, ...NOT_AN_OBJECT, ...UNKNOWN_TYPE, ...MISSING_FIELD, ...BAD_VALUE];
const byShare = new AliasTable(USUAL.map((way) => way.share));

/** Writes one broken event, on one line, and answers the reason that it is dead for. */
export function writeBroken(out: ByteWriter, random: Random, time: number): DeadReason {
  const way = random.unit() < TOO_LARGE_SHARE ? TOO_LARGE : (USUAL[byShare.pick(random.unit())] as Way);
  out.ensure();
  way.write(out, random, time);
  return way.reason;
}
