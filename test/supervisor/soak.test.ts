/** No false alarms: a few seconds here; SOAK_SECONDS makes it longer, SOAK_SEED another one. */

import assert from 'node:assert/strict';
import { env } from 'node:process';
import test from 'node:test';
import { soak } from './soak.ts';

const SECONDS = Number(env.SOAK_SECONDS ?? 3);
const SEED = Number(env.SOAK_SEED ?? 5);

/**
 * The machine may leave a thread waiting for longer than its limit, now and then, which is no fault of the supervisor;
 * but not each time. Whoever soaks for longer wants to see it.
 */
const TRIES = env.SOAK_SECONDS === undefined ? 3 : 1;

test(`supervisor kills nobody who is well, in ${SECONDS} s of garbage, waiting, long work and a busy machine`, async (t) => {
  for (let tries = 1; ; tries++) {
    const { dead, used } = await soak(t, { ms: SECONDS * 1_000, seed: SEED });
    for (const { id, mb } of used) assert.ok(mb < 200, `${id} uses ${mb} MB`);
    if (dead.length === 0) return;
    t.diagnostic(`killed: ${dead.map(({ text }) => text).join('; ')}`);
    assert.ok(tries < TRIES, `somebody was killed with seed ${SEED}: ${dead.map(({ text }) => text).join('; ')}`);
  }
});
