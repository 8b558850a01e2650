/** No false alarms: a few seconds here; SOAK_SECONDS makes it longer, SOAK_SEED another one. */

import assert from 'node:assert/strict';
import { env } from 'node:process';
import test from 'node:test';
import { soak } from './soak.ts';

const SECONDS = Number(env.SOAK_SECONDS ?? 3);
const SEED = Number(env.SOAK_SEED ?? 5);

test(`supervisor kills nobody who is well, in ${SECONDS} s of garbage, waiting, long work and a busy machine`, async (t) => {
  const used = await soak(t, { ms: SECONDS * 1_000, seed: SEED });
  for (const { id, mb } of used) assert.ok(mb < 200, `${id} uses ${mb} MB`);
});
