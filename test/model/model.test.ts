import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { hostileFile, hostileLines } from './hostile.ts';
import { tabulate } from './kpi.ts';
import { lines, Model } from './model.ts';
import { murmur2, partitionOf } from './partition.ts';
import { readRecord } from './rules.ts';

const T = Date.UTC(2025, 10, 20, 12, 0, 0);
const HOUR = 3_600_000;

function orderLine(fields: Record<string, unknown>): string {
  const order = {
    type: 'order',
    order_id: 'o1',
    timestamp: T,
    customer_id: 'c1',
    customer_state: 'SP',
    payment_status: 'approved',
    items: [{ product_id: 'p1', category: 'toys', quantity: 2, price: 19.9 }],
    payment_value: 52.1,
  };
  return JSON.stringify({ ...order, ...fields });
}

function modelOf(text: string, options = {}) {
  const model = new Model({ partitions: 1, ...options });
  model.addLines(Buffer.from(text));
  return model.result();
}

function outcomeOf(text: string) {
  return readRecord(Buffer.from(text)).outcomes[0];
}

describe('partitions of the model', () => {
  it('murmur2 gives the values that Kafka tests its own with', () => {
    const known = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    };
    for (const [text, hash] of Object.entries(known)) assert.equal(murmur2(new TextEncoder().encode(text)), hash, text);
  });

  it('a partition is the hash without its sign, modulo the partitions', () => {
    assert.equal(partitionOf('21', 4), (-973932308 & 0x7fffffff) % 4);
  });
});

describe('rules of the model', () => {
  it('money is taken by value, whatever its form', () => {
    for (const [text, cents] of [
      ['19.90', 1990n],
      ['19.900', 1990n],
      ['"19.90"', 1990n],
      ['1e2', 10000n],
      ['0', 0n],
      ['100000000000', 10_000_000_000_000n],
      ['0.01', 1n],
      ['1990e-2', 1990n],
    ] as const) {
      const read = outcomeOf(`{"type":"refund","order_id":"o","timestamp":1,"amount":${text}}`);
      assert.deepEqual(read, { kind: 'refund', time: 1, id: 'o', amount: cents });
    }
    for (const text of ['19.999', '1e-3', '-1', '"12,3"', '""', '100000000000.01', '"1e2"'])
      assert.deepEqual(outcomeOf(`{"type":"refund","order_id":"o","timestamp":1,"amount":${text}}`), {
        kind: 'dead',
        reason: 'bad-value',
        field: 'amount',
      });
  });

  it('a time is milliseconds or ISO 8601, UTC where it names no zone', () => {
    for (const time of [
      String(T),
      '"2025-11-20T12:00:00Z"',
      '"2025-11-20T12:00:00"',
      '"2025-11-20T09:00:00.000-03:00"',
    ])
      assert.equal(
        (outcomeOf(`{"type":"refund","order_id":1,"timestamp":${time},"amount":0}`) as { time: number }).time,
        T,
      );
  });

  it('a dead letter names the first broken field with its path', () => {
    const dead = (text: string) => {
      const outcome = outcomeOf(text) as { reason: string; field: string | null };
      return `${outcome.reason} ${outcome.field}`;
    };
    assert.equal(dead('{'), 'not-json null');
    assert.equal(dead('5'), 'not-an-object null');
    assert.equal(dead('{}'), 'unknown-type type');
    assert.equal(dead('{"type":"basket"}'), 'unknown-type type');
    assert.equal(dead(orderLine({ timestamp: undefined })), 'missing-field timestamp');
    assert.equal(dead(orderLine({ payment_status: 'paid' })), 'bad-value payment_status');
    assert.equal(dead(orderLine({ items: [] })), 'bad-value items');
    const item = { product_id: 'p', quantity: 1, price: 1 };
    assert.equal(dead(orderLine({ items: [item, { ...item, quantity: 0 }] })), 'bad-value items[1].quantity');
    assert.equal(
      dead(`{"order":{"order_id":1,"order_time":"x","total_amount":1},"order_items":[${JSON.stringify(item)}]}`),
      'bad-value order.order_time',
    );
    assert.equal(dead(orderLine({ note: 'x'.repeat(1024 * 1024) })), 'too-large null');
  });
});

