/** Memory: how its limits are judged, and that no actor takes the process down with it. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryGauge } from '../../supervisor/memory-gauge.ts';
import { MemoryGuard } from '../../supervisor/memory-guard.ts';
import { puppet, RealTree } from './real.ts';
import { supervisor, World, worker } from './virtual.ts';

const MB = 2 ** 20;
const LIMITS = { softBytes: 100 * MB, hardBytes: 200 * MB, restMs: 10_000 };

/** What a guard says to these megabytes (heap, outside), looked at every second. */
function states(seen: readonly (readonly [number, number])[], heapLimitMb = 0, limits = LIMITS): string {
  const guard = new MemoryGuard(limits);
  const look = ([heap, outside]: readonly [number, number]) =>
    guard.look({ heapBytes: heap * MB, externalBytes: outside * MB, heapLimitBytes: heapLimitMb * MB }, 1_000);
  return seen.map(look).join(' ');
}

const times = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);

test('memory over the hard limit is seen at once, heap and buffers together', () => {
  assert.equal(
    states([
      [10, 0],
      [150, 49],
      [150, 50],
      [0, 300],
    ]),
    'well well hard hard',
  );
});

test('memory near the limit of V8 is over the hard limit, whatever the spec says', () => {
  const none = { softBytes: 0, hardBytes: 0, restMs: 0 };
  assert.equal(
    states(
      [
        [740, 9_000],
        [750, 0],
      ],
      1_000,
      none,
    ),
    'well hard',
  );
  assert.equal(states([[9_000, 9_000]], 0, none), 'well');
});

test('memory over the soft limit counts when it stays so, and not soon after the start', () => {
  assert.equal(
    states(times(12, [60, 60]))
      .split(' ')
      .indexOf('soft'),
    9,
  );
  const sawtooth = times(6, [
    [120, 0],
    [150, 0],
    [40, 0],
  ] as const).flat();
  assert.doesNotMatch(states(sawtooth), /soft|hard/);
});

test('memory is looked at again and again while it grows, and then no more', async () => {
  const sizes = [10, 20, 30, 40, 41];
  const written: number[] = [];
  const { promise: grown, resolve } = Promise.withResolvers<void>();
  const gauge = new MemoryGauge(
    () => ({ heapBytes: (sizes[written.length] ?? 999) * MB, externalBytes: 0, heapLimitBytes: 0 }),
    ({ heapBytes }) => {
      written.push(heapBytes / MB);
      if (written.length === sizes.length) resolve();
    },
  );
  gauge.look();
  gauge.look();
  gauge.lookIfDue();
  // The gauge's own timers do not keep a process alive.
  const patience = setTimeout(() => {}, 10_000);
  await grown;
  clearTimeout(patience);
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.deepEqual(written, sizes);
  gauge.lookIfDue();
  assert.equal(written.length, sizes.length + 1);
});

test('tree restarts an actor over its soft limit in order, and its budget is not touched', async () => {
  const memory = { softBytes: 100 * MB, hardBytes: 200 * MB };
  const world = await new World(supervisor('root', [worker('a', { memory })], { intensity: 0 })).up();
  const use = (heapBytes: number) => world.of('a').meter.memory({ heapBytes, externalBytes: 0, heapLimitBytes: 0 });
  use(120 * MB);
  world.clock.advance(28_000);
  assert.equal(world.running, 'a1');
  world.clock.advance(4_000);
  assert.equal(world.running, 'a2');
  assert.deepEqual(world.story('memory', 'stopping', 'hung', 'terminated'), ['memory a', 'stopping a']);
  assert.deepEqual([world.node('a')?.lastExit?.reason, world.node('root')?.budget?.used], ['shutdown', 0]);
  await world.down();
});

test('tree terminates an actor over its hard limit at once, while it starts too, and that counts', async () => {
  const memory = { hardBytes: 200 * MB };
  const world = await new World(supervisor('root', [worker('a', { memory })])).up();
  const use = (heapBytes: number) =>
    world.of('a').meter.memory({ heapBytes, externalBytes: 50 * MB, heapLimitBytes: 0 });
  use(200 * MB);
  world.manner('a', { readyMs: 5_000 });
  world.clock.advance(300);
  assert.equal(world.state('a'), 'starting');
  const { reason, detail } = world.node('a')?.lastExit ?? assert.fail('no exit');
  assert.equal(reason, 'memory');
  assert.equal(detail, 'it uses 250 MB of memory, 50 MB of it outside the heap');
  use(200 * MB);
  world.clock.advance(200);
  assert.equal(world.node('root')?.budget?.used, 2);
  await world.down();
});

const GROWTHS = [
  ['grow', 'a map that grows turn by turn', 'memory'],
  ['grow-outside', 'buffers outside the heap', 'memory'],
  ['fill', 'a map that grows in one endless turn', 'hung'],
] as const;

for (const [order, name, reason] of GROWTHS) {
  test(`actor with ${name} is replaced before it takes the process down`, async (t) => {
    // Garbage is collected for long on a busy machine: only the one that must be found by its silence is.
    const limits = reason === 'hung' ? { heartbeatMs: 500 } : {};
    const children = [puppet('a', {}, { memory: { hardBytes: 120 * MB }, ...limits }), puppet('b')];
    const real = await RealTree.up(t, supervisor('root', children));
    real.order('a', order);
    await real.running('a', 2);
    assert.equal(real.node('a')?.lastExit?.reason, reason);
    assert.ok(Number(real.node('a')?.heapBytes) < 60 * MB);
    assert.equal(real.node('b')?.epoch, 1);
  });
}

test('actor over its soft limit is drained and comes back with little', async (t) => {
  const memory = { softBytes: 50 * MB, restMs: 0 };
  const real = await RealTree.up(t, supervisor('root', [puppet('a', {}, { memory })], { intensity: 0 }));
  real.order('a', 'hold');
  await real.running('a', 2);
  assert.equal(real.node('a')?.lastExit?.reason, 'shutdown');
  assert.deepEqual(
    real.told.map(({ body }) => body),
    [{ stopping: 'a' }],
  );
  assert.match(
    String(real.events('memory')[0]?.text),
    /^a is restarted in order: it uses \d+ MB of memory, (6\d|7\d) MB of it outside the heap$/,
  );
});
