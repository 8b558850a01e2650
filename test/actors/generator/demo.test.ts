/** The demo's fill: its size, its shape, and that nothing breaks off at now. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_FILL_MS, demoChanges, demoOptions } from '../../../actors/generator/demo.ts';
import { createGenerator, resumeGenerator } from '../../../actors/generator/generator.ts';
import { type OrderEvent, ofType, parse, RecordSink } from './streams.ts';

const HOUR_MS = 3_600_000;
/** A Friday afternoon in the shop. */
const NOW = Date.UTC(2026, 10, 20, 18, 30);

/** Orders and clicks by hour before (negative) and after now; the text is only parsed where it is needed. */
function fill(now: number) {
  const stream = createGenerator(demoOptions(now));
  const hours = new Map<number, { orders: number; clicks: number; lastQuarter: number }>();
  let events = 0;
  const sink = new RecordSink((record) => {
    events++;
    const letter = record[9];
    if (letter !== 0x6f && letter !== 0x63) return;
    const { timestamp } = parse(record);
    const hour = Math.floor((timestamp - now) / HOUR_MS);
    const own = hours.get(hour) ?? { orders: 0, clicks: 0, lastQuarter: 0 };
    hours.set(hour, own);
    if (letter === 0x6f) own.orders++;
    else {
      own.clicks++;
      if (timestamp >= now - HOUR_MS / 4 && timestamp < now) own.lastQuarter++;
    }
  });
  stream.next(now, Number.POSITIVE_INFINITY, sink);
  const filled = events;
  stream.next(now + HOUR_MS, Number.POSITIVE_INFINITY, sink);
  return { filled, hours, live: events - filled };
}

const { filled, hours, live } = fill(NOW);
const orders = (hour: number) => hours.get(hour)?.orders ?? 0;

test('demo fills 49 hours with some 250,000 events', () => {
  assert.ok(filled > 200_000 && filled < 300_000, `${filled} events`);
  assert.equal(Math.min(...hours.keys()), -DEMO_FILL_MS / HOUR_MS);
  for (let hour = -49; hour < 0; hour++) assert.ok(orders(hour) > 200, `${orders(hour)} orders in hour ${hour}`);
});

test('demo shows no step at now: the live hour continues the last one', () => {
  assert.ok(Math.abs(orders(0) / orders(-1) - 1) < 0.25, `${orders(-1)} orders before, ${orders(0)} after`);
  const clicks = hours.get(0)?.clicks ?? 0;
  const before = 4 * (hours.get(-1)?.lastQuarter ?? 0);
  assert.ok(Math.abs(clicks / before - 1) < 0.15, `${before} clicks an hour before, ${clicks} after`);
  assert.ok(live / 3600 > 8 && live / 3600 < 40, `${live / 3600} events a second`);
});

test('demo’s days follow the same curve without being equal', () => {
  let different = 0;
  for (let hour = -24; hour < 0; hour++) {
    const ratio = orders(hour) / orders(hour - 24);
    assert.ok(ratio > 0.6 && ratio < 1.5, `hour ${hour}: ${orders(hour)} against ${orders(hour - 24)}`);
    if (Math.abs(ratio - 1) > 0.03) different++;
  }
  assert.ok(different > 8);
  assert.ok(Math.max(...Array.from({ length: 24 }, (_, at) => orders(-1 - at))) > 2 * orders(-11));
});

test('demo goes on after a break with the break filled, and no order comes twice', () => {
  const before = createGenerator(demoOptions(NOW));
  before.next(NOW, Number.POSITIVE_INFINITY, new RecordSink(() => {}));
  const state = before.snapshot();
  assert.deepEqual(demoChanges(NOW + 60_000, state), {});

  const later = NOW + 3 * HOUR_MS;
  const stream = resumeGenerator(state, demoChanges(later, state));
  const added: OrderEvent[] = [];
  const sink = new RecordSink((record) => {
    if (record[9] === 0x6f) added.push(...ofType([parse(record)], 'order'));
  });
  const events = stream.next(later, Number.POSITIVE_INFINITY, sink);
  assert.ok(events > 20_000 && events < 100_000, `${events} events for three hours`);
  assert.ok((added[0]?.timestamp ?? 0) >= state.time && (added[0]?.timestamp ?? 0) < state.time + 60_000);
  assert.equal(new Set(added.map((order) => order.order_id)).size, added.length);

  const afterWeeks = NOW + 30 * 24 * HOUR_MS;
  assert.equal(demoChanges(afterWeeks, state).startAt, afterWeeks - DEMO_FILL_MS);
});