describe('model of a file', () => {
  it('lines lose BOM, CR and blanks', () => {
    const texts = [...lines(Buffer.from('\ufeff{}\r\n\n  \t\n5\r\n\r\n{"a":1}'))].map((line) => line.toString());
    assert.deepEqual(texts, ['{}', '5', '{"a":1}']);
  });

  it('an event is late when it is older than the lateness before the largest time seen before it', () => {
    const { partitions } = modelOf(
      [
        orderLine({ timestamp: T }),
        orderLine({ timestamp: T - HOUR }),
        orderLine({ timestamp: T - HOUR - 1 }),
        orderLine({ timestamp: T + 1 }),
        orderLine({ timestamp: T - HOUR }),
      ].join('\n'),
    );
    assert.deepEqual(partitions.get('orders/0'), {
      topic: 'orders',
      partition: 0,
      records: 5,
      in: 5,
      counted: 3,
      late: 2,
      dead: 0,
      duplicates: 0,
      watermark: T + 1,
    });
  });

  it('an event ahead of its record by more than five minutes is a dead letter and moves no watermark', () => {
    const text = [orderLine({ timestamp: T + 300_001 }), orderLine({ timestamp: T + 300_000 })].join('\n');
    const { partitions, deadLetters } = modelOf(text, { recordTime: T });
    assert.equal(partitions.get('orders/0')?.watermark, T + 300_000);
    assert.deepEqual(deadLetters, [
      { topic: 'orders', partition: 0, offset: 0, element: -1, reason: 'bad-value', field: 'timestamp' },
    ]);
  });

  it('each element of an array is an event with an outcome of its own', () => {
    const { partitions, deadLetters } = modelOf(`[${orderLine({})},5,${orderLine({ order_id: 'o2' })}]\n[]`);
    const { records, in: events, counted, dead } = partitions.get('orders/0') ?? {};
    assert.deepEqual({ records, events, counted, dead }, { records: 2, events: 3, counted: 2, dead: 1 });
    assert.equal(deadLetters[0]?.element, 1);
  });

  it('a repeated order is a duplicate where dedup is on, and before it is late', () => {
    const text = [orderLine({}), orderLine({ order_id: 'o2', timestamp: T + 2 * HOUR }), orderLine({})].join('\n');
    const outcomes = (dedup: boolean) => {
      const { counted, late, duplicates } = modelOf(text, { dedup }).partitions.get('orders/0') ?? {};
      return { counted, late, duplicates };
    };
    assert.deepEqual(outcomes(false), { counted: 2, late: 1, duplicates: 0 });
    assert.deepEqual(outcomes(true), { counted: 2, late: 0, duplicates: 1 });
  });

  it('topics are chosen by type', () => {
    const { partitions } = modelOf(
      [
        orderLine({}),
        `{"type":"delivery","order_id":"o1","timestamp":${T},"status":"shipped"}`,
        `{"type":"click","timestamp":${T},"event_type":"view","product_id":"p"}`,
        `{"type":"restock","timestamp":${T},"warehouse_id":"w","product_id":"p","quantity":5}`,
        `{"type":"refund","order_id":"o1","timestamp":${T},"amount":"1.50"}`,
        '{"type":"click"}',
      ].join('\n'),
    );
    const records = [...partitions].map(([name, { records }]) => `${name} ${records}`);
    assert.deepEqual(records, ['orders/0 4', 'deliveries/0 1', 'clicks/0 1']);
  });
});

