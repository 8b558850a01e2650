/** Ordered faults on real threads: each strikes, and its actor comes back. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { FaultKind } from '../../protocol/fault.ts';
import type { WorkerSpec } from '../../supervisor/child-spec.ts';
import { CALM, RealTree, TRIES, UNPAUSED } from './real.ts';
import { supervisor } from './virtual.ts';

const ENTRY = new URL('./fixtures/controlled.ts', import.meta.url);

/** Each fault has the limit that is to find it. An idle actor uses some 10 MB. */
const LIMITS: { readonly [Kind in FaultKind]?: Partial<WorkerSpec> } = {
  hang: { heartbeatMs: 500 },
  block: { heartbeatMs: 500 },
  stall: { progressMs: 300 },
  slow: { heartbeatMs: 500 },
  oom: { memory: { softBytes: 0, hardBytes: 100 * 2 ** 20 } },
};

async function up(t: test.TestContext, kind?: FaultKind): Promise<RealTree> {
  const actor = { type: 'worker', entry: ENTRY, input: {}, ...CALM, ...UNPAUSED } as const;
  const a = { ...actor, id: 'a', ...(kind && LIMITS[kind]) };
  const b = { ...actor, id: 'b', links: [{ name: 'l', to: 'a' }] };
  const real = await RealTree.up(t, supervisor('root', [a, b], { intensity: 2 * TRIES }));
  await real.hears('a', 1, ({ linked }) => linked === 'b');
  await real.hears('b', 1, ({ linked }) => linked === 'a');
  return real;
}

/** With a deadline that only a failure reaches. */
const order = ({ tree }: RealTree, id: string, kind: FaultKind) => tree.control(id, { deadlineMs: 60_000 }).fault(kind);

const STRIKES = [
  ['crash', 'crashed', /OrderedCrash: a crash was ordered/],
  ['hang', 'hung', /loop has not turned/],
  ['block', 'hung', /loop has not turned/],
  ['stall', 'hung', /a handler has been in work for/],
  ['oom', 'memory', /it uses \d{3,} MB of memory/],
] as const;

/**
 * Answers whom it has struck. An actor that has a limit for its silence is replaced before if this machine leaves it
 * waiting for so long.
 */
async function strike(real: RealTree, kind: FaultKind): Promise<number> {
  for (let epoch = 1; epoch <= TRIES; epoch++) {
    const answer = await order(real, 'a', kind).catch(() => undefined);
    await real.running('a', epoch + 1);
    if (real.events('struck', 'a').length === 0) continue;
    assert.deepEqual(answer, { accepted: true, epoch });
    return epoch;
  }
  return assert.fail(`${kind} never strikes`);
}

for (const [kind, reason, detail] of STRIKES) {
  test(`actor that is ordered to ${kind} does so even when idle, after the answer, and comes back`, async (t) => {
    const real = await up(t, kind);
    const epoch = await strike(real, kind);
    assert.equal(real.node('a')?.lastExit?.reason, reason);
    assert.match(String(real.node('a')?.lastExit?.detail), detail);
    assert.equal(real.node('b')?.epoch, 1);
    assert.equal(real.events('command', 'a').at(-1)?.text, `fault ${kind} a`);
    assert.deepEqual(
      real.events('struck', 'a').map((event) => [event.epoch, event.text]),
      [[epoch, `${kind} strikes a as ordered`]],
    );
  });
}

test('ordered crash strikes in the next handler, before its work', async (t) => {
  const real = await up(t);
  await order(real, 'a', 'crash');
  real.tree.tell('a', { work: 1 });
  await real.running('a', 2);
  assert.ok(!real.told.some(({ epoch, body }) => epoch === 1 && (body as { handled?: number }).handled === 1));
});

test('nothing that comes after a stalled message overtakes it', async (t) => {
  const real = await up(t, 'stall');
  await order(real, 'a', 'stall');
  for (let work = 1; work <= 3; work++) real.tree.tell('a', { work });
  await real.running('a', 2);
  assert.equal(real.node('a')?.lastExit?.reason, 'hung');
  assert.ok(!real.told.some(({ epoch, body }) => epoch === 1 && 'handled' in (body as object)));
});

test('slow actor takes 200 ms more a message, and is not taken for a hung one', async (t) => {
  const real = await up(t, 'slow');
  for (let tries = 1; ; tries++) {
    const hung = real.events('hung').length;
    const since = performance.now();
    await workSlowly(real);
    const ms = performance.now() - since;
    if (real.events('hung').length === hung) return assert.ok(ms >= 750, `${ms} ms`);
    // This machine may have left it waiting for longer than its limit, but not each time.
    assert.ok(tries < TRIES, 'it is taken for a hung one');
  }
});

/** Until all is done, each in a turn of its own, or somebody else has to do it. */
async function workSlowly(real: RealTree): Promise<void> {
  const epoch = real.node('a')?.epoch ?? assert.fail('no a');
  const gone = () => real.events('exited', 'a').some((event) => event.epoch === epoch);
  const done = (work: number) =>
    real.told.some((told) => told.epoch === epoch && (told.body as { turned?: number }).turned === work);
  await order(real, 'a', 'slow').catch(() => undefined);
  for (let work = 1; work <= 4; work++) {
    real.tree.tell('a', { work });
    await real.until(`${work} is done`, () => gone() || done(work));
  }
  if (gone()) await real.running('a', epoch + 1);
}

for (const dropper of ['a', 'b']) {
  test(`links that ${dropper} drops are noticed at both ends and laid again, nobody restarts`, async (t) => {
    const real = await up(t);
    await order(real, dropper, 'drop-link');
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
    await order(real, 'a', 'crash');
    await real.until('b has the link to the next one', () => {
      const laid = real.told.filter(({ id, body }) => id === 'b' && (body as { linked?: string }).linked === 'a');
      return laid.length === epoch + 1;
    });
  }
  const lost = real.told.filter(({ id, body }) => id === 'b' && (body as { lost?: string }).lost === 'a');
  assert.equal(lost.length, 3);
  assert.deepEqual(real.events('relinked'), []);
});
