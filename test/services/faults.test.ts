/** The faults themselves do what their names say: a test that kills nothing would pass for the wrong reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../system/exactness.ts';
import { harm, healAfter, needsToHarm } from './faults.ts';
import { address } from './servers.ts';

const PATIENCE_MS = 1_000;

async function answers(): Promise<boolean> {
  const url = new URL('/webhdfs/v1/?op=GETFILESTATUS', address('WEBHDFS_URL'));
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return fetch(url, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}

test('a frozen server answers nothing, and answers again when it is thawed', needsToHarm('WEBHDFS_URL'), async (t) => {
  healAfter(t, 'namenode');
  const untilAnswers = () => until('it answers', 60_000, async () => ({ done: await answers() }));
  await untilAnswers();
  await harm('freeze', 'namenode');
  assert.equal(await answers(), false);
  await harm('thaw', 'namenode');
  await untilAnswers();
});
