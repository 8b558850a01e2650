/** Jobs of a whole pulso: run now over HTTP, and a history that outlives the process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbeddedJobStore } from '../../actors/backends/store-embedded-jobs.ts';
import { jobRun } from '../contracts/job-store.ts';
import { ask } from '../model/questions.ts';
import { type Pulso, post, startPulso, taken, until } from './exactness.ts';
import { folderFor } from './folder.ts';

const LIMIT_MS = 60_000;

type Run = { id: string; outcome: string; trigger: string; attempt: number; log: { text: string }[] };

/** Newest first. */
async function runsOf({ url }: Pulso, job: string): Promise<Run[]> {
  return ((await ask(url, `/jobs/${job}/runs`)) as { items: Run[] }).items;
}

test('jobs of a killed pulso keep their history, and what was cut off is run again', async (t) => {
  const dataDir = folderFor(t, 'jobs');
  const first = await startPulso(['--rate', '200'], { dataDir });
  const started = await taken(() => post(first, '/jobs/data-quality/run', { reason: 'test' }));
  assert.equal(started.status, 202);
  const { run } = started.body as { run: string };
  const ended = async () => (await runsOf(first, 'data-quality')).find(({ id }) => id === run);
  await until('the run has ended', LIMIT_MS, async () => {
    const state = await ended();
    return { done: state?.outcome === 'done', state };
  });
  assert.match((await ended())?.log[0]?.text ?? '', /^Every event has one outcome/);
  await first.kill9();

  // As if it had been killed in the middle of a run.
  const store = new EmbeddedJobStore(dataDir);
  const cutOff = jobRun('data-quality', Date.now(), { outcome: 'running', endedAt: null });
  await store.put(cutOff);
  await store.close();
  const second = await startPulso(['--no-generator'], { dataDir });
  await until('the lost run is tried again', LIMIT_MS, async () => {
    // Its hour may have come meanwhile, too.
    const state = await runsOf(second, 'data-quality');
    const lost = state.findIndex(({ id, outcome }) => id === cutOff.id && outcome === 'lost');
    const retry = state.findIndex(({ outcome, trigger }) => outcome === 'done' && trigger === 'retry');
    const before = state.findIndex(({ id }) => id === run);
    return { done: retry !== -1 && retry < lost && lost < before, state };
  });
  assert.equal((await second.stop()).code, 0);
});
