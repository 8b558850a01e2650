/** Jobs over HTTP and in their channel, with a jobs actor that the test plays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, toWireError } from '../../../protocol/errors.ts';
import type { Ask, Finding, JobsQuery, JobView } from '../../../protocol/message.ts';
import { assertError, bearer, call, command } from './calls.ts';
import { connectLane, runningTree, type Served, serve, tellStatus } from './served.ts';

const RUN = {
  id: 'roll-up:5000',
  started_at: 5_000,
  ended_at: 5_250,
  duration_ms: 250,
  outcome: 'done',
  attempt: 1,
  trigger: 'schedule',
  error: null,
} as const;
const JOB: JobView = {
  name: 'roll-up',
  period_ms: 60_000,
  deadline_ms: 30_000,
  retries: 3,
  state: 'idle',
  next_at: 65_000,
  last: RUN,
  success_share: 0.5,
  median_ms: 250,
  recent: [RUN],
};

/** Answers as the jobs actor would; what it was asked. */
function connectJobs({ gateway }: Served, answer: (query: JobsQuery) => unknown): JobsQuery[] {
  const asked: JobsQuery[] = [];
  const { jobs } = gateway.state;
  jobs.connect({
    postMessage: (message) => {
      const { id, body } = message as Ask<JobsQuery>;
      asked.push(body);
      queueMicrotask(() => {
        try {
          jobs.receive({ type: 'answer', id, value: answer(body) });
        } catch (thrown) {
          jobs.receive({ type: 'refusal', id, error: toWireError(thrown) });
        }
      });
    },
  });
  return asked;
}

test('gateway shows the schedule and pages through the runs of a job', async (t) => {
  const served = await serve(t);
  assertError(await call(served, '/jobs'), 503, 'unavailable');
  const asked = connectJobs(served, ({ kind }) => {
    if (kind === 'jobs') return [JOB];
    return { items: [{ ...RUN, job: 'roll-up', log: [{ at: 1, text: 'said' }] }], next: 'more' };
  });
  assert.deepEqual((await call(served, '/jobs')).json(), { items: [JOB], next_cursor: null });
  const runs = (await call(served, '/jobs/roll-up/runs?limit=1&cursor=c')).json();
  assert.equal(runs.next_cursor, 'more');
  assert.deepEqual(runs.items[0].log, [{ at: 1, text: 'said' }]);
  assert.deepEqual(asked.at(-1), { kind: 'job-runs', job: 'roll-up', limit: 1, cursor: 'c' });
  assertError(await call(served, '/jobs/roll-up/runs?limit=0'), 400, 'bad-parameter', 'limit');
  assertError(await call(served, '/jobs?page=2'), 400, 'bad-parameter', 'page');
});

test('gateway runs a job now with the token alone, once a key, and keeps an audit of it', async (t) => {
  const served = await serve(t);
  const asked = connectJobs(served, (query) => {
    if (query.kind !== 'run-job') throw new Error('asked for something else');
    if (query.job === 'busy') throw new AppError('conflict', 'Cannot run job busy as it is running already');
    if (query.job !== 'roll-up') throw new AppError('not-found', `Cannot find a job named ${query.job}`);
    return RUN;
  });
  const json = { 'content-type': 'application/json' };
  assertError(
    await call(served, '/jobs/roll-up/run', { method: 'POST', headers: json, body: '{}' }),
    401,
    'unauthorized',
  );
  assertError(await call(served, '/jobs/roll-up/run', { method: 'GET', headers: bearer }), 405, 'method-not-allowed');
  assert.equal(asked.length, 0);
  const body = { reason: 'to see', idempotency_key: 'k1' };
  for (let repeat = 0; repeat < 2; repeat++) {
    const reply = await command(served, '/jobs/roll-up/run', body);
    assert.equal(reply.status, 202);
    assert.deepEqual(reply.json(), { accepted: true, job: 'roll-up', run: RUN.id, started_at: RUN.started_at });
  }
  assert.equal(asked.length, 1, 'the same key runs it once');
  assertError(await command(served, '/jobs/busy/run', body), 409, 'conflict', 'idempotency_key');
  assertError(await command(served, '/jobs/busy/run', {}), 409, 'conflict');
  assertError(await command(served, '/jobs/nothing/run', {}), 404, 'not-found');
  const audit = (await call(served, '/system/audit')).json().items as Record<string, unknown>[];
  assert.deepEqual(
    audit.map(({ command: name, job, outcome, reason }) => [name, job, outcome, reason]),
    [
      ['run-job', 'nothing', 'refused', ''],
      ['run-job', 'busy', 'refused', ''],
      ['run-job', 'roll-up', 'accepted', 'to see'],
    ],
  );
  const told = served.told as { type: string; entry: { job: string }; error: { code: string } | null }[];
  assert.deepEqual(
    told.map(({ type, entry, error }) => [type, entry.job, error?.code ?? null]),
    [
      ['audited', 'roll-up', null],
      ['audited', 'busy', 'conflict'],
      ['audited', 'nothing', 'not-found'],
    ],
    'the list outlives this gateway',
  );
});

