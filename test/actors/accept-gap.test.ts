import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Acceptances, acceptable } from '../../actors/accept-gap.ts';

const PLACE = { topic: 'orders', partition: 1 };
const GAP = { ...PLACE, offset: 10, start: 25, end: 40, lane: 2, since: 0 };

test('only what the log has lost can be accepted', () => {
  assert.equal(acceptable(PLACE, GAP), GAP);
  assert.throws(() => acceptable(PLACE, undefined), { code: 'conflict', message: /orders\/1 as it has none/ });
  assert.throws(() => acceptable(PLACE, { ...GAP, offset: 50 }), { code: 'conflict', message: /ends at 40.*50/ });
});

test('a gap is accepted by the aggregator of its lane, or by nobody', async () => {
  const told: unknown[] = [];
  const acceptances = new Acceptances((lane, body) => told.push({ lane, body }));
  const first = acceptances.ask(GAP);
  const second = acceptances.ask(GAP);
  assert.deepEqual(told[0], { lane: 2, body: { type: 'accept-gap', id: 1, ...PLACE, offset: 25 } });
  acceptances.answered(2, false);
  acceptances.answered(1, true);
  await first;
  await assert.rejects(second, { code: 'unavailable', message: /lane-2 does not own it/ });
});
