/** The jobs actor in its thread, with the test at the other end of its links. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { endBeforeFolder, folderFor } from '../../system/folder.ts';
import { Stage } from '../stage.ts';

const ENTRY = new URL('../../../actors/jobs/worker.ts', import.meta.url);
const LOOK_MS = 5;
const FIGURES = { lag: 99_000, latency_p50_ms: 1, latency_p99_ms: 2, hot_bytes: 1, memory_bytes: 1, busy: [] };
const STATUS = { hot_bytes: 5, budget: 10, records: 0, bytes: 0, last_error: null };

/** The gateway's end: there is no generator to judge, and figures of performance come when it does not hang. */
class FakeGateway {
  hangs = true;
  #stage: Stage;
  #owed: Ask<FiguresQuery>[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
    void this.#serve();
  }

  get owes(): boolean {
    return this.#owed.length > 0;
  }

  goOn(): void {
    this.hangs = false;
    for (const asked of this.#owed.splice(0)) this.#answer(asked);
  }

  async #serve(): Promise<void> {
    for (;;) {
      const asked = await this.#stage.next<Ask<FiguresQuery>>('figures');
      if (this.hangs && asked.body.kind === 'performance') this.#owed.push(asked);
      else this.#answer(asked);
    }
  }

  #answer({ id, body }: Ask<FiguresQuery>): void {
    const value = body.kind === 'performance' ? FIGURES : null;
    this.#stage.say('figures', { type: 'answer', id, value } satisfies Answer);
  }
}

/** The archiver's end; what it was asked. */
function fakeArchiver(stage: Stage): ArchiveQuery[] {
  const queries: ArchiveQuery[] = [];
  const serve = async () => {
    for (;;) {
      const { id, body } = await stage.next<Ask<ArchiveQuery>>('archive');
      queries.push(body);
      stage.say('archive', { type: 'answer', id, value: STATUS } satisfies Answer);
    }
  };
  void serve();
  return queries;
}

test('jobs actor repeats what a killed process left, answers the gateway, and gives up its work when told', async (t) => {
  const folder = folderFor(t, 'jobs');
  const settings = { data: folder, group: 'pulso', partitions: 1, topics: ['orders'], logBytes: 1e9 };
  const backend = await prepareData(settings);
  const store = await chooseJobStore(backend);
  endBeforeFolder(folder, () => store.close());
  // Every job falls due by the clock, also in the middle of this test; it then runs once more than it was told to.
  for (const { name } of JOBS) await store.put(jobRun(name, Date.now()));
  // By a clock that was ahead: it is repeated at once, and not because it falls due.
  await store.put(jobRun('performance', Date.now() + 60_000, { outcome: 'running', endedAt: null }));

  const stage = await Stage.up(
    folder,
    ENTRY,
    { backend, hotBudget: 300e6, zone: 'America/Sao_Paulo', latenessMs: 3_600_000, retentionMs: 90 * 86_400_000 },
    ['jobs', 'figures', 'findings', 'queries', 'archive'],
  );
  const gateway = new FakeGateway(stage);
  const archiverWasAsked = fakeArchiver(stage);
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
  while (!gateway.owes) await sleep(LOOK_MS);
  const busy = await ask({ kind: 'run-job', job: 'performance' });
  assert.ok(busy.type === 'refusal' && busy.error.code === 'conflict');
  gateway.goOn();
  let finding = await stage.next<Finding>('findings');
  while (!finding.id.startsWith('performance')) finding = await stage.next<Finding>('findings');
  assert.deepEqual([finding.id, finding.severity], ['performance-lag', 'warning']);

  const state = async (): Promise<JobView> => {
    const answer = await ask({ kind: 'jobs' });
    assert.ok(answer.type === 'answer');
    return (answer.value as JobView[]).find(({ name }) => name === 'performance') as JobView;
  };
  while ((await state()).state !== 'idle') await sleep(LOOK_MS);
  const runs = await ask({ kind: 'job-runs', job: 'performance', limit: 10 });
  assert.ok(runs.type === 'answer');
  const { items } = runs.value as { items: { outcome: string; trigger: string; log: { text: string }[] }[] };
  const lost = items.findIndex(({ outcome }) => outcome === 'lost');
  assert.deepEqual(
    items.slice(lost - 1, lost + 1).map(({ outcome, trigger }) => [outcome, trigger]),
    [
      ['done', 'retry'],
      ['lost', 'schedule'],
    ],
  );
  assert.match(items[lost - 1]?.log[0]?.text ?? '', /^warning: 99000 records/);

  /** What it said in its log, when it has ended. */
  const ran = async (job: string): Promise<string[]> => {
    let answer = await ask({ kind: 'run-job', job });
    while (answer.type === 'refusal') {
      assert.equal(answer.error.code, 'conflict', 'it has just fallen due');
      answer = await ask({ kind: 'run-job', job });
    }
    const { id } = answer.value as JobRunView;
    for (;;) {
      const run = (await store.runs(job, { limit: 5 })).items.find((one) => one.id === id);
      if (run !== undefined && run.outcome !== 'running') return run.log.map(({ text }) => text);
      await sleep(LOOK_MS);
    }
  };
  assert.match((await ran('roll-up'))[0] ?? '', /^Wrote 0 hours/);
  assert.deepEqual(await ran('archive'), [
    'Raw events weigh 5 of 10 bytes',
    'Archived are 0 records, in 0 bytes',
    '0 files of 0 archived batches are as they were committed',
  ]);
  assert.deepEqual(archiverWasAsked[0], { kind: 'status' });

  gateway.hangs = true;
  while (!gateway.owes) {
    await ask({ kind: 'run-job', job: 'performance' });
    await sleep(LOOK_MS);
  }
  stage.tree.tell('actor', { type: 'jobs-here', here: false });
  while ((await state()).state !== 'elsewhere') await sleep(LOOK_MS);
  while ((await store.runs('performance', { limit: 1 })).items[0]?.outcome !== 'lost') await sleep(LOOK_MS);
});
