/** The stream as a whole: its order, its stories, its restarts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator, resumeGenerator } from '../../../actors/generator/generator.ts';
import type { RateOptions } from '../../../actors/generator/options.ts';
import { AppError } from '../../../protocol/errors.ts';
import { countBy, type DeliveryEvent, ofType, parse, RecordSink, readEvents, type ShopEvent } from './streams.ts';

const DAY_MS = 86_400_000;
/** Forty days of a small shop: long enough for most parcels to arrive. */
const story = readEvents(createGenerator({ seed: 5, eventsPerSecond: 0.02 }), {
  until: Date.UTC(2026, 0, 1) + 40 * DAY_MS,
});
const orders = ofType(story, 'order');
const deliveries = ofType(story, 'delivery');

test('stream gives the same events for the same seed and others for another', () => {
  const events = (seed: number) => JSON.stringify(readEvents(createGenerator({ seed }), { most: 3000 }));
  assert.equal(events(7), events(7));
  assert.notEqual(events(7), events(8));
});

test('stream is in order of time and begins at its start', () => {
  for (const [at, event] of story.entries())
    assert.ok(event.timestamp >= (story[at - 1]?.timestamp ?? Date.UTC(2026, 0, 1)), `event ${at}`);
});

test('stream gives the rate it is asked for, in total, whatever the rate', () => {
  for (const eventsPerSecond of [0.5, 30, 5000]) {
    const seconds = Math.max(4, 100_000 / eventsPerSecond / 5);
    const stream = createGenerator({ seed: 3, eventsPerSecond, shape: 'flat' });
    const written = stream.next(
      stream.options.startAt + seconds * 1000 - 1,
      Number.POSITIVE_INFINITY,
      new RecordSink(() => {}),
    );
    const openings = 2400;
    const wanted = eventsPerSecond * seconds;
    assert.ok(written > wanted * 0.95 && written < wanted * 1.05 + openings, `${written} events, asked for ${wanted}`);
    assert.ok(Math.abs(stream.rateAt(stream.time) / eventsPerSecond - 1) < 0.02);
  }
});

test('stream stops at a time or a number and goes on without a gap', () => {
  const whole = readEvents(createGenerator({ seed: 4 }), { most: 4000 });
  const stream = createGenerator({ seed: 4 });
  const parts: ShopEvent[] = [];
  for (let until = stream.options.startAt; parts.length < 4000; until += 7_777)
    parts.push(...readEvents(stream, { until, most: 13 }));
  assert.deepEqual(parts.slice(0, 4000), whole.slice(0, 4000));
});

test('stream resumed from its state gives what it would have given', () => {
  const options: RateOptions = { seed: 9, eventsPerSecond: 20, brokenShare: 0.1 };
  const lines: string[] = [];
  createGenerator(options).next(Number.POSITIVE_INFINITY, 9000, textSink(lines));
  let stream = createGenerator(options);
  const again: string[] = [];
  for (let part = 0; again.length < 9000; part++) {
    stream.next(Number.POSITIVE_INFINITY, 700 + part, textSink(again));
    stream = resumeGenerator(JSON.parse(JSON.stringify(stream.snapshot())));
  }
  assert.deepEqual(again.slice(0, 9000), lines.slice(0, 9000));
});

test('stream resumed at another rate or later start never repeats an order', () => {
  const ids = new Set<string>();
  let count = 0;
  let stream = createGenerator({ seed: 9, eventsPerSecond: 50 });
  const changes: RateOptions[] = [
    { eventsPerSecond: 5000, shape: 'flat' },
    { eventsPerSecond: 51 },
    { startAt: stream.options.startAt + 3_600_000 },
    { startAt: 0 + stream.options.startAt, anomalies: [] },
    { ordersPerSecond: 20, clicksPerSecond: 1 },
  ];
  for (const change of [...changes, {}]) {
    const before = stream.time;
    for (const { order_id, timestamp } of ofType(readEvents(stream, { most: 3000 }), 'order')) {
      assert.ok(timestamp >= before);
      ids.add(order_id);
      count++;
    }
    stream = resumeGenerator(stream.snapshot(), change);
  }
  assert.ok(count > 2000);
  assert.equal(ids.size, count);
});

test('state stays small at the highest rate', () => {
  const stream = createGenerator({ seed: 1, eventsPerSecond: 200_000, shape: 'flat' });
  stream.next(Number.POSITIVE_INFINITY, 50_000, new RecordSink(() => {}));
  assert.ok(JSON.stringify(stream.snapshot()).length < 64 * 1024);
});

