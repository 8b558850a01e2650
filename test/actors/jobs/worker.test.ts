/** The jobs actor in its thread, with the test at the other end of its links. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseJobStore, prepareData } from '../../../actors/backends/choose.ts';
import { JOBS } from '../../../actors/jobs/table.ts';
import type {
  Answer,
  ArchiveQuery,
  Ask,
  FiguresQuery,
  Finding,
  JobRunView,
  JobsChanged,
  JobsQuery,
  JobView,
} from '../../../protocol/message.ts';
import { jobRun } from '../../contracts/job-store.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';
import { Stage } from '../stage.ts';

const ENTRY = new URL('../../../actors/jobs/worker.ts', import.meta.url);

test('jobs actor repeats what a killed process left, answers the gateway, and gives up its work when told', async (t) => {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const settings = { data: folder.path, group: 'pulso', partitions: 1, topics: ['orders'], logBytes: 1e9 };
  const backend = await prepareData(settings);
  const store = await chooseJobStore(backend);
  t.after(() => store.close());
  const startedAt = Date.now() - 100;
  // Every other job has just run.
  for (const { name } of JOBS) await store.put(jobRun(name, startedAt));
  await store.put(jobRun('performance', startedAt + 1, { outcome: 'running', endedAt: null }));

  const stage = await Stage.up(
    t,
    ENTRY,
    { backend, hotBudget: 300e6, zone: 'America/Sao_Paulo', latenessMs: 3_600_000, retentionMs: 90 * 86_400_000 },
    ['jobs', 'figures', 'findings', 'queries', 'archive'],
  );
  const first = await stage.next<JobsChanged>('jobs');
  assert.ok(
    first.jobs.every(({ state }) => state === 'elsewhere'),
    'nothing runs before it is told to',
  );
  let id = 0;
  const ask = async (body: JobsQuery): Promise<Answer> => {
    stage.say('jobs', { type: 'ask', id: ++id, body });
    for (;;) {
      const message = await stage.next<Answer | JobsChanged>('jobs');
      if (message.type !== 'jobs-changed') return message;
    }
  };
  const refused = await ask({ kind: 'run-job', job: 'performance' });
  assert.ok(refused.type === 'refusal' && refused.error.code === 'unavailable');

  stage.tree.tell('actor', { type: 'jobs-here', here: true });
  // Other jobs may fall due meanwhile: there is no generator for them to judge.
  const askedOfPerformance = async (): Promise<Ask<FiguresQuery>> => {
    for (;;) {
      const asked = await stage.next<Ask<FiguresQuery>>('figures');
      if (asked.body.kind === 'performance') return asked;
      stage.say('figures', { type: 'answer', id: asked.id, value: null } satisfies Answer);
    }
  };
  const asked = await askedOfPerformance();
  const busy = await ask({ kind: 'run-job', job: 'performance' });
  assert.ok(busy.type === 'refusal' && busy.error.code === 'conflict');
  const figures = { lag: 99_000, latency_p50_ms: 1, latency_p99_ms: 2, hot_bytes: 1, memory_bytes: 1, busy: [] };
  stage.say('figures', { type: 'answer', id: asked.id, value: figures } satisfies Answer);
  let finding = await stage.next<Finding>('findings');
  while (!finding.id.startsWith('performance')) finding = await stage.next<Finding>('findings');
  assert.deepEqual([finding.id, finding.severity], ['performance-lag', 'warning']);

  const state = async (): Promise<JobView> => {
    const answer = await ask({ kind: 'jobs' });
    assert.ok(answer.type === 'answer');
    return (answer.value as JobView[]).find(({ name }) => name === 'performance') as JobView;
  };
  while ((await state()).state !== 'idle');
  const runs = await ask({ kind: 'job-runs', job: 'performance', limit: 2 });
  assert.ok(runs.type === 'answer');
  const { items } = runs.value as { items: { outcome: string; trigger: string; log: { text: string }[] }[] };
  assert.deepEqual(
    items.map(({ outcome, trigger }) => [outcome, trigger]),
    [
      ['done', 'retry'],
      ['lost', 'schedule'],
    ],
  );
  assert.match(items[0]?.log[0]?.text ?? '', /^warning: 99000 records/);

  const ended = async (job: string, answer: Answer): Promise<string[]> => {
    assert.ok(answer.type === 'answer', JSON.stringify(answer));
    const { id } = answer.value as JobRunView;
    for (;;) {
      const run = (await store.runs(job, { limit: 5 })).items.find((one) => one.id === id);
      if (run !== undefined && run.outcome !== 'running') return run.log.map(({ text }) => text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const rolled = await ended('roll-up', await ask({ kind: 'run-job', job: 'roll-up' }));
  assert.match(rolled[0] ?? '', /^Wrote 0 hours/);

  const archiving = await ask({ kind: 'run-job', job: 'archive' });
  const status = await stage.next<Ask<ArchiveQuery>>('archive');
  assert.deepEqual(status.body, { kind: 'status' });
  const value = { hot_bytes: 5, budget: 10, records: 0, bytes: 0, last_error: null };
  stage.say('archive', { type: 'answer', id: status.id, value } satisfies Answer);
  assert.deepEqual(await ended('archive', archiving), [
    'Raw events weigh 5 of 10 bytes',
    'Archived are 0 records, in 0 bytes',
    '0 files of 0 archived batches are as they were committed',
  ]);

  const again = await ask({ kind: 'run-job', job: 'performance' });
  assert.ok(again.type === 'answer');
  await askedOfPerformance();
  stage.tree.tell('actor', { type: 'jobs-here', here: false });
  while ((await state()).state !== 'elsewhere');
  while ((await store.runs('performance', { limit: 1 })).items[0]?.outcome !== 'lost');
});
