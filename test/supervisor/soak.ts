/** A tree of actors that are all well, on a machine that is not: for as long as it is let, none of them may be killed. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerSpec } from '../../supervisor/child-spec.ts';
import { threadSpawner } from '../../supervisor/spawn.ts';
import type { BusybodyInput } from './fixtures/busybody.ts';
import { RealTree } from './real.ts';
import { supervisor } from './virtual.ts';

const ENTRY = new URL('./fixtures/busybody.ts', import.meta.url);
const MB = 2 ** 20;

function busybody(manner: BusybodyInput['manner'], seed: number, more: Partial<WorkerSpec> = {}): WorkerSpec {
  const input: BusybodyInput = { manner, seed };
  const limits = { progressMs: 1_000, startMs: 60_000 };
  return { id: `${manner}-${seed}`, type: 'worker', entry: ENTRY, input, ...limits, ...more };
}

/** Every limit is on but those of the ones that spin: they are the load, and are to be left alone. */
function actors(seed: number): WorkerSpec[] {
  const memory = { softBytes: 300 * MB, hardBytes: 400 * MB, restMs: 0 };
  const spinning = { heartbeatMs: 0, progressMs: 0, shutdownMs: 'kill' } as const;
  return [
    ...[1, 2, 3].map((index) => busybody('idle', seed + index)),
    ...[1, 2].map((index) => busybody('garbage', seed + index, { memory })),
    busybody('waiting', seed),
    busybody('bulk', seed),
    busybody('starts-slowly', seed),
    ...[1, 2].map((index) => busybody('spinning', seed + index, spinning)),
  ];
}

/** Answers who was killed, and how much memory each kind of actor uses at the end, in MB. */
export async function soak(t: TestContext, { ms, seed }: { readonly ms: number; readonly seed: number }) {
  const real = await RealTree.up(t, supervisor('root', actors(seed)), { spawn: threadSpawner });
  const killed = () =>
    real.tree.events().filter(({ kind }) => ['hung', 'memory', 'terminated', 'exited', 'zombie'].includes(kind));
  const until = Date.now() + ms;
  while (Date.now() < until && killed().length === 0) await sleep(Math.min(250, ms));
  const { children, fenced, dropped } = real.tree.status();
  const dead = killed();
  await real.tree.stop(1_000);
  if (dead.length > 0) return { dead, used: [] };
  assert.deepEqual([fenced, dropped], [0, 0]);
  for (const { id, epoch, state } of children) {
    assert.deepEqual([id, epoch, /^(running|waiting)$/.test(state)], [id, 1, true]);
  }
  const used = children.map(({ id, heapBytes, externalBytes }) => ({ id, mb: (heapBytes + externalBytes) / MB }));
  return { dead, used };
}
