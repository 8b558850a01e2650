import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CreditWindow, Mailbox } from '../../supervisor/mailbox.ts';

test('mailbox gives messages in order and refuses what is beyond its limits', () => {
  const mailbox = new Mailbox<string>({ messages: 3, bytes: 100 });
  assert.deepEqual([mailbox.push('a', 40, 1), mailbox.push('b', 40, 2), mailbox.push('c', 40, 3)], [true, true, false]);
  assert.equal(mailbox.push('d', 20, 4), true);
  assert.equal(mailbox.push('e', 0, 5), false);
  assert.deepEqual([mailbox.depth, mailbox.bytes, mailbox.oldestAt], [3, 100, 1]);
  assert.deepEqual([mailbox.take(), mailbox.take(), mailbox.take(), mailbox.take()], ['a', 'b', 'd', undefined]);
  assert.deepEqual([mailbox.depth, mailbox.bytes, mailbox.oldestAt], [0, 0, undefined]);
});

test('mailbox owes credits for what was taken, once', () => {
  const mailbox = new Mailbox<number>({ messages: 8, bytes: 1_000 });
  for (const bytes of [10, 20, 30]) mailbox.push(bytes, bytes, 0);
  mailbox.take();
  mailbox.take();
  assert.deepEqual(mailbox.grant(), { messages: 2, bytes: 30 });
  assert.deepEqual(mailbox.grant(), { messages: 0, bytes: 0 });
});

test('credits stop the sender at the bound of messages and at that of bytes', () => {
  const credits = new CreditWindow({ messages: 2, bytes: 100 });
  assert.deepEqual(
    [credits.spend(60), credits.spend(60), credits.spend(40), credits.spend(0)],
    [true, false, true, false],
  );
  credits.give({ messages: 1, bytes: 60 });
  assert.equal(credits.spend(61), false);
  assert.equal(credits.spend(60), true);
});

test('credits let a message through that is larger than the whole window, alone', () => {
  const credits = new CreditWindow({ messages: 2, bytes: 100 });
  const mailbox = new Mailbox<string>({ messages: 2, bytes: 100 });
  assert.equal(credits.spend(500), true);
  assert.equal(mailbox.push('huge', 500, 0), true);
  assert.equal(credits.spend(1), false);
  mailbox.take();
  credits.give(mailbox.grant());
  assert.deepEqual([credits.spend(100), credits.spend(1)], [true, false]);
});

test('credits of a new receiver replace those of the former one', () => {
  const credits = new CreditWindow();
  assert.equal(credits.spend(0), false);
  credits.reset({ messages: 1, bytes: 10 });
  assert.deepEqual([credits.spend(10), credits.spend(0)], [true, false]);
});

test('mailbox and credits together never overflow, never lose or reorder, and never starve', () => {
  const steps = fc.array(fc.record({ send: fc.boolean(), bytes: fc.nat({ max: 150 }), lag: fc.nat({ max: 3 }) }));
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 120 }), (list, messages, bytes) => {
      const credits = new CreditWindow({ messages, bytes });
      const mailbox = new Mailbox<number>({ messages, bytes });
      const onTheWay: { grant: ReturnType<typeof mailbox.grant>; lag: number }[] = [];
      let sent = 0;
      let taken = 0;
      for (const [now, step] of list.entries()) {
        if (step.send) {
          if (credits.spend(step.bytes)) assert.equal(mailbox.push(sent++, step.bytes, now), true);
        } else {
          const item = mailbox.take();
          if (item !== undefined) assert.equal(item, taken++);
          onTheWay.push({ grant: mailbox.grant(), lag: step.lag });
        }
        while (onTheWay[0] && onTheWay[0].lag-- <= 0)
          credits.give(onTheWay.shift()?.grant ?? { messages: 0, bytes: 0 });
      }
      while (mailbox.depth > 0) assert.equal(mailbox.take(), taken++);
      assert.equal(taken, sent);
      for (const { grant } of onTheWay) credits.give(grant);
      credits.give(mailbox.grant());
      assert.equal(credits.messages, messages);
      assert.equal(credits.allows(bytes * 10), true);
    }),
    { numRuns: 300 },
  );
});
