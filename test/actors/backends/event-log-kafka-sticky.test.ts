import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assignSticky, type GroupMember, spread } from '../../../actors/backends/event-log-kafka-sticky.ts';

const members = fc
  .uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1, maxLength: 6 }),
      owned: fc.array(fc.integer({ min: -2, max: 40 }), { maxLength: 12 }),
      since: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 9, selector: ({ id }) => id },
  )
  .map((all): GroupMember[] => all);
const counts = fc.array(fc.integer({ min: 0, max: 24 }), { minLength: 1, maxLength: 4 });

const sizes = (given: ReadonlyMap<string, readonly number[]>) => [...given.values()].map(({ length }) => length);
const asMembers = (given: ReadonlyMap<string, readonly number[]>): GroupMember[] =>
  [...given].map(([id, owned]) => ({ id, owned, since: 1 }));

/** Indices that have another member than before. */
function moved(before: ReadonlyMap<string, readonly number[]>, after: ReadonlyMap<string, readonly number[]>): number {
  return [...before].reduce(
    (sum, [id, owned]) => sum + owned.filter((index) => !after.get(id)?.includes(index)).length,
    0,
  );
}

test('every partition index goes to exactly one member, whatever the members claim', () => {
  fc.assert(
    fc.property(members, counts, (group, topics) => {
      const total = Math.max(...topics);
      const given = [...assignSticky(group, topics).values()].flat().sort((a, b) => a - b);
      assert.deepEqual(
        given,
        Array.from({ length: total }, (_, index) => index),
      );
    }),
  );
});

test('members get as many indices as each other, or one more', () => {
  fc.assert(
    fc.property(members, counts, (group, topics) => {
      const all = sizes(assignSticky(group, topics));
      assert.ok(Math.max(...all) - Math.min(...all) <= 1);
    }),
  );
});

test('all members work out the same, in whatever order they are listed', () => {
  fc.assert(
    fc.property(members, counts, (group, topics) => {
      const sorted = (given: Map<string, number[]>) => [...given].sort(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(sorted(assignSticky(group.toReversed(), topics)), sorted(assignSticky(group, topics)));
    }),
  );
});

test('nothing moves while nobody comes or goes', () => {
  fc.assert(
    fc.property(members, counts, (group, topics) => {
      const before = assignSticky(group, topics);
      assert.equal(moved(before, assignSticky(asMembers(before), topics)), 0);
    }),
  );
});

test('when one goes only what it had moves; when one comes it gets no more than its share', () => {
  fc.assert(
    fc.property(members, counts, (group, topics) => {
      const total = Math.max(...topics);
      const before = assignSticky(group, topics);
      const [first, ...others] = asMembers(before) as [GroupMember, ...GroupMember[]];
      if (others.length > 0) {
        assert.equal(moved(before, assignSticky(others, topics)), first.owned.length);
      }
      const newcomer = { id: 'a newcomer', owned: [], since: 0 };
      const after = assignSticky([...asMembers(before), newcomer], topics);
      assert.equal(moved(before, after), after.get(newcomer.id)?.length);
      assert.ok((after.get(newcomer.id)?.length ?? 0) <= Math.ceil(total / (group.length + 1)));
    }),
  );
});

test('of two members that claim the same index the one that has had it later keeps it', () => {
  const zombie = { id: 'a', owned: [0, 1], since: 10 };
  const owner = { id: 'b', owned: [0, 1], since: 20 };
  const given = assignSticky([zombie, owner, { id: 'c', owned: [2, 3], since: 5 }], [6]);
  assert.deepEqual(given.get('b'), [0, 1]);
  assert.deepEqual(given.get('c'), [2, 3]);
});

test('partition i of every topic goes to the same member, also where topics have different counts', () => {
  const counts = new Map([
    ['orders', 6],
    ['clicks', 3],
  ]);
  const given = assignSticky(
    [
      { id: 'a', owned: [], since: 0 },
      { id: 'b', owned: [], since: 0 },
    ],
    [...counts.values()],
  );
  const parts = [...given.values()].map((indices) => spread(indices, counts));
  for (const { orders = [], clicks = [] } of parts) {
    assert.deepEqual(
      clicks,
      orders.filter((index) => index < 3),
    );
    assert.equal(orders.length, 3);
    // Indices that more topics have weigh more, so that no member gets them all.
    assert.ok(clicks.length > 0 && clicks.length < 3);
  }
});