test('order ids of different seeds and rates do not meet', () => {
  const ids = [1, 2].flatMap((seed) =>
    [2, 40].flatMap((eventsPerSecond) =>
      ofType(readEvents(createGenerator({ seed, eventsPerSecond }), { most: 2000 }), 'order').map((o) => o.order_id),
    ),
  );
  assert.equal(new Set(ids).size, ids.length);
});

test('order value is its items and its freight, to the cent', () => {
  for (const order of orders) {
    const cents = order.items.reduce((sum, item) => sum + item.quantity * Math.round(item.price * 100), 0);
    assert.equal(Math.round(order.payment_value * 100), cents + Math.round(order.shipping_cost * 100));
    assert.equal(new Set(order.items.map((item) => item.product_id)).size, order.items.length);
  }
});

test('delivery goes from pending to shipped to delivered, with one promise, one warehouse and one courier', () => {
  const steps = Map.groupBy(deliveries, (delivery) => delivery.order_id);
  let whole = 0;
  for (const order of orders) {
    const own = steps.get(order.order_id) ?? [];
    const path = own.map((delivery) => delivery.status).join(' ');
    if (order.payment_status === 'failed') assert.equal(path, '');
    else assert.match(path, /^pending( shipped( delivered( returned)?)?)?$/);
    for (const step of own) assertSameParcel(step, order);
    assert.equal(new Set(own.map((delivery) => delivery.expected_time)).size, own.length > 0 ? 1 : 0);
    if (path.startsWith('pending shipped delivered')) whole++;
  }
  assert.ok(whole > orders.length / 2, `${whole} of ${orders.length} arrived`);
});

function assertSameParcel(step: DeliveryEvent, order: (typeof orders)[number]): void {
  assert.equal(step.customer_state, order.customer_state);
  assert.equal(step.warehouse_id, order.warehouse_id);
  assert.equal(step.courier_id, order.courier_id);
  assert.ok(step.timestamp >= order.timestamp && step.expected_time > order.timestamp);
  assert.equal(step.actual_time, step.status === 'delivered' ? step.timestamp : null);
}

test('deliveries of earlier orders are under way from the first day on', () => {
  const start = Date.UTC(2026, 0, 1);
  const byDay = countBy(
    deliveries.filter((delivery) => delivery.status === 'delivered'),
    (delivery) => Math.floor((delivery.timestamp - start) / DAY_MS),
  );
  const first = byDay.get(0) ?? 0;
  const later = byDay.get(30) ?? 0;
  assert.ok(first > later / 2 && later > 100, `${first} on the first day, ${later} on the 31st`);
});

test('refund gives back what the order cost, once, and never to a failed payment', () => {
  const refunds = ofType(story, 'refund');
  assert.ok(refunds.length > orders.length * 0.012 && refunds.length < orders.length * 0.03);
  assert.equal(new Set(refunds.map((refund) => refund.order_id)).size, refunds.length);
  const values = new Map(orders.map((order) => [order.order_id, order]));
  for (const refund of refunds) {
    const order = values.get(refund.order_id);
    if (order === undefined) continue;
    assert.equal(refund.amount, order.payment_value);
    assert.notEqual(order.payment_status, 'failed');
    assert.ok(refund.timestamp > order.timestamp);
  }
});

test('product is sold from its own warehouse, after it was stocked there, and seldom beyond its stock', () => {
  const stock = new Map<string, number>();
  let owed = 0;
  let sold = 0;
  for (const event of story) {
    if (event.type === 'restock') {
      assert.ok(event.quantity > 0);
      const key = `${event.warehouse_id} ${event.product_id}`;
      stock.set(key, (stock.get(key) ?? 0) + event.quantity);
    }
    if (event.type !== 'order') continue;
    for (const item of event.items) {
      const key = `${event.warehouse_id} ${item.product_id}`;
      const left = stock.get(key);
      assert.ok(left !== undefined, `${key} was never stocked`);
      if (event.payment_status === 'failed') continue;
      stock.set(key, left - item.quantity);
      sold++;
      if (left < item.quantity) owed++;
    }
  }
  assert.ok(owed < sold / 1000, `${owed} of ${sold} were owed`);
});

