import assert from 'node:assert/strict';
import test from 'node:test';
import { RememberedOrders } from '../../../actors/window-aggregator/dedup.ts';
import { randomFrom } from './fixture.ts';

for (const capacity of [1, 5, 64, 100, 1_000]) {
  test(`remembered orders are the last ${capacity}, also after being packed`, () => {
    const random = randomFrom(capacity);
    let remembered = new RememberedOrders(capacity, null);
    let model: number[] = [];
    for (let turn = 0; turn < 5_000; turn++) {
      const id = Math.floor(random() * capacity * 2);
      const isNew = remembered.add(id, id % 3);
      assert.equal(isNew, !model.includes(id));
      if (isNew) model = [...model, id].slice(-capacity);
      if (turn % 997 === 0) remembered = new RememberedOrders(capacity, remembered.pack());
    }
  });
}

test('remembered orders of a larger memory are cut to the newest', () => {
  const large = new RememberedOrders(10, null);
  for (let id = 0; id < 10; id++) large.add(id, 0);
  const small = new RememberedOrders(3, large.pack());
  assert.deepEqual(
    [9, 8, 7, 6].map((id) => small.add(id, 0)),
    [false, false, false, true],
  );
});

test('remembered orders refuse bytes of another form', () => {
  assert.throws(() => new RememberedOrders(3, new Uint8Array([9, 9])), /another form/);
});
