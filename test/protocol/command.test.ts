import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommandBody, parseFaultBody, parseLanesBody } from '../../protocol/command.ts';

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

test('parseFaultBody takes faults of an actor, and poison with the order that it is of', () => {
  const ordered = (body: object) => parseFaultBody(body).ordered;
  assert.deepEqual(ordered({ kind: 'stall', order_id: 'o1' }), { fault: 'stall' });
  assert.deepEqual(ordered({ kind: 'poison', order_id: 'o1' }), { fault: 'poison', order: 'o1', death: 'crash' });
  assert.deepEqual(ordered({ kind: 'poison', order_id: 7, death: 'block' }), {
    fault: 'poison',
    order: '7',
    death: 'block',
  });
  const healed = { fault: 'heal', order: 'o1', death: 'crash' };
  assert.deepEqual(ordered({ kind: 'poison', order_id: 'o1', off: true }), healed);
  assert.deepEqual(ordered({ kind: 'heal', order_id: 'o1' }), healed);
  const poison = { kind: 'poison', order_id: 'o1' };
  for (const kind of [undefined, 'bad', 5]) assert.throws(() => parseFaultBody({ kind }), refusal('kind'));
  for (const id of [undefined, '', 1.5, 'x'.repeat(201)])
    assert.throws(() => parseFaultBody({ ...poison, order_id: id }), refusal('order_id'));
  assert.throws(() => parseFaultBody({ ...poison, death: 'slow' }), refusal('death'));
  assert.throws(() => parseFaultBody({ ...poison, off: 'yes' }), refusal('off'));
});
