/** What every store of job runs must do, whatever it stands on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobRun, JobStore } from '../../actors/ports/job-store.ts';

/** A store that is empty at first; each call opens the same one anew. */
export type JobStoreFixture = { jobs(): Promise<JobStore>; close(): Promise<void> };

export type JobStoreBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<JobStoreFixture>;
};

const T0 = 1_763_600_000_000;

export function jobRun(job: string, startedAt: number, changes: Partial<JobRun> = {}): JobRun {
  return {
    id: `${job}:${startedAt}`,
    job,
    startedAt,
    endedAt: startedAt + 250,
    outcome: 'done',
    attempt: 1,
    trigger: 'schedule',
    log: [{ at: startedAt + 100, text: 'Rolled 3 hours up' }],
    error: null,
    ...changes,
  };
}

export function jobStoreContract({ name, skip, make }: JobStoreBackend): void {
  const check = (behaviour: string, body: (fixture: JobStoreFixture) => Promise<void>) =>
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });

  check('knows no run at first', async (fixture) => {
    const jobs = await fixture.jobs();
    assert.deepEqual(await jobs.latest(), []);
    assert.deepEqual(await jobs.runs('roll-up', { limit: 10 }), { items: [], next: null });
    await jobs.trim('roll-up', 1);
  });

  check('gives back everything of a run, also after it is opened anew', async (fixture) => {
    const run = jobRun('roll-up', T0, {
      outcome: 'failed',
      attempt: 3,
      trigger: 'person',
      error: 'Cannot roll up: "açúcar"\n',
      log: [
        { at: T0, text: 'ação' },
        { at: T0 + 5, text: '' },
      ],
    });
    const running = jobRun('archive', T0, { outcome: 'running', endedAt: null, log: [] });
    const first = await fixture.jobs();
    await first.put(run);
    await first.put(running);
    const second = await fixture.jobs();
    assert.deepEqual((await second.runs('roll-up', { limit: 10 })).items, [run]);
    assert.deepEqual((await second.runs('archive', { limit: 10 })).items, [running]);
  });

  check('keeps a run once, as it was put last', async (fixture) => {
    const jobs = await fixture.jobs();
    await jobs.put(jobRun('roll-up', T0, { outcome: 'running', endedAt: null, log: [] }));
    const ended = jobRun('roll-up', T0, { outcome: 'lost', trigger: 'retry', attempt: 2, error: 'Cut off' });
    await jobs.put(ended);
    await jobs.put(ended);
    assert.deepEqual((await jobs.runs('roll-up', { limit: 10 })).items, [ended]);
  });

  check('pages through the runs of one job, newest first, each once', async (fixture) => {
    const jobs = await fixture.jobs();
    const all = Array.from({ length: 7 }, (_, index) => jobRun('roll-up', T0 + index * 60_000));
    for (const index of [3, 0, 6, 1, 5, 2, 4]) await jobs.put(all[index] as JobRun);
    await jobs.put(jobRun('roll', T0 + 1));
    const seen: JobRun[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await jobs.runs('roll-up', { limit: 3, cursor });
      seen.push(...page.items);
      cursor = page.next ?? undefined;
      pages++;
      // A run that begins meanwhile is newer than every page: it moves nothing.
      await jobs.put(jobRun('roll-up', T0 + 1_000_000 + pages));
    } while (cursor !== undefined);
    assert.deepEqual(seen, all.toReversed());
    assert.equal(pages, 3);
  });

  check('says that there is no further page when the last one is full', async (fixture) => {
    const jobs = await fixture.jobs();
    for (let index = 0; index < 4; index++) await jobs.put(jobRun('roll-up', T0 + index));
    const first = await jobs.runs('roll-up', { limit: 2 });
    const second = await jobs.runs('roll-up', { limit: 2, cursor: first.next as string });
    assert.equal(second.next, null);
    assert.equal(second.items.length, 2);
  });

  check('refuses a cursor that is not its own', async (fixture) => {
    const jobs = await fixture.jobs();
    await assert.rejects(jobs.runs('roll-up', { limit: 2, cursor: 'nonsense' }), {
      code: 'bad-parameter',
      field: 'cursor',
    });
  });

  check('names the newest run of each job', async (fixture) => {
    const jobs = await fixture.jobs();
    const newest = [jobRun('archive', T0 + 5, { outcome: 'running', endedAt: null }), jobRun('roll-up', T0 + 9)];
    for (const run of [jobRun('archive', T0), ...newest, jobRun('roll-up', T0 + 8)]) await jobs.put(run);
    const latest = [...(await jobs.latest())].sort((a, b) => (a.job < b.job ? -1 : 1));
    assert.deepEqual(latest, newest);
  });

  check('lets go of all but the newest runs of a job', async (fixture) => {
    const jobs = await fixture.jobs();
    for (let index = 0; index < 5; index++) {
      await jobs.put(jobRun('roll-up', T0 + index));
      await jobs.put(jobRun('archive', T0 + index));
    }
    await jobs.trim('roll-up', 2);
    await jobs.trim('archive', 5);
    const startsOf = async (job: string) =>
      (await jobs.runs(job, { limit: 10 })).items.map(({ startedAt }) => startedAt - T0);
    assert.deepEqual(await startsOf('roll-up'), [4, 3]);
    assert.deepEqual(await startsOf('archive'), [4, 3, 2, 1, 0]);
  });
}
