/** Routes of the archive: its batches, how it stands, archive now. */
import { parseCommandBody } from '../../../protocol/command.ts';
import type { ArchiveBatchView, ArchiveStatus } from '../../../protocol/message.ts';
import type { Page } from '../../ports/hot-store.ts';
import type { GatewayState } from '../state.ts';
import { type Answer, json, list, notFound } from './answer.ts';
import { readJson } from './body.ts';
import { carried, intentOf } from './intent.ts';
import { checkKnown, limitOf, textOf } from './params.ts';
import type { Ask, Route } from './router.ts';

export function archiveRoutes(state: GatewayState): Route[] {
  return [
    { method: 'GET', path: '/archive/batches', access: 'read', handle: (ask) => batches(state, ask) },
    { method: 'GET', path: '/archive/batches/:id', access: 'read', handle: (ask) => batch(state, ask) },
    { method: 'GET', path: '/archive/status', access: 'read', handle: (ask) => status(state, ask) },
    {
      method: 'POST',
      path: '/archive/run',
      access: 'command',
      takes: 'application/json',
      handle: (ask) => runNow(state, ask),
    },
  ];
}

async function batches(state: GatewayState, { search }: Ask): Promise<Answer> {
  checkKnown(search, 'limit', 'cursor');
  const cursor = textOf(search, 'cursor');
  const page = await state.archive.ask<Page<ArchiveBatchView>>({
    kind: 'batches',
    limit: limitOf(search),
    ...(cursor === undefined ? {} : { cursor }),
  });
  return list(page.items, page.next);
}

async function batch(state: GatewayState, { params }: Ask): Promise<Answer> {
  const id = params.id as string;
  const found = await state.archive.ask<ArchiveBatchView | null>({ kind: 'batch', id });
  if (found === null) throw notFound(`archive batch ${JSON.stringify(id.slice(0, 200))}`);
  return json(found);
}

async function status(state: GatewayState, { search }: Ask): Promise<Answer> {
  checkKnown(search);
  return json(await state.archive.ask<ArchiveStatus>({ kind: 'status' }));
}

/** All that is committed now; it goes on after the answer, and /archive/status says when it is done. */
async function runNow(state: GatewayState, { request }: Ask): Promise<Answer> {
  const intent = intentOf(parseCommandBody(await readJson(request)));
  const from = request.socket.remoteAddress ?? 'unknown';
  const work = () => state.archive.ask<{ readonly records: number; readonly bytes: number }>({ kind: 'run' });
  return carried(await state.control.run({ job: 'archive', ...intent }, from, work), 202);
}
