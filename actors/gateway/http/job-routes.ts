/** Routes of the jobs: the schedule, the history, run now. */
import { parseCommandBody } from '../../../protocol/command.ts';
import type { JobRunView, JobView } from '../../../protocol/message.ts';
import type { Page } from '../../ports/hot-store.ts';
import type { GatewayState } from '../state.ts';
import { type Answer, list } from './answer.ts';
import { readJson } from './body.ts';
import { carried, intentOf } from './intent.ts';
import { checkKnown, limitOf, stretchOf, textOf } from './params.ts';
import type { Ask, Route } from './router.ts';

export function jobRoutes(state: GatewayState): Route[] {
  return [
    { method: 'GET', path: '/jobs', access: 'read', handle: (ask) => jobs(state, ask) },
    { method: 'GET', path: '/jobs/:name/runs', access: 'read', handle: (ask) => runs(state, ask) },
    {
      method: 'POST',
      path: '/jobs/:name/run',
      access: 'command',
      takes: 'application/json',
      handle: (ask) => runNow(state, ask),
    },
  ];
}

async function jobs(state: GatewayState, { search }: Ask): Promise<Answer> {
  return list(...stretchOf(search, await state.jobs.ask<readonly JobView[]>({ kind: 'jobs' })));
}

async function runs(state: GatewayState, { params, search }: Ask): Promise<Answer> {
  checkKnown(search, 'limit', 'cursor');
  const cursor = textOf(search, 'cursor');
  const page = await state.jobs.ask<Page<JobRunView>>({
    kind: 'job-runs',
    job: params.name as string,
    limit: limitOf(search),
    ...(cursor === undefined ? {} : { cursor }),
  });
  return list(page.items, page.next);
}

async function runNow(state: GatewayState, { params, request }: Ask): Promise<Answer> {
  const job = params.name as string;
  const intent = intentOf(parseCommandBody(await readJson(request)));
  const from = request.socket.remoteAddress ?? 'unknown';
  const work = async () => {
    const run = await state.jobs.ask<JobRunView>({ kind: 'run-job', job });
    return { run: run.id, started_at: run.started_at };
  };
  return carried(await state.control.run({ job, ...intent }, from, work), 202);
}
