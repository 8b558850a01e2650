/** Work that kills its actor on real threads, in every way that there is: two deaths, then it is passed. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { WorkerSpec } from '../../supervisor/child-spec.ts';
import type { Suspect } from '../../supervisor/suspects.ts';
import { heldBy } from './fixtures/native.ts';
import type { TasterInput } from './fixtures/taster.ts';
import { CALM, ON_DENO, RealTree } from './real.ts';
import { supervisor } from './virtual.ts';

const ENTRY = new URL('./fixtures/taster.ts', import.meta.url);
const POISON = 2;
const WAYS: readonly (readonly [TasterInput['death'], RegExp])[] = [
  ['crash', /^OrderedCrash: /],
  ['reject', /^Error: rejected$/],
  ['exit', /^exit code 3$/],
  ['hang', /^hung: its loop has not turned/],
  ['block', /^hung: its loop has not turned/],
  ['stall', /^hung: /],
  ['oom', /^memory: it uses \d+ MB/],
  // Deno ends no thread that native code holds, nor says that it has not.
  ...(ON_DENO ? [] : [['native', /^hung: its loop has not turned/] as const]),
];

/** Each has the limit that is to find it, and no other that could on a busy machine. */
const LOOP = { heartbeatMs: 400 };
const LIMITS: Readonly<Record<string, Partial<WorkerSpec>>> = {
  ...{ hang: LOOP, block: LOOP, native: LOOP },
  stall: { progressMs: 600 },
  oom: { memory: { softBytes: 0, hardBytes: 48 * 2 ** 20 } },
};
/** On a machine that has too much to do somebody may be taken for hung besides. */
const FALSE_ALARMS = 10;

test('work that kills its actor is passed after two deaths of whatever kind, within a budget for one each', async (t) => {
  const { path } = heldBy(t);
  const tasters = WAYS.map(([death]): WorkerSpec => {
    const input: TasterInput = { poison: POISON, death, held: path };
    return { id: death, type: 'worker', entry: ENTRY, input, ...CALM, ...LIMITS[death] };
  });
  const budget = { intensity: WAYS.length + FALSE_ALARMS, periodMs: 3_600_000 };
  const real = await RealTree.up(t, supervisor('root', tasters, budget));
  for (const [death, error] of WAYS) {
    const told = await real.until(`${death} passes it`, () => real.told.find(({ id }) => id === death)?.body);
    const { passed, suspects } = told as { passed: number[]; suspects: Suspect[] };
    assert.deepEqual(passed, [POISON], death);
    const [suspect] = suspects;
    assert.deepEqual([suspect?.work, suspect?.deaths], [{ offset: POISON, slot: 3 }, 2], death);
    assert.match(suspect?.error ?? '', error, death);
  }
  const others = real.events('exited').length - 2 * WAYS.length;
  assert.equal(real.tree.status().budget?.used, others);
});
