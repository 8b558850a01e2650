/** How the Data page reads what the server answers, and how runs are drawn and worded. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  budgetOf,
  countReasons,
  type Job,
  type Run,
  readBatches,
  readFindings,
  readJobs,
  readLedgers,
  readLetters,
  readRuns,
} from '../../ui/components/data/answers.ts';
import { barHeights, markOf, nextText, periodText } from '../../ui/components/data/run-marks.ts';
import {
  archiveAnswer,
  jobsAnswer,
  ledgerAnswer,
  lettersAnswer,
  qualityAnswer,
  runsAnswer,
} from '../helpers/ui-data.ts';

const NOW = 1_763_650_000_000;

describe('answers of the Data page', () => {
  it('jobs are read with their runs oldest first', () => {
    const jobs = readJobs(jobsAnswer(NOW));
    assert.deepEqual(
      jobs.map(({ name }) => name),
      ['roll-up', 'archive', 'generation-health', 'data-quality', 'performance'],
    );
    const archive = jobs[1] as Job;
    assert.equal(archive.runs.length, 48);
    assert.deepEqual([archive.runs.at(-1)?.outcome, archive.runs.at(-1)?.ms], ['running', undefined]);
    assert.ok((archive.runs[0]?.startedAt ?? 0) < (archive.runs[1]?.startedAt ?? 0));
  });

  it('a run is read with its log', () => {
    const [run] = readRuns(runsAnswer('performance', NOW));
    assert.equal(run?.log.length, 2);
    assert.match(run?.log[1]?.text ?? '', /^warning/);
  });

  it('findings to look at come first, and tell the budget', () => {
    const findings = readFindings(qualityAnswer(NOW));
    assert.deepEqual(
      findings.slice(0, 3).map(({ severity }) => severity),
      ['critical', 'warning', 'ok'],
    );
    assert.equal(budgetOf(findings), 300e6);
    assert.equal(budgetOf([]), undefined);
  });

  it('ledger, dead letters and batches are read', () => {
    assert.equal(readLedgers(ledgerAnswer())?.total.counted, 1_203_511);
    assert.equal(readLedgers(ledgerAnswer())?.partitions[0]?.name, 'orders/0');
    assert.deepEqual(countReasons(readLetters(lettersAnswer(NOW)))[0], ['not-json', 10]);
    const poison = { items: [{ topic: 'orders', partition: 0, offset: 1, reason: 'poison', error: 'Error: odd' }] };
    assert.equal(readLetters(poison)[0]?.field, 'Error: odd', 'where no field is to blame, the error is');
    const batches = readBatches(archiveAnswer(NOW));
    assert.deepEqual([batches[0]?.rows, batches[1]?.paths.length, batches[6]?.state], [undefined, 1, 'FAILED']);
  });

  it('an answer of another form is read as nothing', () => {
    for (const answer of [undefined, null, 'busy', [], {}, { items: 5 }, { items: [null, 5, {}] }]) {
      assert.deepEqual(readJobs(answer), []);
      assert.deepEqual(readRuns(answer), []);
      assert.deepEqual(readFindings(answer), []);
      assert.deepEqual(readBatches(answer), []);
    }
    assert.equal(readLedgers('busy'), undefined);
  });
});

describe('runs of a job', () => {
  const run = (over: Partial<Run>): Run => ({
    id: 'a:1',
    startedAt: NOW,
    ms: 100,
    outcome: 'done',
    attempt: 1,
    trigger: 'schedule',
    error: undefined,
    ...over,
  });

  it('outcomes have marks of their own', () => {
    const names = [
      run({}),
      run({ attempt: 2 }),
      run({ outcome: 'failed' }),
      run({ outcome: 'lost' }),
      run({ outcome: 'running', ms: undefined }),
    ].map((one) => markOf(one).name);
    assert.deepEqual(names, ['done', 'retried', 'failed', 'lost', 'running']);
  });

  it('height is duration, the longest is full height, and none vanishes', () => {
    const [short, long, none] = barHeights([run({ ms: 0 }), run({ ms: 5_000 }), run({ ms: undefined })]) as number[];
    assert.deepEqual([short, long], [4, 28]);
    assert.ok((none as number) > 0);
    assert.deepEqual(barHeights([]), []);
  });

  it('period and next run are said in words', () => {
    assert.deepEqual([60_000, 300_000, 3_600_000, 7_200_000, 15_000].map(periodText), [
      'every minute',
      'every 5 min',
      'every hour',
      'every 2 h',
      'every 15,0 s',
    ]);
    const job = (over: Partial<Job>) => ({ ...(readJobs(jobsAnswer(NOW))[0] as Job), ...over });
    assert.equal(nextText(job({ nextAt: NOW + 20_400 }), NOW), 'in 21 s');
    assert.equal(nextText(job({ nextAt: NOW + 600_000 }), NOW), 'in 10 min');
    assert.equal(nextText(job({ nextAt: NOW - 5 }), NOW), 'due');
    assert.equal(nextText(job({ state: 'running' }), NOW), 'running');
    assert.equal(nextText(job({ state: 'elsewhere', nextAt: undefined }), NOW), 'elsewhere');
  });
});