describe('sums of the model', () => {
  const text = [
    orderLine({}),
    orderLine({ order_id: 'o2', customer_id: 'c2', payment_status: 'failed', payment_value: '10.00' }),
    orderLine({
      order_id: 'o3',
      timestamp: T + 60_000,
      payment_status: undefined,
      payment_value: 7,
      items: [
        { product_id: 'p1', category: 'toys', quantity: 1, price: '1.50' },
        { product_id: 'p2', category: 'auto', quantity: 3, price: 1 },
        { product_id: 'p3', category: 'toys', quantity: 1, price: 0.25 },
      ],
    }),
    `{"type":"refund","order_id":"o1","timestamp":${T},"amount":1.5}`,
    `{"type":"click","timestamp":${T},"event_type":"cart","product_id":"p"}`,
  ].join('\n');
  const { counted } = modelOf(text);

  it('a failed payment counts as an order and earns nothing', () => {
    const minute = tabulate(counted, { groupBy: ['minute'] }).get(JSON.stringify([T]));
    assert.deepEqual(minute, {
      total_orders: 2n,
      paid_orders: 1n,
      total_items: 4n,
      total_sales: 3980n,
      revenue: 5210n,
      payments_approved: 1n,
      payments_failed: 1n,
      refunds: 1n,
      refund_amount: 150n,
      events: 4n,
      customers: new Set(['c1', 'c2']),
    });
  });

  it('an order with items of two categories counts once in each', () => {
    const table = tabulate(counted, { groupBy: ['category'] });
    const told = [...table].map(([key, sums]) => [key, sums.total_orders, sums.total_items, sums.total_sales]);
    assert.deepEqual(told, [
      ['["toys"]', 3n, 6n, 4155n],
      ['["auto"]', 1n, 3n, 300n],
    ]);
  });

  it('filters, granularity and event types', () => {
    const hour = tabulate(counted, { groupBy: ['minute'], granularityMs: HOUR, category: ['auto'] });
    assert.deepEqual([...hour.keys()], [JSON.stringify([T])]);
    assert.equal(hour.get(JSON.stringify([T]))?.total_items, 3n);
    const types = [...tabulate(counted, { groupBy: ['event_type'] })].map(([key, { events }]) => [key, events]);
    assert.deepEqual(types, [
      ['["order"]', 3n],
      ['["refund"]', 1n],
      ['["cart"]', 1n],
    ]);
    assert.equal(tabulate(counted, { groupBy: [], state: ['RJ'] }).size, 0);
    assert.equal(tabulate(counted, { groupBy: [], from: T + 60_000, to: T + 120_000 }).get('[]')?.total_orders, 1n);
  });
});

describe('hostile file', () => {
  const digest = (seed: number) =>
    createHash('sha256')
      .update(hostileFile({ events: 3000, seed }))
      .digest('hex');

  it('is the same for the same seed and another for another', () => {
    assert.equal(digest(7), digest(7));
    assert.notEqual(digest(7), digest(8));
  });

  it('is read by the model just as its writer meant it', () => {
    const differences: string[] = [];
    for (const { bytes, broken, record } of hostileLines({ events: 20_000, seed: 11 })) {
      if (!record) continue;
      const { array, outcomes } = readRecord(bytes);
      const [outcome] = outcomes;
      const inFuture = broken?.field === 'timestamp' && outcome?.kind !== 'dead' && (outcome?.time ?? 0) > 4e12;
      if (array || inFuture) continue;
      const told = outcome?.kind === 'dead' ? `${outcome.reason} ${outcome.field}` : 'good';
      const meant = broken ? `${broken.reason} ${broken.field}` : 'good';
      if (told !== meant) differences.push(`${told} instead of ${meant}: ${bytes.toString().slice(0, 300)}`);
    }
    assert.deepEqual(differences, []);
  });

  it('holds every reason, late events, and times out of order', () => {
    const model = new Model();
    model.addLines(hostileFile({ events: 20_000, seed: 5 }));
    const { partitions, deadLetters, counted } = model.result();
    const reasons = new Set(deadLetters.map(({ reason }) => reason));
    assert.deepEqual([...reasons].sort(), [
      'bad-value',
      'missing-field',
      'not-an-object',
      'not-json',
      'too-large',
      'unknown-type',
    ]);
    const late = [...partitions.values()].reduce((sum, partition) => sum + partition.late, 0);
    assert.ok(late > 50, `${late} late events`);
    assert.ok(deadLetters.length > 800 && deadLetters.length < 1400, `${deadLetters.length} dead letters`);
    assert.ok(counted.some(({ time }, place) => time < (counted[place - 1]?.time ?? 0)));
  });
});
