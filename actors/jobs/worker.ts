/**
 * jobs: the scheduled work of the whole system, in the one process of a group that owns partition 0 of the first
 * topic. In the others it waits for its turn, and shows the history.
 */
import type { MessagePort } from 'node:worker_threads';
import { toWireError } from '../../protocol/errors.ts';
import type {
  Answer,
  ArchiveQuery,
  Ask,
  FiguresQuery,
  Finding,
  JobsChanged,
  JobsQuery,
  ReaderQuery,
} from '../../protocol/message.ts';
import { runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseJobStore } from '../backends/choose.ts';
import { ArchiveSample } from './archive-sample.ts';
import { FindingBook } from './findings.ts';
import { type HistorySettings, HistoryStores } from './history-stores.ts';
import { LinkedRequests } from './linked-requests.ts';
import { answerQuery } from './queries.ts';
import { Runner } from './runner.ts';
import { JOBS } from './table.ts';
import { createWorks } from './works.ts';

export type JobsInput = { readonly backend: BackendConfig; readonly hotBudget: number } & HistorySettings;

/** From the owner of the tree: whether jobs run in this process. */
export type ToldJobs = { readonly type: 'jobs-here'; readonly here: boolean };

runChild<JobsInput>(async (child) => {
  const { backend, hotBudget, zone, latenessMs, retentionMs } = child.input;
  const store = await chooseJobStore(backend, child.meter);
  const history = new HistoryStores(backend, { zone, latenessMs, retentionMs });
  const archiver = new LinkedRequests<ArchiveQuery>('archiver');
  const sample = ArchiveSample.of(backend);
  const book = new FindingBook();
  const reader = new LinkedRequests<ReaderQuery>('reader');
  const gateway = new LinkedRequests<FiguresQuery>('gateway');
  let listener: MessagePort | undefined;
  let findings: MessagePort | undefined;

  const runner = new Runner({
    plans: JOBS,
    works: createWorks({
      askReader: (query, signal) => reader.ask(query, signal),
      askGateway: (query, signal) => gateway.ask(query, signal),
      rollUp: (signal) => history.rollUp(signal),
      archiveKpis: (signal) => history.archiveKpis(signal),
      askArchiver: (query, signal) => archiver.ask(query, signal),
      sampleArchive: (signal) => sample.run(signal),
      hotBudget,
    }),
    store,
    now: Date.now,
    random: Math.random,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    onChange: (jobs) => listener?.postMessage({ type: 'jobs-changed', jobs } satisfies JobsChanged),
    onFinding: (judgement) => findings?.postMessage(book.note(judgement, Date.now()) satisfies Finding),
    // Out of every promise, so that it ends the thread.
    onFailure: (thrown) =>
      setImmediate(() => {
        throw thrown;
      }),
  });

  child.onLink(
    'queries',
    (port) => reader.connect(port),
    () => reader.connect(undefined),
  );
  child.onLink(
    'figures',
    (port) => gateway.connect(port),
    () => gateway.connect(undefined),
  );
  child.onLink(
    'archive',
    (port) => archiver.connect(port),
    () => archiver.connect(undefined),
  );
  child.onLink('findings', (port) => {
    findings = port;
    for (const finding of book.all()) port.postMessage(finding);
  });
  child.onLink('jobs', (port) => {
    listener = port;
    port.on('message', (ask: Ask<JobsQuery>) => void child.handle(() => answer(port, ask), `ask ${ask.body.kind}`));
    void runner.jobs().then((jobs) => port.postMessage({ type: 'jobs-changed', jobs } satisfies JobsChanged));
  });
  child.onTell((body) => runner.setHere((body as ToldJobs).here));
  child.onControl({ inspect: async () => ({ here: runner.here, jobs: await runner.jobs() }) });
  child.onStop(async () => {
    await runner.setHere(false);
    await history.close();
    await sample.close();
    await store.close();
  });
  child.tell({ type: 'jobs-wanted' });
  child.ready();

  async function answer(port: MessagePort, { id, body }: Ask<JobsQuery>): Promise<void> {
    try {
      port.postMessage({ type: 'answer', id, value: await answerQuery(runner, body) } satisfies Answer);
    } catch (thrown) {
      port.postMessage({ type: 'refusal', id, error: toWireError(thrown) } satisfies Answer);
    }
    child.meter.handled();
  }
});
