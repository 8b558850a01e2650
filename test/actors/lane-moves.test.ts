import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LaneMoves } from '../../actors/lane-moves.ts';

test('a lane is waited for until it answers, or its time is over', async () => {
  const patient = new LaneMoves();
  const both = Promise.all([patient.of(0), patient.of(1)]);
  patient.done(0);
  patient.done(1);
  await both;
  const hasty = new LaneMoves(1);
  await assert.rejects(hasty.of(1), { code: 'deadline-exceeded', message: /lane-1 did not answer within 1 ms/ });
  hasty.done(1);
});
