/** Contracts 3, rule by rule: what each field may be, and which reason and field a dead letter names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialectOf } from '../../protocol/dialect.ts';
import { CLICK, DELIVERY, FLAT, INNER_ORDER, type Json, NESTED, ORDER, REFUND, RESTOCK, verdictOn } from './samples.ts';

const ITEM = ORDER.items[0] as Json;
const TYPED: Record<string, Json> = {
  order: ORDER,
  delivery: DELIVERY,
  refund: REFUND,
  restock: RESTOCK,
  click: CLICK,
};

/** The sample with a field set to a value given as JSON text, so that 19.900 and 1e2 stay as they are written. */
function withJson(sample: Json, field: string, json: string): string {
  return JSON.stringify({ ...sample, [field]: '\u0001' }).replace('"\\u0001"', json);
}

function check(sample: Json, field: string, values: readonly string[], expected: string): void {
  for (const json of values) assert.equal(verdictOn(withJson(sample, field, json)), expected, `${field}: ${json}`);
}

test('every sample of the contracts is read', () => {
  for (const sample of [...Object.values(TYPED), FLAT, INNER_ORDER, NESTED]) assert.equal(verdictOn(sample), 'ok');
});

const REQUIRED: Record<string, readonly string[]> = {
  order: ['order_id', 'timestamp', 'customer_state', 'items', 'payment_value'],
  delivery: ['order_id', 'timestamp', 'status'],
  refund: ['order_id', 'timestamp', 'amount'],
  restock: ['timestamp', 'warehouse_id', 'product_id', 'quantity'],
  click: ['timestamp', 'event_type', 'product_id'],
};

for (const [type, required] of Object.entries(REQUIRED)) {
  const sample = TYPED[type] as Json;
  test(`${type} without a required field is missing-field, and null is as good as none`, () => {
    for (const field of required) {
      const { [field]: _, ...rest } = sample;
      assert.equal(verdictOn(rest), `missing-field ${field}`);
      assert.equal(verdictOn({ ...sample, [field]: null }), `missing-field ${field}`);
    }
  });

  test(`${type} without any of the other fields is read`, () => {
    const least = Object.fromEntries(['type', ...required].map((field) => [field, sample[field]]));
    assert.equal(verdictOn(least), 'ok');
    for (const field of Object.keys(sample)) {
      if (field === 'type' || required.includes(field)) continue;
      assert.equal(verdictOn({ ...sample, [field]: null }), 'ok', field);
    }
  });

  test(`${type} names the first bad field in the contract's order, wherever it stands in the record`, () => {
    const bad = Object.fromEntries(required.map((field) => [field, {}]));
    for (const [place, field] of required.entries()) {
      const entries = Object.entries({
        ...sample,
        ...bad,
        ...Object.fromEntries(required.slice(0, place).map((name) => [name, sample[name]])),
      });
      assert.equal(verdictOn(Object.fromEntries(entries)), `bad-value ${field}`);
      assert.equal(verdictOn(Object.fromEntries(entries.reverse())), `bad-value ${field}`);
    }
  });
}

const IDS: readonly (readonly [Json, string])[] = [
  [ORDER, 'order_id'],
  [ORDER, 'customer_id'],
  [ORDER, 'warehouse_id'],
  [ORDER, 'courier_id'],
  [DELIVERY, 'order_id'],
  [REFUND, 'order_id'],
  [RESTOCK, 'warehouse_id'],
  [RESTOCK, 'product_id'],
  [CLICK, 'product_id'],
  [CLICK, 'user_id'],
];

test('an id is a non-empty text of at most 200 characters or an integer', () => {
  const good = [
    '"x"',
    '" "',
    `"${'x'.repeat(200)}"`,
    `"${'é'.repeat(200)}"`,
    '7',
    '-7',
    '0',
    '7.0',
    '1e2',
    '9007199254740991',
  ];
  const bad = ['""', `"${'x'.repeat(201)}"`, '1.5', '9007199254740992', '1e300', 'true', '[]', '{}'];
  for (const [sample, field] of IDS) {
    check(sample, field, good, 'ok');
    check(sample, field, bad, `bad-value ${field}`);
  }
});

test('money is a number or decimal text from 0 to 100,000,000,000 with two decimals by value', () => {
  const good = ['0', '-0', '19.9', '19.90', '19.900', '1e2', '1990e-2', '0.01', '100000000000', '99999999999.99'];
  const goodTexts = ['"0"', '"19.9"', '"19.90"', '"19.9000"', '"007.50"', '"100000000000.00"'];
  const bad = [
    '-0.01',
    '-1',
    '19.999',
    '0.001',
    '1e-3',
    '0.30000000000000004',
    '100000000000.01',
    '1e12',
    '1e300',
    'true',
    '[]',
    '{}',
  ];
  const badTexts = [
    '""',
    '" 5"',
    '"5 "',
    '"+5"',
    '"-5"',
    '"5."',
    '".5"',
    '"1e2"',
    '"19,90"',
    '"19.999"',
    '"1.2.3"',
    '"NaN"',
    '"0x10"',
    '"٣"',
  ];
  const fields: [Json, string][] = [
    [ORDER, 'payment_value'],
    [ORDER, 'shipping_cost'],
    [REFUND, 'amount'],
    [CLICK, 'price'],
  ];
  for (const [sample, field] of fields) {
    check(sample, field, [...good, ...goodTexts], 'ok');
    check(sample, field, [...bad, ...badTexts], `bad-value ${field}`);
  }
});

