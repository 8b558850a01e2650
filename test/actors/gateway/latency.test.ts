import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latency } from '../../../actors/gateway/latency.ts';
import { seeded } from './lanes.ts';

test('latency tells quantiles of the last minute within ten percent', () => {
  const random = seeded(3);
  const latency = new Latency();
  const recent: number[] = [];
  for (let second = 0; second < 200; second++) {
    for (let sample = 0; sample < 20; sample++) {
      const ms = 1 + random() ** 4 * 5_000;
      latency.add(ms, second * 1_000 + sample);
      if (second >= 140) recent.push(ms);
    }
  }
  recent.sort((a, b) => a - b);
  for (const share of [0.5, 0.9, 0.99]) {
    const exact = recent[Math.ceil(recent.length * share) - 1] as number;
    const told = latency.quantile(share, 199_999) as number;
    assert.ok(told >= exact * 0.99 && told <= exact * 1.11, `${share}: ${told} for ${exact}`);
  }
  assert.equal(latency.count, recent.length);
  assert.equal(latency.ever.count, 4_000);
});

test('latency forgets after a minute, and takes odd values', () => {
  const latency = new Latency();
  assert.equal(latency.quantile(0.5, 0), null);
  for (const ms of [-5, 0, Number.NaN, 1e12]) latency.add(ms, 1_000);
  assert.equal(latency.count, 4);
  assert.ok((latency.quantile(1, 1_000) as number) > 1e6);
  assert.equal(latency.quantile(0.5, 62_000), null);
  latency.add(10, 500_000);
  assert.equal(latency.count, 1);
});
