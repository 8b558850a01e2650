/** The runner on a clock of its own, over a store in memory that can fail. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EmbeddedJobStore } from '../../../actors/backends/store-embedded-jobs.ts';
import type { Judgement } from '../../../actors/jobs/findings.ts';
import type { JobPlan } from '../../../actors/jobs/plan.ts';
import { Runner } from '../../../actors/jobs/runner.ts';
import type { RunContext } from '../../../actors/jobs/works.ts';
import type { JobRun, JobStore } from '../../../actors/ports/job-store.ts';
import { AppError } from '../../../protocol/errors.ts';
import type { JobView } from '../../../protocol/message.ts';
import { jobRun } from '../../contracts/job-store.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const T0 = 29_394_000 * 60_000;
const PLAN: JobPlan = {
  name: 'roll-up',
  periodMs: 60_000,
  offsetMs: 0,
  deadlineMs: 30_000,
  retries: 1,
  backoffMs: 1_000,
};

const turn = () => new Promise((resolve) => setImmediate(resolve));

class Stage {
  now = T0;
  readonly runner: Runner;
  readonly changes: (readonly JobView[])[] = [];
  readonly findings: Judgement[] = [];
  readonly failures: unknown[] = [];
  /** Runs whose work is under way. */
  readonly works: { readonly context: RunContext; readonly end: (error?: Error) => void }[] = [];
  #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  constructor(store: JobStore) {
    this.runner = new Runner({
      plans: [PLAN],
      works: { 'roll-up': (context) => this.#work(context) },
      store,
      now: () => this.now,
      random: () => 1,
      after: (ms, run) => {
        const timer = { at: this.now + ms, run };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
      onChange: (jobs) => this.changes.push(jobs),
      onFinding: (judgement) => this.findings.push(judgement),
      onFailure: (thrown) => this.failures.push(thrown),
    });
  }

  #work(context: RunContext): Promise<void> {
    return new Promise((resolve, reject) => {
      this.works.push({ context, end: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  /** Lets time pass, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
    await settle();
  }

  get job(): JobView {
    return this.changes.at(-1)?.[0] as JobView;
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await turn();
}

function storeOf(t: TestContext): EmbeddedJobStore {
  const folder = temporaryFolder();
  const store = new EmbeddedJobStore(folder.path);
  t.after(async () => {
    await store.close();
    folder.remove();
  });
  return store;
}

const outcomes = async (store: JobStore) =>
  (await store.runs('roll-up', { limit: 10 })).items.map(({ outcome, trigger, attempt }) => [
    outcome,
    trigger,
    attempt,
  ]);

test('runner runs jobs when they are due, keeps their history and tells who listens', async (t) => {
  const store = storeOf(t);
  const stage = new Stage(store);
  await stage.runner.setHere(true);
  await stage.pass(0);
  assert.equal(stage.works.length, 1);
  assert.equal(stage.job.state, 'running');
  assert.deepEqual(await outcomes(store), [['running', 'schedule', 1]], 'it stands there before its work begins');
  stage.works[0]?.context.say('half way');
  stage.works[0]?.context.find({ id: 'x', severity: 'ok', text: 'fine', evidence: {} });
  await stage.pass(250);
  stage.works[0]?.end();
  await stage.pass(0);
  const [run] = (await store.runs('roll-up', { limit: 1 })).items as [JobRun];
  assert.deepEqual([run.outcome, run.endedAt, run.log], ['done', T0 + 250, [{ at: T0, text: 'half way' }]]);
  assert.deepEqual(
    [stage.job.state, stage.job.next_at, stage.job.success_share, stage.job.median_ms, stage.job.last?.duration_ms],
    ['idle', T0 + 60_000, 1, 250, 250],
  );
  assert.deepEqual(
    stage.findings.map(({ id }) => id),
    ['x'],
  );
  await stage.pass(60_000);
  assert.equal(stage.works.length, 2);
});

test('runner tries a failed job again, and says so when its tries are used up and when it is well again', async (t) => {
  const store = storeOf(t);
  const stage = new Stage(store);
  await stage.runner.setHere(true);
  await stage.pass(0);
  stage.works[0]?.end(new Error('Cannot read the store'));
  await stage.pass(999);
  assert.deepEqual([stage.works.length, stage.job.state], [1, 'retrying']);
  await stage.pass(1);
  assert.equal(stage.findings.length, 0);
  stage.works[1]?.end(new Error('Cannot read the store'));
  await stage.pass(58_000);
  assert.deepEqual(
    stage.findings.map(({ id, severity }) => [id, severity]),
    [['job-roll-up', 'warning']],
  );
  assert.match(stage.findings[0]?.text ?? '', /Cannot read the store/);
  await stage.pass(1_000);
  stage.works[2]?.end();
  await stage.pass(0);
  assert.deepEqual(stage.findings.at(-1)?.severity, 'ok');
  assert.deepEqual(await outcomes(store), [
    ['done', 'schedule', 1],
    ['failed', 'retry', 2],
    ['failed', 'schedule', 1],
  ]);
});

test('runner ends a run at its deadline, and this thread when that is not heeded', async (t) => {
  const stage = new Stage(storeOf(t));
  await stage.runner.setHere(true);
  await stage.pass(30_000);
  assert.equal(stage.works[0]?.context.signal.aborted, true);
  assert.equal(stage.job.state, 'running', 'its work may still be going on');
  assert.deepEqual(stage.failures, []);
  await stage.pass(5_000);
  assert.match(String(stage.failures[0]), /does not end when it is told to/);
});

test('runner cuts off what runs when jobs go elsewhere, and only then lets go', async (t) => {
  const store = storeOf(t);
  const stage = new Stage(store);
  await stage.runner.setHere(true);
  await stage.pass(10);
  let gone = false;
  void stage.runner.setHere(false).then(() => {
    gone = true;
  });
  await stage.pass(10);
  assert.deepEqual([stage.works[0]?.context.signal.aborted, gone], [true, false]);
  stage.works[0]?.end(new Error('ended'));
  await stage.pass(10);
  assert.equal(gone, true);
  assert.deepEqual(await outcomes(store), [['lost', 'schedule', 1]]);
  assert.deepEqual([stage.job.state, stage.job.next_at], ['elsewhere', null]);
  assert.throws(() => stage.runner.runNow('roll-up'), { code: 'unavailable' });
  await stage.pass(600_000);
  assert.equal(stage.works.length, 1, 'nothing runs here any more');
  await store.put(jobRun('roll-up', stage.now - 1_000));
  assert.equal((await stage.runner.jobs())[0]?.last?.outcome, 'done', 'what the other process did is seen here');
  await stage.runner.setHere(true);
  await stage.pass(60_000);
  assert.equal(stage.works.length, 2);
});

test('runner finds the run of a killed process again and repeats it', async (t) => {
  const store = storeOf(t);
  await store.put(jobRun('roll-up', T0 + 5_000, { outcome: 'running', endedAt: null }));
  const stage = new Stage(store);
  stage.now = T0 + 10_000;
  await stage.runner.setHere(true);
  await stage.pass(0);
  assert.deepEqual(await outcomes(store), [
    ['running', 'retry', 2],
    ['lost', 'schedule', 1],
  ]);
});

test('runner runs a job for a person, and refuses it while it runs and where there is none', async (t) => {
  const stage = new Stage(storeOf(t));
  await stage.runner.setHere(true);
  await stage.pass(0);
  assert.throws(() => stage.runner.runNow('roll-up'), { code: 'conflict' });
  assert.throws(() => stage.runner.runNow('nothing'), { code: 'not-found' });
  assert.throws(() => stage.runner.runs('nothing', { limit: 1 }), { code: 'not-found' });
  stage.works[0]?.end();
  await stage.pass(5);
  assert.equal(stage.runner.runNow('roll-up').trigger, 'person');
  await stage.pass(0);
  assert.equal(stage.works.length, 2);
});

test('runner waits for a store that is away, and begins no work that the history does not know of', async (t) => {
  const store = storeOf(t);
  let away = true;
  const wavering: JobStore = {
    put: (run) => (away ? Promise.reject(new AppError('unavailable', 'Cannot reach the store')) : store.put(run)),
    runs: (job, filter) => store.runs(job, filter),
    latest: () => store.latest(),
    trim: (job, keep) => store.trim(job, keep),
    close: () => store.close(),
  };
  const stage = new Stage(wavering);
  await stage.runner.setHere(true);
  await stage.pass(10_000);
  assert.equal(stage.works.length, 0);
  away = false;
  await stage.pass(1_000);
  assert.equal(stage.works.length, 1);
  stage.works[0]?.end();
  await stage.pass(0);
  assert.deepEqual(await outcomes(store), [['done', 'schedule', 1]]);
  assert.deepEqual(stage.failures, []);
});

test('runner ends its thread over a store that is damaged', async (t) => {
  const store = storeOf(t);
  const damaged = new AppError('data-mismatch', 'Cannot use the file as it is damaged');
  const broken: JobStore = {
    put: () => Promise.reject(damaged),
    runs: (job, filter) => store.runs(job, filter),
    latest: () => store.latest(),
    trim: (job, keep) => store.trim(job, keep),
    close: () => store.close(),
  };
  const stage = new Stage(broken);
  await stage.runner.setHere(true);
  await stage.pass(1_000);
  assert.equal(stage.failures[0], damaged);
});
