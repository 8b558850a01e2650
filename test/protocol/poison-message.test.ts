import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageName, PoisonedMessages } from '../../protocol/poison-message.ts';

const bytes = (length: number, seed = 0) => Uint8Array.from({ length }, (_, at) => (at * 31 + seed) & 0xff);

test('a message has the same name whenever it comes, and another one another', () => {
  const long = bytes(10_000);
  assert.equal(messageName([long, bytes(3)]), messageName([long.slice(), bytes(3)]));
  const changed = (at: number) => {
    const copy = long.slice();
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const others = [
    [long],
    [bytes(3), long],
    [changed(0), bytes(3)],
    [changed(9_999), bytes(3)],
    [bytes(10_001), bytes(3)],
  ];
  const names = [[long, bytes(3)], ...others].map(messageName);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.every((name) => Number.isSafeInteger(name) && name >= 0));
});

test('a message that has ended its actor is refused with what it led to, others are not', () => {
  const name = messageName([bytes(9)]);
  const messages = new PoisonedMessages([{ work: { offset: name, slot: 0 }, deaths: 2, error: 'RangeError: odd' }]);
  const refusal = messages.refusalOf(name);
  assert.deepEqual([refusal?.code, refusal?.retryable], ['bad-message', false]);
  assert.match(refusal?.message ?? '', /has ended its actor 2 times.*RangeError: odd/);
  assert.equal(messages.refusalOf(messageName([bytes(9, 1)])), undefined);
});
