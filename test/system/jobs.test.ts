/** Jobs of a whole pulso: run now over HTTP, and a history that outlives the process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbeddedJobStore } from '../../actors/backends/store-embedded-jobs.ts';
import { jobRun } from '../contracts/job-store.ts';
import { type Pulso, startPulso, until } from './exactness.ts';
import { folderFor } from './folder.ts';

type Run = { id: string; outcome: string; trigger: string; attempt: number; log: { text: string }[] };

async function runsOf({ url }: Pulso, job: string): Promise<Run[]> {
  const answer = await fetch(new URL(`/jobs/${job}/runs`, url));
  // While the jobs actor comes up there is nobody to ask.
  return answer.status === 503 ? [] : ((await answer.json()) as { items: Run[] }).items;
}

test('jobs of a killed pulso keep their history, and what was cut off is run again', async (t) => {
  const dataDir = folderFor(t, 'jobs');
  const first = await startPulso(['--rate', '200'], { dataDir });
  const run = async (): Promise<{ status: number; body: { run: string } }> => {
    const answer = await fetch(new URL('/jobs/data-quality/run', first.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${first.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'test' }),
    });
    return { status: answer.status, body: (await answer.json()) as { run: string } };
  };
  let started = await run();
  await until('the jobs run', 20_000, async () => {
    if (started.status !== 202) started = await run();
    return { done: started.status === 202, state: started };
  });
  const ended = async () => (await runsOf(first, 'data-quality')).find(({ id }) => id === started.body.run);
  await until('the run has ended', 20_000, async () => {
    const state = await ended();
    return { done: state?.outcome === 'done', state };
  });
  assert.match((await ended())?.log[0]?.text ?? '', /^Every event has one outcome/);
  await first.kill9();

  // As if it had been killed in the middle of a run.
  const store = new EmbeddedJobStore(dataDir);
  await store.put(jobRun('data-quality', Date.now(), { outcome: 'running', endedAt: null }));
  await store.close();
  const second = await startPulso(['--no-generator'], { dataDir });
  await until('the lost run is tried again', 20_000, async () => {
    const state = (await runsOf(second, 'data-quality')).map(({ id, outcome, trigger }) => [id, outcome, trigger]);
    const [retry, lost, before] = state;
    const done =
      retry?.[1] === 'done' && retry[2] === 'retry' && lost?.[1] === 'lost' && before?.[0] === started.body.run;
    return { done, state };
  });
  assert.equal((await second.stop()).code, 0);
});
