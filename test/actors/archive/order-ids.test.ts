import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasHash, hashOfId, OrderIds } from '../../../actors/archive/order-ids.ts';

test('order ids are found again, and no others', () => {
  const ids = new OrderIds();
  const hashes = Array.from({ length: 1_000 }, (_, number) => hashOfId(`o${number}`));
  ids.add(Uint32Array.from(hashes.slice(0, 600)).sort());
  ids.add(new Uint32Array(0));
  ids.add(Uint32Array.from(hashes.slice(400)).sort());
  const bytes = ids.finish();
  assert.equal(bytes.length, new Set(hashes).size * 4);
  assert.ok(hashes.every((hash) => hasHash(bytes, hash)));
  const known = new Set(hashes);
  const others = Array.from({ length: 1_000 }, (_, number) => hashOfId(`x${number}`)).filter(
    (hash) => !known.has(hash),
  );
  assert.ok(others.length > 900 && others.every((hash) => !hasHash(bytes, hash)));
});

test('order ids of nothing are no bytes, in which nothing is found', () => {
  const bytes = new OrderIds().finish();
  assert.equal(bytes.length, 0);
  assert.equal(hasHash(bytes, 0), false);
});
