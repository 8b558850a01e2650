/** Lines that cannot be read, in every way contracts 3 names: each breaks exactly one rule, and says which. */
import * as good from './hostile-events.ts';
import { array, type Field, object } from './hostile-values.ts';
import type { Random } from './random.ts';

export type Broken = { line: string | Uint8Array; reason: string; field: string | null };

type Make = (maker: good.Maker, at: number) => Field[];

const NO_ID = ['""', `"${'i'.repeat(201)}"`, '1.5', '9007199254740993', 'true', '["o1"]', '{"id":1}', '1e300'];
const NO_MONEY = [
  '-0.01',
  '19.999',
  '"19.999"',
  '1e-3',
  '0.30000000000000004',
  '100000000000.01',
  '1e12',
  '"abc"',
  '"12,30"',
];
const NO_MONEY_TOO = ['""', '"R$ 5"', 'true', '[1]', '{}', '"1 000.00"', '"-5"', '"NaN"', '"0x10"'];
const MONEY = [...NO_MONEY, ...NO_MONEY_TOO];
const NO_COUNT = ['0', '-1', '1.5', '"2"', '1000001', 'true', '[]', '1e9', '9007199254740993', '"many"'];
const NO_TIME = [
  '"yesterday"',
  '""',
  'true',
  '[]',
  '{}',
  '"2025-13-01T00:00:00Z"',
  '"2025-11-20T25:00:00Z"',
  '"2026-02-30T00:00:00Z"',
  '"1763600000000"',
  '-1',
  '1763600000000.5',
  '1e300',
];
const NO_TEXT = ['5', 'true', '[]', '{}'];
const NO_STATE = ['""', '"123456789012345678901234567890123"', ...NO_TEXT];
/** The year 2099. */
const FUTURE = '4070908800000';

/** type -> field -> values it must not have; a field in `required` may not be missing or null either. */
const TABLE: readonly { make: Make; required: readonly string[]; bad: Readonly<Record<string, readonly string[]>> }[] =
  [
    {
      make: good.order,
      required: ['order_id', 'timestamp', 'customer_state', 'items', 'payment_value'],
      bad: {
        order_id: NO_ID,
        timestamp: [...NO_TIME, FUTURE],
        customer_state: NO_STATE,
        items: [
          '[]',
          '{}',
          '"none"',
          '5',
          'true',
          array(Array(1001).fill('{"product_id":"p","quantity":1,"price":1}')),
        ],
        payment_value: MONEY,
        shipping_cost: MONEY,
        payment_status: ['"paid"', '"Approved"', '""', ...NO_TEXT],
        payment_type: NO_TEXT,
        segment: NO_TEXT,
        customer_id: NO_ID.slice(1),
      },
    },
    {
      make: good.delivery,
      required: ['order_id', 'timestamp', 'status'],
      bad: {
        order_id: NO_ID,
        timestamp: [...NO_TIME, FUTURE],
        status: ['"lost"', '"Delivered"', '""', ...NO_TEXT],
        expected_time: NO_TIME,
        actual_time: NO_TIME,
        customer_state: NO_STATE,
      },
    },
    {
      make: good.refund,
      required: ['order_id', 'timestamp', 'amount'],
      bad: {
        order_id: NO_ID,
        timestamp: [...NO_TIME, FUTURE],
        amount: MONEY,
        reason: NO_TEXT,
        customer_state: NO_STATE,
      },
    },
    {
      make: good.restock,
      required: ['timestamp', 'warehouse_id', 'product_id', 'quantity'],
      bad: {
        timestamp: [...NO_TIME, FUTURE],
        warehouse_id: NO_ID,
        product_id: NO_ID,
        quantity: ['1.5', '"2"', '1000001', 'true', '[]', '1e9'],
      },
    },
    {
      make: good.click,
      required: ['timestamp', 'event_type', 'product_id'],
      bad: {
        timestamp: [...NO_TIME, FUTURE],
        event_type: ['"buy"', '"View"', '""', ...NO_TEXT],
        product_id: NO_ID,
        price: MONEY,
      },
    },
    {
      make: good.flat,
      required: [],
      bad: { order_id: NO_ID, timestamp: NO_TIME, customer_state: NO_STATE, items: ['[]'], payment_value: MONEY },
    },
  ];

const NOT_JSON = [
  '{"type":"order","order_id":"o1"',
  '{"type":"order",}',
  "{'type':'order'}",
  '{"type":"restock","quantity":NaN}',
  '{"type":"restock"} x',
  '{"type":"restock"}{"type":"restock"}',
  '{type:"restock"}',
  '{"type":"re\tstock"}',
  '{"type":"re\\xstock"}',
  '{"type":"restock","quantity":01}',
  '{"type":"restock","quantity":+1}',
  '{"type":"restock","quantity":1.}',
  '{"type":"restock","quantity":.5}',
  '{"type":"restock","quantity":undefined}',
  '{"type":"restock" /* why */}',
  '{"type":"restock","quantity":1e}',
  '{"type":"restock","note":"\\u00g0"}',
  '[{"type":"restock"}',
  'order o1 approved',
  'undefined',
  ']',
  '"open',
  '{"a":tru}',
];
const NOT_AN_OBJECT = ['5', '"text"', 'null', 'true', 'false', '-0.5e3', '"{}"'];
const UNKNOWN_TYPE = [
  '{}',
  '{"hello":"world"}',
  '{"type":"basket","order_id":"o1","timestamp":1}',
  '{"type":"Order","order_id":"o1"}',
  '{"type":7}',
  '{"type":""}',
  '{"type":["order"]}',
  '{"type":"__proto__"}',
  '{"type":"toString"}',
];

