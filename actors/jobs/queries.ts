/** What the gateway asks of the jobs. */
import { assertNever } from '../../protocol/errors.ts';
import type { JobsQuery } from '../../protocol/message.ts';
import type { Runner } from './runner.ts';
import { runView } from './views.ts';

export async function answerQuery(runner: Runner, query: JobsQuery): Promise<unknown> {
  switch (query.kind) {
    case 'jobs':
      return runner.jobs();
    case 'job-runs': {
      const { items, next } = await runner.runs(query.job, query);
      return { items: items.map((run) => ({ ...runView(run), job: run.job, log: run.log })), next };
    }
    case 'run-job':
      return runView(runner.runNow(query.job));
    default:
      return assertNever(query);
  }
}