test('time is epoch milliseconds or ISO 8601', () => {
  const good = ['0', '1763600000000', '1763600000000.0', '1.7636e12', '"2025-11-20T01:00:00-03:00"', '"2025-11-20"'];
  const bad = [
    '-1',
    '1763600000000.5',
    '1e300',
    '"1763600000000"',
    '"yesterday"',
    '""',
    '"1969-12-31T23:59:59Z"',
    'true',
    '[]',
    '{}',
  ];
  for (const [type, sample] of Object.entries(TYPED)) {
    check(sample, 'timestamp', good, 'ok');
    check(sample, 'timestamp', bad, 'bad-value timestamp');
    assert.ok(type);
  }
  for (const field of ['expected_time', 'actual_time']) {
    check(DELIVERY, field, [...good, '4070908800000'], 'ok');
    check(DELIVERY, field, bad, `bad-value ${field}`);
  }
});

test('customer_state is any non-empty text of at most 32 characters, in every type that has one', () => {
  const good = ['"SP"', '"São Paulo"', '"東京"', '" "', `"${'x'.repeat(32)}"`, `"${'ç'.repeat(32)}"`];
  for (const sample of [ORDER, DELIVERY, REFUND]) {
    check(sample, 'customer_state', good, 'ok');
    check(sample, 'customer_state', ['""', `"${'x'.repeat(33)}"`, '5', 'true', '[]', '{}'], 'bad-value customer_state');
  }
});

test('other texts may be empty or long, but nothing else than texts', () => {
  const fields: [Json, string][] = [
    [ORDER, 'segment'],
    [ORDER, 'payment_type'],
    [REFUND, 'reason'],
    [CLICK, 'category_code'],
    [CLICK, 'brand'],
    [CLICK, 'user_session'],
  ];
  for (const [sample, field] of fields) {
    check(sample, field, ['""', '"x"', `"${'x'.repeat(5000)}"`], 'ok');
    check(sample, field, ['5', 'true', '[]', '{}'], `bad-value ${field}`);
  }
});

test('enumerations take exactly their words', () => {
  check(ORDER, 'payment_status', ['"approved"', '"failed"', '"pending"', '"unknown"'], 'ok');
  check(ORDER, 'payment_status', ['"paid"', '"Approved"', '""', '5', '"shipped"'], 'bad-value payment_status');
  check(DELIVERY, 'status', ['"pending"', '"shipped"', '"delivered"', '"returned"'], 'ok');
  check(DELIVERY, 'status', ['"lost"', '"approved"', '"unknown"', '""', '5'], 'bad-value status');
  check(CLICK, 'event_type', ['"view"', '"cart"', '"purchase"'], 'ok');
  check(CLICK, 'event_type', ['"buy"', '"View"', '"unknown"', '""', '5'], 'bad-value event_type');
});

test('items are 1 to 1,000 objects', () => {
  const items = (count: number) => JSON.stringify(Array(count).fill(ITEM));
  check(ORDER, 'items', [items(1), items(1000)], 'ok');
  check(ORDER, 'items', ['[]', items(1001), '{}', '"none"', '5', 'true'], 'bad-value items');
  check(ORDER, 'items', ['[5]', '[null]', '["p1"]', '[[]]'], 'bad-value items[0]');
  check(ORDER, 'items', [`[${JSON.stringify(ITEM)},5]`], 'bad-value items[1]');
});

test('an item needs product, quantity and price, and the dead letter says in which item', () => {
  const inSecond = (item: string) => withJson(ORDER, 'items', `[${JSON.stringify(ITEM)},${item}]`);
  for (const field of ['product_id', 'quantity', 'price'])
    assert.equal(verdictOn(inSecond(withJson(ITEM, field, 'null'))), `missing-field items[1].${field}`);
  const bad: [string, readonly string[]][] = [
    ['product_id', ['""', '1.5', 'true']],
    ['quantity', ['0', '-1', '1.5', '"2"', '1000001', '9007199254740993', 'true']],
    ['price', ['-0.01', '19.999', '"abc"', 'true']],
    ['category', ['5', 'true', '[]']],
  ];
  for (const [field, values] of bad)
    for (const json of values)
      assert.equal(verdictOn(inSecond(withJson(ITEM, field, json))), `bad-value items[1].${field}`, json);
  for (const json of ['1', '1.0', '1e2', '1000000'])
    assert.equal(verdictOn(inSecond(withJson(ITEM, 'quantity', json))), 'ok', json);
  for (const json of ['5', '""', 'null', '"Mesa"'])
    assert.equal(verdictOn(inSecond(withJson(ITEM, 'product_name', json))), 'ok', json);
});