export function broken(maker: good.Maker, at: number): Broken {
  const { random } = maker;
  const kind = random.next();
  if (kind < 0.12) return { line: random.pick(NOT_JSON), reason: 'not-json', field: null };
  if (kind < 0.15) return { line: notUtf8(maker, at), reason: 'not-json', field: null };
  if (kind < 0.2) return { line: random.pick(NOT_AN_OBJECT), reason: 'not-an-object', field: null };
  if (kind < 0.27) return { line: random.pick(UNKNOWN_TYPE), reason: 'unknown-type', field: 'type' };
  if (kind < 0.42) return brokenItem(maker, at);
  if (kind < 0.5) return brokenNested(maker, at);
  return brokenField(maker, at);
}

/** A good order, cut short of its closing brace by padding it over 1 MiB; `bytes` is how long the line gets. */
export function longLine(maker: good.Maker, at: number, bytes: number): string {
  const line = object(maker.random, good.order(maker, at).slice(0, 13));
  const open = `${line.slice(0, -1)},"padding":"`;
  return `${open}${'x'.repeat(bytes - Buffer.byteLength(open) - 2)}"}`;
}

function brokenField(maker: good.Maker, at: number): Broken {
  const { random } = maker;
  const { make, required, bad } = random.pick(TABLE);
  const fields = make(maker, at);
  if (required.length > 0 && random.chance(0.35)) {
    const field = random.pick(required);
    const gone = random.chance(0.7);
    const left = gone ? without(fields, field) : replaced(fields, field, 'null');
    return { line: object(random, left), reason: 'missing-field', field };
  }
  const [field, values] = random.pick(Object.entries(bad));
  return { line: object(random, replaced(fields, field, random.pick(values))), reason: 'bad-value', field };
}

/** One item of several is bad: the whole order is. */
function brokenItem(maker: good.Maker, at: number): Broken {
  const { random } = maker;
  const flavours: readonly (readonly [string, string, string])[] = [
    ...NO_ID.map((json) => ['product_id', json, 'bad-value'] as const),
    ...NO_COUNT.map((json) => ['quantity', json, 'bad-value'] as const),
    ...MONEY.map((json) => ['price', json, 'bad-value'] as const),
    ...NO_TEXT.map((json) => ['category', json, 'bad-value'] as const),
    ...['product_id', 'quantity', 'price'].map((field) => [field, 'null', 'missing-field'] as const),
    ['', random.pick(['5', '"p1"', 'null', '[]']), 'bad-value'],
  ];
  const [field, json, reason] = random.pick(flavours);
  const item: Field[] = [
    ['product_id', '"p1"'],
    ['category', '"toys"'],
    ['quantity', '1'],
    ['price', '19.90'],
  ];
  const place = random.between(0, 3);
  const items = Array.from({ length: place + 1 + random.between(0, 2) }, () => object(random, item));
  items[place] = field === '' ? json : object(random, replaced(item, field, json));
  const line = object(random, replaced(good.order(maker, at), 'items', array(items)));
  return { line, reason, field: field === '' ? `items[${place}]` : `items[${place}].${field}` };
}

function brokenNested(maker: good.Maker, at: number): Broken {
  const { random } = maker;
  const [part, field, values] = random.pick([
    ['order', 'order_id', NO_ID],
    ['order', 'order_time', NO_TIME],
    ['order', 'total_amount', MONEY],
    ['delivery', 'status', ['"lost"', '5']],
    ['delivery', 'expected_time', NO_TIME],
  ] as const);
  const fields = good.nested(maker, at);
  const inner: Field[] =
    part === 'order'
      ? good.innerOrder(maker, at)
      : [
          ['delivery_id', '"d1"'],
          ['order_id', '"o1"'],
          ['status', '"shipped"'],
          ['expected_time', '1763686400000'],
          ['actual_time', 'null'],
        ];
  const bad = object(random, replaced(inner, field, random.pick<string>(values)));
  return { line: object(random, replaced(fields, part, bad)), reason: 'bad-value', field: `${part}.${field}` };
}

/** A good order with a byte in one of its texts that is no UTF-8. */
function notUtf8(maker: good.Maker, at: number): Uint8Array {
  const marked = replaced(good.order(maker, at), 'segment', '"MARK"');
  const all = marked.some(([name]) => name === 'segment') ? marked : [...marked, ['segment', '"MARK"'] as Field];
  const bytes = Buffer.from(object(maker.random, all));
  bytes.set(maker.random.pick([[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8]]), bytes.indexOf('MARK'));
  return bytes;
}

function without(fields: readonly Field[], gone: string): Field[] {
  return fields.filter(([name]) => name !== gone);
}

/** The fields with one of them set, wherever it stands, added when an optional one had been left out. */
function replaced(fields: readonly Field[], field: string, json: string): Field[] {
  return [...without(fields, field), [field, json]];
}

/** Fields of a good event of a random type: the everyday mix. */
export function everyday(random: Random): Make {
  const roll = random.next();
  if (roll < 0.55) return good.order;
  if (roll < 0.63) return good.flat;
  if (roll < 0.69) return good.nested;
  if (roll < 0.71) return good.innerOrder;
  if (roll < 0.81) return good.delivery;
  if (roll < 0.85) return good.refund;
  if (roll < 0.87) return good.restock;
  return good.click;
}