test('anomalies happen when and only when they were ordered', () => {
  const startAt = Date.UTC(2026, 0, 1);
  const hour = 3_600_000;
  const span = { start: startAt + hour, durationMs: hour };
  const events = readEvents(
    createGenerator({
      seed: 2,
      startAt,
      ordersPerSecond: 1,
      clicksPerSecond: 0,
      shape: 'flat',
      anomalies: [
        { kind: 'refund-spike', ...span },
        { kind: 'order-drop', start: startAt + 3 * hour, durationMs: hour },
        { kind: 'payment-surge', start: startAt + 5 * hour, durationMs: hour, strength: 0.5 },
      ],
    }),
    { until: startAt + 6 * hour - 1 },
  );
  const at = (event: ShopEvent) => Math.floor((event.timestamp - startAt) / hour);
  const refunds = countBy(ofType(events, 'refund'), at);
  const all = countBy(ofType(events, 'order'), at);
  const failed = countBy(
    ofType(events, 'order').filter((order) => order.payment_status === 'failed'),
    at,
  );
  assert.ok((refunds.get(1) ?? 0) > 5 * (refunds.get(2) ?? 0), 'refunds');
  assert.ok((all.get(3) ?? 0) < 0.3 * (all.get(2) ?? 0) && (all.get(4) ?? 0) > 3000, 'orders');
  assert.ok((failed.get(5) ?? 0) > 10 * (failed.get(4) ?? 0), 'failed payments');
});

test('clicks show the public shares of views, carts, purchases and empty fields', () => {
  const stream = createGenerator({ seed: 6, ordersPerSecond: 0.0001, clicksPerSecond: 20, shape: 'flat' });
  const clicks = ofType(readEvents(stream, { most: 60_000 }), 'click');
  const share = (holds: (click: (typeof clicks)[number]) => boolean) => clicks.filter(holds).length / clicks.length;
  const near = (actual: number, wanted: number) =>
    assert.ok(Math.abs(actual / wanted - 1) < 0.06, `${actual} ${wanted}`);
  near(
    share((click) => click.event_type === 'view'),
    0.89676,
  );
  near(
    share((click) => click.event_type === 'cart'),
    0.06105,
  );
  near(
    share((click) => click.event_type === 'purchase'),
    0.04219,
  );
  near(
    share((click) => click.brand === null),
    0.23992,
  );
  near(
    share((click) => click.category_code === null),
    0.26688,
  );
  near(clicks.length / new Set(clicks.map((click) => click.user_session)).size, 1.8046);
  for (const [quantile, price] of [
    [0.25, 21.98],
    [0.5, 52.9],
    [0.75, 130],
  ] as const)
    assert.ok(Math.abs(share((click) => click.price <= price) - quantile) < 0.02);
});

test('session views before it puts into the cart, and puts there before it buys', () => {
  const stream = createGenerator({ seed: 6, ordersPerSecond: 0.0001, clicksPerSecond: 20, shape: 'flat' });
  readEvents(stream, { until: stream.options.startAt + 3_600_000 });
  const clicks = ofType(readEvents(stream, { most: 30_000 }), 'click');
  const seen = new Map<string, number>();
  const rank: Readonly<Record<string, number>> = { view: 0, cart: 1, purchase: 2 };
  const begun = new Set<string | null>();
  for (const click of clicks) {
    const key = `${click.user_session} ${click.product_id}`;
    const reached = seen.get(key) ?? -1;
    const step = rank[click.event_type] as number;
    if (begun.has(click.user_session)) assert.ok(step === 0 || reached >= step - 1, `${key} ${click.event_type}`);
    if (step === 0) begun.add(click.user_session);
    if (begun.has(click.user_session)) seen.set(key, Math.max(step, reached));
  }
});

test('options that make no sense are refused with field, rule and value', () => {
  const wrong: RateOptions[] = [
    { eventsPerSecond: 0 },
    { eventsPerSecond: Number.NaN },
    { ordersPerSecond: -1 },
    { brokenShare: 1 },
    { startAt: -5 },
    { slotMs: 1234 },
    { anomalies: [{ kind: 'order-drop', start: 0, durationMs: 0 }] },
  ];
  for (const options of wrong) {
    assert.throws(
      () => createGenerator(options),
      (error) => error instanceof AppError && error.code === 'bad-parameter' && error.field === Object.keys(options)[0],
    );
  }
});

function textSink(lines: string[]): RecordSink {
  const decoder = new TextDecoder();
  return new RecordSink((record) => lines.push(decoder.decode(record)));
}

test('every record is one JSON object without a line break', () => {
  const sink = new RecordSink((record) => {
    assert.ok(!record.includes(10));
    assert.equal(typeof parse(record), 'object');
  });
  createGenerator({ seed: 12 }).next(Number.POSITIVE_INFINITY, 5000, sink);
});