test('a restock takes any whole quantity up to 1,000,000 either way', () => {
  check(RESTOCK, 'quantity', ['0', '-20', '1000000', '-1000000', '5.0'], 'ok');
  check(RESTOCK, 'quantity', ['1000001', '-1000001', '1.5', '"5"', 'true'], 'bad-value quantity');
});

test('a type that is no known word is unknown-type, whatever else the record holds', () => {
  for (const json of ['"basket"', '"Order"', '""', '7', 'null', '["order"]', '{}', '"__proto__"', '"toString"'])
    for (const sample of [ORDER, FLAT, NESTED, INNER_ORDER])
      assert.equal(verdictOn(withJson(sample, 'type', json)), 'unknown-type type', json);
});

test('an object whose keys say nothing is unknown-type', () => {
  for (const text of [
    '{}',
    '{"hello":"world"}',
    '{"__proto__":{"type":"order"}}',
    '{"order_timestamp":1,"total_amount":2}',
  ])
    assert.equal(verdictOn(text), 'unknown-type type', text);
  const { type: _, ...untyped } = ORDER;
  assert.equal(verdictOn(untyped), 'unknown-type type');
});

test('what is JSON but no object is not-an-object', () => {
  for (const text of ['5', '-0.5e3', '"text"', '"{}"', 'null', 'true', 'false'])
    assert.equal(verdictOn(text), 'not-an-object null', text);
});

test('extra keys are ignored, also where they look like those of another dialect', () => {
  const extra = { note: 'x', meta: { type: 'click', items: [] }, order: 5, order_time: 'never', total_amount: 'none' };
  for (const sample of [...Object.values(TYPED), FLAT]) assert.equal(verdictOn({ ...sample, ...extra }), 'ok');
});

test('flat is recognised by items or payment_value without a type', () => {
  for (const field of ['order_id', 'timestamp', 'customer_state', 'items', 'payment_value'])
    assert.equal(verdictOn({ ...FLAT, [field]: null }), `missing-field ${field}`);
  const { items: _, ...withoutItems } = FLAT;
  assert.equal(verdictOn(withoutItems), 'missing-field items');
  assert.equal(verdictOn({ ...FLAT, items: [{ quantity: 1, price: 1 }] }), 'missing-field items[0].product');
  check(FLAT, 'items', ['[]', '5'], 'bad-value items');
});

test('nested needs its order and its items, and checks its delivery when there is one', () => {
  const cases: [Json, string][] = [
    [{ ...NESTED, delivery: null }, 'ok'],
    [{ ...NESTED, order: null }, 'missing-field order'],
    [{ ...NESTED, order: 5 }, 'bad-value order'],
    [{ ...NESTED, order_items: null }, 'missing-field order_items'],
    [{ ...NESTED, order_items: [] }, 'bad-value order_items'],
    [{ ...NESTED, order_items: [{ quantity: 1, price: 1 }] }, 'missing-field order_items[0].product_id'],
    [{ ...NESTED, order: { ...INNER_ORDER, order_id: '' } }, 'bad-value order.order_id'],
    [{ ...NESTED, order: { ...INNER_ORDER, order_time: 'x' } }, 'bad-value order.order_time'],
    [{ ...NESTED, order: { ...INNER_ORDER, total_amount: -1 } }, 'bad-value order.total_amount'],
    [{ ...NESTED, order: { ...INNER_ORDER, total_amount: null } }, 'missing-field order.total_amount'],
    [{ ...NESTED, delivery: 5 }, 'bad-value delivery'],
    [{ ...NESTED, delivery: {} }, 'missing-field delivery.status'],
    [{ ...NESTED, delivery: { status: 'lost' } }, 'bad-value delivery.status'],
    [{ ...NESTED, delivery: { status: 'shipped', actual_time: 'x' } }, 'bad-value delivery.actual_time'],
    [{ ...NESTED, delivery: { status: 'shipped' } }, 'ok'],
  ];
  for (const [sample, expected] of cases) assert.equal(verdictOn(sample), expected, JSON.stringify(sample));
});

test('the inner order of nested is read alone', () => {
  assert.equal(verdictOn({ order_id: 1, order_time: 1, total_amount: 1 }), 'ok');
  for (const field of ['order_id', 'order_time', 'total_amount'])
    assert.equal(verdictOn({ ...INNER_ORDER, [field]: null }), `missing-field ${field}`);
});

test('dialectOf tells the type or the dialect', () => {
  for (const [type, sample] of Object.entries(TYPED)) assert.equal(dialectOf(sample), type);
  assert.equal(dialectOf(FLAT), 'flat');
  assert.equal(dialectOf(NESTED), 'nested');
  assert.equal(dialectOf(INNER_ORDER), 'nested-order');
  for (const value of [{}, [], null, 5, { type: 'basket' }]) assert.equal(dialectOf(value), 'unknown');
});
