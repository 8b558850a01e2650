/** Conformance 33 and 40 at their full size: on a virtual clock, and as far as threads allow on real ones. */

import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ChildSpec, type Clock, type Spawner, SupervisorTree } from '../../../supervisor/index.ts';
import { ON_DENO, puppet, RealTree } from '../real.ts';
import { supervisor, World, worker } from '../virtual.ts';

/** Threads that do at once what they are told, so that only the supervisor's own work is measured. */
const INSTANT: Spawner = {
  thread(_entry, { epoch }, { message, exit }) {
    message({ epoch, type: 'hello' });
    message({ epoch, type: 'ready' });
    return {
      post: ({ type }) => {
        if (type !== 'stop') return;
        message({ epoch, type: 'bye' });
        exit(0);
      },
      terminate: () => exit(1),
      forget: () => {},
      idleMs: () => undefined,
    };
  },
  channel: () => assert.fail('nobody here has a link'),
  isOverloaded: () => false,
};

/** Time stands still: no tick looks at anybody. */
const STILL: Clock = { now: () => 0, monotonic: () => 0, setTimeout: () => 0, clearTimeout: () => {} };

const treeOf = (children: readonly ChildSpec[]) =>
  new SupervisorTree(supervisor('root', children), { spawn: INSTANT, clock: STILL });

const idsUpTo = (count: number) => Array.from({ length: count }, (_, index) => `w${index}`);

/** Milliseconds of processor time for each child that is started and stopped. */
async function costOf(count: number, run: (ids: readonly string[]) => Promise<void>): Promise<number> {
  const since = process.cpuUsage();
  await run(idsUpTo(count));
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000 / count;
}

const MANNERS: Readonly<Record<string, (ids: readonly string[]) => Promise<void>>> = {
  'come and go at run time': async (ids) => {
    const tree = treeOf([]);
    await tree.start();
    for (const id of ids) await tree.startChild('root', worker(id));
    assert.equal(tree.countChildren('root').active, ids.length);
    for (const id of ids) {
      await tree.stopChild(id);
      await tree.deleteChild(id);
    }
    assert.equal(tree.countChildren('root').specs, 0);
    await tree.stop();
  },
  'start and stop with their supervisor': async (ids) => {
    const tree = treeOf(ids.map((id) => worker(id)));
    await tree.start();
    assert.equal(tree.countChildren('root').active, ids.length);
    await tree.stop();
    assert.equal(tree.countChildren('root').active, 0);
  },
};

/** OTP's own case takes 100,000: `TEST_CHILDREN=100000` and `TEST_REAL_CHILDREN=200` run what is too long for every day. */
const CHILDREN = Number(process.env.TEST_CHILDREN ?? 10_000);
const REAL_CHILDREN = Number(process.env.TEST_REAL_CHILDREN ?? 20);

for (const [name, run] of Object.entries(MANNERS)) {
  test(`case 40: ${CHILDREN} children that ${name} cost within ten times of what 1,000 cost, each`, async (t) => {
    await costOf(1_000, run);
    const few = Math.max(await costOf(1_000, run), await costOf(1_000, run));
    const many = await costOf(CHILDREN, run);
    t.diagnostic(`${(few * 1_000).toFixed(1)} us a child of 1,000, ${(many * 1_000).toFixed(1)} us of ${CHILDREN}`);
    assert.ok(many < few * 10, `${many} ms against ${few} ms`);
  });
}

test('case 40: what a temporary child was started with is not kept when it has gone', {
  skip: ON_DENO && 'Deno lets nobody collect garbage by request',
}, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const tree = treeOf([]);
  await tree.start();
  const kept: WeakRef<object>[] = [];
  const live = async (id: string) => {
    const input = { text: `work of ${id}` };
    kept.push(new WeakRef(input));
    await tree.startChild('root', worker(id, { restart: 'temporary', input }));
    await tree.stopChild(id);
  };
  for (const id of idsUpTo(20)) await live(id);
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  const alive = kept.filter((input) => input.deref()).length;
  assert.ok(alive <= 1, `${alive} of 20 are still there, and only the last may be, in a register`);
  await tree.stop();
});

test('case 33: 1,000 and 2,000 children are counted exactly, with some restarting too', async () => {
  for (const count of [1_000, 2_000]) {
    const patient = { backoff: { baseMs: 60_000, capMs: 60_000 } };
    const children = idsUpTo(count).map((id) => worker(id, patient));
    const world = new World(supervisor('root', children, { intensity: 1_000 }));
    const started = world.tree.start();
    world.clock.advance(30_000);
    await started;
    const all = { specs: count, active: count, supervisors: 0, workers: count };
    assert.deepEqual(world.tree.countChildren('root'), all);
    const failing = idsUpTo(count).filter((_, index) => index % 50 === 0);
    for (const id of failing) {
      world.manner(id, { failsToStart: true });
      world.of(id).crash();
    }
    world.clock.advance(500);
    assert.deepEqual(world.tree.countChildren('root'), { ...all, active: count - failing.length });
    const waiting = world.tree.whichChildren('root').filter(({ standing }) => standing === 'restarting');
    assert.equal(waiting.length, failing.length);
    await world.down();
  }
});

test(`case 40: ${REAL_CHILDREN} real threads start one after another, are there together, and stop`, async (t) => {
  const real = await RealTree.up(t, supervisor('root', []));
  const since = performance.now();
  for (const id of idsUpTo(REAL_CHILDREN)) await real.tree.startChild('root', puppet(id));
  const startedAfter = performance.now() - since;
  assert.equal(real.tree.countChildren('root').active, REAL_CHILDREN);
  assert.deepEqual(real.events('hung'), []);
  await real.tree.stop(60_000);
  const stoppedAfter = performance.now() - since - startedAfter;
  assert.ok(real.tree.status().children.every(({ lastExit }) => lastExit?.reason === 'shutdown'));
  const each = (ms: number) => (ms / REAL_CHILDREN).toFixed(1);
  t.diagnostic(`${each(startedAfter)} ms to start a thread, ${each(stoppedAfter)} ms to stop it`);
});