test('gateway refuses at once what it asked of jobs that went away', async (t) => {
  const served = await serve(t);
  const { jobs } = served.gateway.state;
  jobs.connect({ postMessage: () => queueMicrotask(() => jobs.connect(undefined)) });
  assertError(await call(served, '/jobs'), 503, 'unavailable');
});

test('jobs channel shows each job as it stands', async (t) => {
  const served = await serve(t);
  const { jobs, hub } = served.gateway.state;
  const channel = hub.channel('jobs');
  jobs.receive({ type: 'jobs-changed', jobs: [JOB] });
  served.gateway.tick();
  const shown = (field: string) => channel.get(`roll-up/${field}`);
  assert.deepEqual(
    ['state', 'next_at', 'last_run', 'last_started_at', 'last_outcome', 'last_ms', 'median_ms'].map(shown),
    ['idle', 65_000, RUN.id, 5_000, 'done', 250, 250],
  );
  const running = { ...RUN, ended_at: null, duration_ms: null, outcome: 'running' } as const;
  jobs.receive({ type: 'jobs-changed', jobs: [{ ...JOB, state: 'running', last: running }] });
  served.gateway.tick();
  assert.deepEqual([shown('state'), shown('last_outcome'), shown('last_ms')], ['running', 'running', undefined]);
});

test('alerts are the findings that are not in order, by HTTP and in their channel', async (t) => {
  const served = await serve(t);
  const { status, hub } = served.gateway.state;
  const finding = (severity: Finding['severity']): Finding => ({
    type: 'finding',
    id: 'lag',
    severity,
    text: 'behind',
    since: 7,
    evidence: { lag: 5 },
  });
  const alerts = async () => (await call(served, '/alerts')).json().items as unknown[];
  status.addFinding(finding('ok'), 1);
  served.gateway.tick();
  assert.deepEqual(await alerts(), []);
  status.addFinding(finding('critical'), 2);
  served.gateway.tick();
  const { type: _, ...shown } = finding('critical');
  assert.deepEqual(await alerts(), [shown]);
  assert.equal(hub.channel('alerts').get('lag/severity'), 'critical');
  assert.equal(hub.channel('alerts').get('lag/evidence/lag'), 5);
  status.addFinding(finding('ok'), 3);
  served.gateway.tick();
  assert.equal(hub.channel('alerts').size, 0);
  assert.equal(hub.channel('quality').get('lag/severity'), 'ok');
});

test('gateway tells jobs what it measures, and what monitors said last', async (t) => {
  const served = await serve(t);
  served.shop.step(100, 60_000);
  await connectLane(served);
  tellStatus(served, runningTree());
  const figures = served.gateway.figures({ kind: 'performance' }) as Record<string, unknown>;
  assert.equal(figures.lag, 0);
  assert.ok((figures.memory_bytes as number) > 1e6);
  assert.deepEqual(
    (figures.busy as { actor: string }[]).map(({ actor }) => actor),
    ['gateway', 'aggregator-0', 'consumer-0'],
  );
  assert.equal(served.gateway.figures({ kind: 'finding', id: 'generation' }), null);
  const finding: Finding = { type: 'finding', id: 'generation', severity: 'ok', text: 'x', since: 1, evidence: {} };
  served.gateway.state.status.addFinding(finding, Date.now() - 5_000);
  const heard = served.gateway.figures({ kind: 'finding', id: 'generation' }) as { finding: Finding; ageMs: number };
  assert.deepEqual(heard.finding, finding);
  assert.ok(heard.ageMs >= 5_000 && heard.ageMs < 60_000);
});
