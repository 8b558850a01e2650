import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderStream } from '../../../actors/generator/core.ts';
import { atRate, isAnomaly, type Kept, planRun, type RunInput } from '../../../actors/generator/plan.ts';
import { FrameSink } from '../../../actors/generator/sinks.ts';

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const demo: RunInput = { rate: null, seed: null, brokenShare: 0, anomaly: null };

/** Writes until `until`; answers what would be kept, and the times of the first and the last event. */
function go(plan: ReturnType<typeof planRun>, until: number): { kept: Kept; first: number; total: number } {
  const first = plan.stream.nextTime;
  const sink = new FrameSink(1);
  let total = plan.total;
  for (let written = -1; written !== 0; total += written) written = plan.stream.next(until, 5_000, sink);
  return { kept: { state: plan.stream.snapshot(), total }, first, total };
}

test('generator plan of the demo fills 49 hours, then follows the clock', () => {
  const plan = planRun(demo, undefined, NOW);
  assert.equal(plan.fillUntil, NOW);
  assert.equal(plan.askedRate, null);
  assert.ok(Math.abs(plan.stream.nextTime - (NOW - 49 * 60 * MINUTE)) < MINUTE);
});

test('generator plan goes on after what was kept: nothing again, nothing left out after a short break', () => {
  const first = go(planRun({ ...demo, seed: 's' }, undefined, NOW), NOW);
  const again = planRun({ ...demo, seed: 's' }, first.kept, NOW + 5 * MINUTE);
  assert.equal(again.total, first.total);
  assert.ok(again.stream.nextTime > NOW - 1 && again.stream.nextTime < NOW + MINUTE);
});

test('generator plan with a rate begins now, also after a long break', () => {
  const live: RunInput = { ...demo, rate: 100 };
  const first = go(planRun(live, undefined, NOW), NOW + 10_000);
  assert.ok(first.total > 800 && first.total < 1_200, `${first.total} events in 10 s at 100 a second`);
  const again = planRun(live, first.kept, NOW + 60 * MINUTE);
  assert.ok(again.stream.nextTime >= NOW + 60 * MINUTE);
  assert.equal(again.askedRate, 100);
});

test('generator plan at the highest rate asks for nothing that could be missed', () => {
  assert.equal(planRun({ ...demo, rate: Number.POSITIVE_INFINITY }, undefined, NOW).askedRate, null);
});

test('generator plan knows its anomalies', () => {
  assert.equal(isAnomaly('refund-spike'), true);
  assert.equal(isAnomaly('meteor'), false);
});

test('generator stream at another rate goes on from now, and no order comes again', () => {
  const texts: string[] = [];
  const take = (stream: OrderStream, until: number): number => {
    const sink = new FrameSink(1);
    let total = 0;
    for (let written = -1; written !== 0; total += written) written = stream.next(until, 5_000, sink);
    for (const { frames } of sink.take()) texts.push(Buffer.from(frames).toString('latin1'));
    return total;
  };
  const { stream } = planRun({ ...demo, rate: 100 }, undefined, NOW);
  take(stream, NOW + 10_000);
  const faster = atRate(stream, 1_000, NOW + 10_000);
  assert.ok(faster.nextTime > NOW + 10_000);
  const total = take(faster, NOW + 20_000);
  assert.ok(total > 8_000 && total < 12_000, `${total} events in 10 s at 1,000 a second`);
  const ids = [...texts.join('').matchAll(/"type":"order","order_id":"([^"]+)"/g)].map(([, id]) => id);
  assert.ok(ids.length > 500, `${ids.length} orders`);
  assert.equal(new Set(ids).size, ids.length);
});
