import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchDecoder } from '../../protocol/decode.ts';
import { LIMITS } from '../../protocol/event.ts';
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';
import {
  CLICK,
  DELIVERY,
  FLAT,
  FUTURE_MS,
  INNER_ORDER,
  type Json,
  LOGGED_AT,
  NESTED,
  ORDER,
  REFUND,
  RESTOCK,
  read,
  recordOf,
  rowsOf,
  textsOf,
  verdictOn,
} from './samples.ts';

const hash = (id: string) => {
  const bytes = new TextEncoder().encode(id);
  return [murmur3(bytes, 0, bytes.length, ID_SEEDS.low), murmur3(bytes, 0, bytes.length, ID_SEEDS.high)];
};
const NOBODY = [0, 0];
const place = { record: 0, element: null, part: 0 };

test('decoder writes an order with its items, money in cents, ids as hashes', () => {
  assert.deepEqual(read(ORDER).rows, [
    {
      ...place,
      kind: 'order',
      time: 1763600000000,
      number0: 5210,
      number1: 1230,
      id: hash('o123'),
      who: hash('c42'),
      text: ['SP', 'retail', 'credit_card', 'approved', 'w3', 'k7'],
      items: [{ product: 'p77', name: null, category: 'bed_bath_table', quantity: 2, price: 1990 }],
    },
  ]);
});

test('decoder writes deliveries, refunds, restocks and clicks where the table of columns says', () => {
  const { rows } = read(DELIVERY, REFUND, RESTOCK, CLICK);
  const common = { element: null, part: 0, items: [] };
  assert.deepEqual(rows, [
    {
      ...common,
      kind: 'delivery',
      record: 0,
      time: 1763600900000,
      number0: 1763686400000,
      number1: Number.NaN,
      id: hash('o123'),
      who: NOBODY,
      text: ['SP', 'shipped', null, null, 'w3', 'k7'],
    },
    {
      ...common,
      kind: 'refund',
      record: 1,
      time: 1763690000000,
      number0: 5210,
      number1: 0,
      id: hash('o123'),
      who: NOBODY,
      text: ['SP', 'damaged', null, null, null, null],
    },
    {
      ...common,
      kind: 'restock',
      record: 2,
      time: 1763600000000,
      number0: 500,
      number1: 0,
      id: hash('p77'),
      who: NOBODY,
      text: [null, null, 'p77', null, 'w3', null],
    },
    {
      ...common,
      kind: 'click',
      record: 3,
      time: 1763600000123,
      number0: 48907,
      number1: 0,
      id: hash('5f'),
      who: hash('u9'),
      text: [null, 'view', 'p77', 'asus', 'computers.notebook', null],
    },
  ]);
});

