/** The restart matrix on a virtual clock: every restart type, every kind of end, every strategy. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { RESTART_TYPES, type RestartType, STRATEGIES, type Strategy } from '../../supervisor/child-spec.ts';
import { type FakeThread, supervisor, World, worker } from './virtual.ts';

type End = {
  readonly name: string;
  readonly clean: boolean;
  readonly happen: (thread: FakeThread, world: World) => void;
};

const ENDS: readonly End[] = [
  {
    name: 'an orderly end',
    clean: true,
    happen: (thread) => {
      thread.say({ type: 'bye' });
      thread.exit(0);
    },
  },
  { name: 'exit code 0', clean: true, happen: (thread) => thread.exit(0) },
  { name: 'exit code 3', clean: false, happen: (thread) => thread.exit(3) },
  { name: 'a failure', clean: false, happen: (thread) => thread.crash() },
  {
    name: 'an error of the thread',
    clean: false,
    happen: (thread) => {
      thread.error(new Error('boom'));
      thread.exit(1);
    },
  },
  {
    name: 'a heap that is full',
    clean: false,
    happen: (thread) => {
      thread.error(Object.assign(new Error('heap'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }));
      thread.exit(1);
    },
  },
  {
    name: 'a hang',
    clean: false,
    happen: (thread, { clock }) => {
      thread.manner = { ...thread.manner, beats: false };
      clock.advance(700);
    },
  },
  { name: 'a kill', clean: false, happen: (thread, { tree }) => void tree.command(thread.id, 'kill') },
];

/** Who is up after `b` of a, b, c has ended, with epochs. */
function expected(strategy: Strategy, restart: RestartType, clean: boolean): string {
  const comesBack = restart === 'permanent' || (restart === 'transient' && !clean);
  if (!comesBack) return 'a1 c1';
  return { one_for_one: 'a1 b2 c1', one_for_all: 'a2 b2 c2', rest_for_one: 'a1 b2 c2' }[strategy];
}

for (const strategy of STRATEGIES) {
  for (const restart of RESTART_TYPES) {
    for (const { name, clean, happen } of ENDS) {
      test(`${strategy} after ${name} of a ${restart} child`, async () => {
        const children = [worker('a'), worker('b', { restart }), worker('c')];
        const world = await new World(supervisor('root', children, { strategy })).up();
        happen(world.of('b'), world);
        world.clock.advance(500);
        assert.equal(world.running, expected(strategy, restart, clean));
        const specs = world.tree.status().children.map(({ id }) => id);
        assert.deepEqual(specs, restart === 'temporary' ? ['a', 'c'] : ['a', 'b', 'c']);
        const stopped = world.tree.stop();
        world.clock.advance(1_000);
        await stopped;
        assert.equal(world.alive.length, 0);
      });
    }
  }
}
