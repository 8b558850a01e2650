/** Ordered faults on real threads: each strikes, and its actor comes back. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { WorkerSpec } from '../../supervisor/child-spec.ts';
import { RealTree } from './real.ts';
import { supervisor } from './virtual.ts';

const ENTRY = new URL('./fixtures/controlled.ts', import.meta.url);

/** An idle actor uses some 10 MB. */
const MEMORY = { softBytes: 0, hardBytes: 100 * 2 ** 20 };

function pair(): WorkerSpec[] {
  const actor = { type: 'worker', entry: ENTRY, input: {}, progressMs: 300, memory: MEMORY } as const;
  return [
    { ...actor, id: 'a' },
    { ...actor, id: 'b', links: [{ name: 'l', to: 'a' }] },
  ];
}

async function up(t: test.TestContext): Promise<RealTree> {
  const real = await RealTree.up(t, supervisor('root', pair()));
  await real.hears('a', 1, ({ linked }) => linked === 'b');
  await real.hears('b', 1, ({ linked }) => linked === 'a');
  return real;
}

const STRIKES = [
  ['crash', 'crashed', /OrderedCrash: a crash was ordered/],
  ['hang', 'hung', /loop has not turned/],
  ['block', 'hung', /loop has not turned/],
  ['stall', 'hung', /a handler has been in work for/],
  ['oom', 'memory', /it uses \d{3} MB of memory/],
] as const;

for (const [kind, reason, detail] of STRIKES) {
  test(`actor that is ordered to ${kind} does so even when idle, after the answer, and comes back`, async (t) => {
    const real = await up(t);
    assert.deepEqual(await real.tree.control('a').fault(kind), { accepted: true, epoch: 1 });
    await real.running('a', 2);
    assert.equal(real.node('a')?.lastExit?.reason, reason);
    assert.match(String(real.node('a')?.lastExit?.detail), detail);
    assert.equal(real.node('b')?.epoch, 1);
    assert.deepEqual(
      real.events('command', 'a').map(({ text }) => text),
      [`fault ${kind} a`],
    );
    assert.deepEqual(
      real.events('struck', 'a').map(({ epoch, text }) => [epoch, text]),
      [[1, `${kind} strikes a as ordered`]],
    );
  });
}

test('ordered crash strikes in the next handler, before its work', async (t) => {
  const real = await up(t);
  await real.tree.control('a').fault('crash');
  real.tree.tell('a', { work: 1 });
  await real.running('a', 2);
  assert.ok(!real.told.some(({ body }) => (body as { handled?: number }).handled === 1));
});

test('nothing that comes after a stalled message overtakes it', async (t) => {
  const real = await up(t);
  await real.tree.control('a').fault('stall');
  for (let work = 1; work <= 3; work++) real.tree.tell('a', { work });
  await real.running('a', 2);
  assert.equal(real.node('a')?.lastExit?.reason, 'hung');
  assert.ok(!real.told.some(({ body }) => 'handled' in (body as object)));
});

test('slow actor takes 200 ms more a message, and is not taken for a hung one', async (t) => {
  const real = await up(t);
  const since = Date.now();
  await real.tree.control('a').fault('slow');
  for (let work = 1; work <= 4; work++) {
    real.tree.tell('a', { work });
    await real.hears('a', 1, ({ handled }) => handled === work);
  }
  assert.ok(Date.now() - since >= 400, `${Date.now() - since} ms`);
  assert.deepEqual(real.events('hung'), []);
});

for (const dropper of ['a', 'b']) {
  test(`links that ${dropper} drops are noticed at both ends and laid again, nobody restarts`, async (t) => {
    const real = await up(t);
    await real.tree.control(dropper).fault('drop-link');
    const again = (body: unknown) => (body as { linked?: string }).linked !== undefined;
    const laid = (id: string) => real.told.filter((told) => told.id === id && again(told.body)).length;
    await real.until('both ends have it again', () => laid('a') === 2 && laid('b') === 2);
    await real.hears('a', 1, ({ lost }) => lost === 'b');
    await real.hears('b', 1, ({ lost }) => lost === 'a');
    real.tree.tell('a', { send: 'from a', to: 'b' });
    real.tree.tell('b', { send: 'from b', to: 'a' });
    await real.hears('b', 1, ({ heard }) => heard === 'from a');
    await real.hears('a', 1, ({ heard }) => heard === 'from b');
    const texts = real.events('relinked').map(({ text }) => text);
    assert.equal(texts.length, 1, texts.join());
    assert.match(String(texts[0]), /^The link l of [ab] and [ab] was lost, and is laid again$/);
    assert.deepEqual(real.events('exited'), []);
  });
}

test('links of an actor that has died are not laid again before its successor is there', async (t) => {
  const real = await up(t);
  for (let epoch = 1; epoch <= 3; epoch++) {
    await real.tree.control('a').fault('crash');
    await real.until('b has the link to the next one', () => {
      const laid = real.told.filter(({ id, body }) => id === 'b' && (body as { linked?: string }).linked === 'a');
      return laid.length === epoch + 1;
    });
  }
  const lost = real.told.filter(({ id, body }) => id === 'b' && (body as { lost?: string }).lost === 'a');
  assert.equal(lost.length, 3);
  assert.deepEqual(real.events('relinked'), []);
});
