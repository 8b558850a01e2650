import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandBody, parseLanesBody } from '../../protocol/command.ts';

const refusal = (field?: string) => ({ name: 'AppError', code: 'bad-parameter', field });

test('parseCommandBody takes a reason and a key, or nothing', () => {
  assert.deepEqual(parseCommandBody({ reason: 'stuck', idempotency_key: '7f', more: 1 }), {
    reason: 'stuck',
    idempotencyKey: '7f',
  });
  for (const body of [undefined, null, {}, { reason: null, idempotency_key: null }])
    assert.deepEqual(parseCommandBody(body), { reason: null, idempotencyKey: null });
});

test('parseCommandBody names what it cannot take', () => {
  for (const body of [5, 'x', [], true]) assert.throws(() => parseCommandBody(body), refusal(undefined));
  for (const reason of [5, '', 'x'.repeat(501), {}])
    assert.throws(() => parseCommandBody({ reason }), refusal('reason'));
  for (const key of [5, '', 'x'.repeat(201), []])
    assert.throws(() => parseCommandBody({ idempotency_key: key }), refusal('idempotency_key'));
});

test('parseLanesBody takes a whole number of lanes', () => {
  assert.deepEqual(parseLanesBody({ lanes: 4, reason: 'more' }), { lanes: 4, reason: 'more', idempotencyKey: null });
  for (const lanes of [undefined, null, 0, -1, 1.5, '2', 1025, {}])
    assert.throws(() => parseLanesBody({ lanes }), refusal('lanes'));
});
