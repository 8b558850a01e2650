import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GenerationHealth } from '../../../actors/monitors/generation-core.ts';
import type { GenerationReport } from '../../../protocol/message.ts';

const live = (second: number, total: number): GenerationReport => ({
  type: 'generated',
  at: second * 1000,
  askedRate: 100,
  total,
  phase: 'live',
});

test('generation health is fine while the seen rate is near the asked one', () => {
  const health = new GenerationHealth();
  for (let second = 1; second <= 10; second++) health.report(live(second, second * 95));
  const finding = health.judge(10_500);
  assert.equal(finding?.severity, 'ok');
  assert.equal(finding?.evidence.seen_rate, 95);
});

test('generation health warns when much less comes than was asked, and says since when', () => {
  const health = new GenerationHealth();
  for (let second = 1; second <= 10; second++) health.report(live(second, second * 50));
  assert.equal(health.judge(10_000)?.severity, 'warning');
  assert.equal(health.judge(11_000)?.since, 10_000);
});

test('generation health finds a gap, but no slowness while the past is filled', () => {
  const health = new GenerationHealth();
  assert.equal(health.judge(0), undefined);
  health.report({ ...live(1, 5), phase: 'filling', askedRate: null });
  assert.equal(health.judge(60_000), undefined);
  health.report(live(2, 10));
  assert.equal(health.judge(2_500)?.severity, 'ok');
  assert.equal(health.judge(9_000)?.severity, 'critical');
});