test('decoder fills what is not there with unknown, 0 and NaN', () => {
  const least = [
    {
      type: 'order',
      order_id: 1,
      timestamp: 0,
      customer_state: 'SP',
      items: [{ product_id: 7, quantity: 1, price: 0 }],
      payment_value: 0,
    },
    { type: 'delivery', order_id: 1, timestamp: 0, status: 'pending' },
    { type: 'refund', order_id: 1, timestamp: 0, amount: 0 },
    { type: 'click', timestamp: 0, event_type: 'cart', product_id: 7 },
  ];
  const [order, delivery, refund, click] = read(...least).rows as [Json, Json, Json, Json];
  assert.deepEqual(order.text, ['SP', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown']);
  assert.deepEqual(order.items, [{ product: '7', name: null, category: 'unknown', quantity: 1, price: 0 }]);
  assert.deepEqual([order.id, order.who, order.number1], [hash('1'), hash('unknown'), 0]);
  assert.deepEqual(delivery.text, ['unknown', 'pending', null, null, 'unknown', 'unknown']);
  assert.deepEqual([delivery.number0, delivery.number1], [Number.NaN, Number.NaN]);
  assert.deepEqual(refund.text, ['unknown', 'unknown', null, null, null, null]);
  assert.deepEqual(click.text, [null, 'cart', '7', 'unknown', 'unknown', null]);
  assert.deepEqual([click.id, click.who, click.number0], [hash('unknown'), hash('unknown'), Number.NaN]);
});

test('decoder reads flat as an order', () => {
  const [row] = read(FLAT).rows as [Json];
  assert.deepEqual(row.text, ['SP', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown']);
  assert.deepEqual(row.items, [{ product: 'p77', name: null, category: 'toys', quantity: 2, price: 1990 }]);
  assert.deepEqual([row.kind, row.number0, row.number1], ['order', 5210, 0]);
});

test('decoder reads nested as one event of two rows, revenue from total_amount, the delivery at the order time', () => {
  const { rows, events } = read(NESTED);
  assert.equal(events, 1);
  const [order, delivery] = rows as [Json, Json];
  assert.deepEqual([order.kind, order.part, order.number0, order.who], ['order', 0, 5210, hash('c42')]);
  assert.deepEqual(order.text, ['unknown', 'unknown', 'pix', 'unknown', 'unknown', 'unknown']);
  assert.deepEqual(order.items, [{ product: 'p77', name: null, category: 'unknown', quantity: 3, price: 1990 }]);
  assert.deepEqual([delivery.kind, delivery.part, delivery.record], ['delivery', 1, 0]);
  assert.deepEqual([delivery.time, delivery.id], [order.time, hash('o123')]);
  assert.deepEqual([delivery.number0, delivery.number1], [Date.UTC(2025, 10, 21), 1763690000000]);
  assert.deepEqual(delivery.text, ['unknown', 'delivered', null, null, 'unknown', '7']);
});

test('decoder reads the inner order of nested alone, without items', () => {
  const [row] = read(INNER_ORDER).rows as [Json];
  assert.deepEqual([row.kind, row.items, row.number0], ['order', [], 5210]);
  assert.equal(row.time, Date.UTC(2025, 10, 20, 0, 53, 20));
});

test('decoder counts each element of an array, and says which was dead', () => {
  const { rows, dead, events } = read(ORDER, [CLICK, 5, [], NESTED, { type: 'refund' }], [], REFUND);
  assert.equal(events, 7);
  assert.deepEqual(
    rows.map(({ kind, record, element, part }) => [kind, record, element, part]),
    [
      ['order', 0, null, 0],
      ['click', 1, 0, 0],
      ['order', 1, 3, 0],
      ['delivery', 1, 3, 1],
      ['refund', 3, null, 0],
    ],
  );
  assert.deepEqual(
    dead.map(({ offset, element, reason, field, excerpt }) => [offset, element, reason, field, excerpt]),
    [
      [101, 1, 'not-an-object', null, '5'],
      [101, 2, 'not-an-object', null, '[]'],
      [101, 4, 'missing-field', 'order_id', '{"type":"refund"}'],
    ],
  );
});

test('decoder tells in a dead letter where the event stood, when, why and how it began', () => {
  const { dead } = read(ORDER, '{"type":"order"');
  assert.deepEqual(dead, [
    {
      topic: 'orders',
      partition: 3,
      offset: 101,
      element: -1,
      reason: 'not-json',
      field: null,
      excerpt: '{"type":"order"',
      at: LOGGED_AT,
    },
  ]);
});

test('decoder takes bytes that are no JSON or no UTF-8 as not-json', () => {
  const bad = [
    '',
    ' ',
    '{',
    '{"a":01}',
    '{"a":1}x',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":"\t"}',
    '\ufeff\ufeff{}',
    '{"a":1,}',
  ];
  for (const text of bad) assert.equal(verdictOn(text), 'not-json null', JSON.stringify(text));
  const bytes = [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80]];
  for (const [at, field] of ['o123', 'c42', 'SP', 'retail', 'p77', 'bed', 'w3'].entries()) {
    const record = recordOf(ORDER);
    record.set(bytes[at % bytes.length]?.slice(0, field.length) ?? [], new TextDecoder().decode(record).indexOf(field));
    assert.equal(verdictOn(record), 'not-json null', field);
  }
});

test('decoder reads past a byte order mark and white space around a record', () => {
  for (const text of ['\ufeff', ' ', '\r\n\t'])
    assert.deepEqual(read(`${text}${JSON.stringify(ORDER)}`).rows, read(ORDER).rows);
  assert.deepEqual(read(`${JSON.stringify(ORDER)}\r`).rows, read(ORDER).rows);
});

test('decoder takes a record over 1 MiB as too-large, to the byte, on both paths', () => {
  const head = JSON.stringify({ ...ORDER, segment: 'x' }).length - 1;
  const long = (bytes: number) => JSON.stringify({ ...ORDER, segment: 'x'.repeat(bytes - head) });
  assert.equal(long(LIMITS.recordBytes).length, LIMITS.recordBytes);
  assert.equal(verdictOn(long(LIMITS.recordBytes)), 'ok');
  assert.equal(verdictOn(long(LIMITS.recordBytes + 1)), 'too-large null');
  const [letter] = read(long(LIMITS.recordBytes + 1)).dead;
  assert.equal(letter?.excerpt.length, LIMITS.excerptCharacters);
});

test('decoder takes an array of more elements than can be events as too-large, as one event', () => {
  const elements = (count: number) => `[${'0,'.repeat(count - 1)}0]`;
  assert.equal(read(elements(LIMITS.eventsPerRecord)).dead.length, LIMITS.eventsPerRecord);
  const { dead, events } = read(elements(LIMITS.eventsPerRecord + 1));
  assert.deepEqual([events, dead.length, dead[0]?.reason], [1, 1, 'too-large']);
});

test('decoder survives nesting as deep as a record allows', () => {
  const depth = 400_000;
  const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const [letter] = read(deep).dead;
  assert.equal(letter?.reason, 'not-an-object');
  assert.equal(letter?.excerpt, '['.repeat(LIMITS.excerptCharacters));
  assert.equal(verdictOn(`{"type":"click","timestamp":1,"event_type":"view","product_id":1,"x":${deep}}`), 'ok');
});

test('decoder refuses an event further ahead of its record than allowed, in every dialect', () => {
  const ahead = LOGGED_AT + FUTURE_MS;
  for (const sample of [ORDER, DELIVERY, REFUND, RESTOCK, CLICK, FLAT]) {
    assert.equal(verdictOn({ ...sample, timestamp: ahead }), 'ok');
    assert.equal(verdictOn({ ...sample, timestamp: ahead + 1 }), 'bad-value timestamp');
  }
  assert.equal(verdictOn({ ...INNER_ORDER, order_time: ahead }), 'ok');
  assert.equal(verdictOn({ ...INNER_ORDER, order_time: ahead + 1 }), 'bad-value timestamp');
  assert.equal(verdictOn([{ ...FLAT, timestamp: ahead + 1 }]), 'bad-value timestamp');
});

test('decoder lets a record without a time of its own carry any time', () => {
  const decoder = new BatchDecoder({ futureMs: 0 });
  const record = recordOf({ ...ORDER, timestamp: 4070908800000 });
  decoder.add(record, 0, record.length, 0, 0);
  assert.equal(decoder.take({ topic: 'orders', partition: 0, base: 0 }).dead.length, 0);
});

test('decoder reads texts by what they say, however they are escaped', () => {
  const escaped = JSON.stringify({ ...ORDER, customer_state: '\u0001' }).replace(
    '"\\u0001"',
    '"S\\u00e3o \\u0050aulo"',
  );
  assert.equal(textsOf(escaped)[0], 'São Paulo');
  const { rows } = read({ ...ORDER, customer_state: 'São Paulo' }, escaped, {
    ...ORDER,
    customer_state: 'Sa\u0303o Paulo',
  });
  assert.deepEqual(
    rows.map(({ text }) => (text as string[])[0]),
    ['São Paulo', 'São Paulo', 'Sa\u0303o Paulo'],
  );
});

test('decoder puts the replacement character where a text has half a surrogate pair', () => {
  const half = JSON.stringify({ ...ORDER, customer_state: 'S\u0001' }).replace('\\u0001', '\\ud800');
  assert.equal(textsOf(half)[0], 'S\ufffd');
});

test('decoder cuts texts that are too long for a dimension, never a pair in two', () => {
  const most = LIMITS.textCharacters;
  const segmentOf = (segment: string) => textsOf({ ...ORDER, segment })[1];
  assert.equal(segmentOf('x'.repeat(most)), 'x'.repeat(most));
  assert.equal(segmentOf('x'.repeat(most + 1)), 'x'.repeat(most));
  assert.equal(segmentOf(`${'x'.repeat(most - 1)}😀`), 'x'.repeat(most - 1));
});

test('decoder takes the last of a key that comes twice, as JSON.parse does', () => {
  const twice = JSON.stringify(ORDER).replace('{"type":"order",', '{"type":"click","order_id":"x","type":"order",');
  assert.deepEqual(read(twice).rows, read(ORDER).rows);
});

test('decoder reads the forms that pulso itself writes without JSON.parse', () => {
  const named = { ...ORDER, items: [{ ...ORDER.items[0], product_name: 'Mesa' }, ORDER.items[0]] };
  const bare = { ...CLICK, category_code: null, brand: null, price: null, user_session: null };
  const arrived = { ...DELIVERY, expected_time: null, actual_time: 1763600900000 };
  const { slow, dead } = read(ORDER, named, DELIVERY, arrived, REFUND, RESTOCK, CLICK, bare);
  assert.deepEqual([slow, dead.length], [0, 0]);
});

test('decoder keeps nothing of one batch in the next, and gives every batch its own texts', () => {
  const decoder = new BatchDecoder({ futureMs: FUTURE_MS, maxRows: 2 });
  const add = (content: unknown) => {
    const record = recordOf(content);
    decoder.add(record, 0, record.length, 0, LOGGED_AT);
  };
  const from = { topic: 'orders', partition: 0, base: 0 };
  add(ORDER);
  assert.equal(decoder.full, false);
  add('x');
  assert.equal(decoder.full, true);
  const first = decoder.take(from);
  assert.equal(decoder.full, false);
  add(CLICK);
  const second = decoder.take(from);
  assert.deepEqual([first.batch.rows, first.batch.items, first.dead.length, first.events], [1, 1, 1, 2]);
  assert.deepEqual([second.batch.rows, second.batch.items, second.dead.length, second.events], [1, 0, 0, 1]);
  assert.deepEqual(rowsOf(second.batch), read(CLICK).rows);
  assert.equal(second.batch.strings.length, 4);
  assert.deepEqual(decoder.take(from).batch.rows, 0);
});

test('decoder grows with the batch, in the middle of an order too', () => {
  const big = {
    ...ORDER,
    items: Array.from({ length: 1000 }, (_, at) => ({ ...ORDER.items[0], product_id: `p${at}` })),
  };
  const { rows, slow } = read(...Array.from({ length: 1500 }, () => ORDER), big, big, big, ORDER);
  assert.equal(slow, 0);
  assert.equal(rows.length, 1504);
  assert.deepEqual({ ...rows[1501], record: 0 }, { ...read(big).rows[0] });
  assert.deepEqual({ ...rows[1503], record: 0 }, read(ORDER).rows[0]);
});
