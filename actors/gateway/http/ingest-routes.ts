/** Routes that pause and resume ingest as a whole, and tell what that would come to. */
import { parseCommandBody } from '../../../protocol/command.ts';
import { AppError } from '../../../protocol/errors.ts';
import { INGEST_COMMANDS } from '../control.ts';
import type { GatewayState } from '../state.ts';
import { type Answer, json } from './answer.ts';
import { readJson } from './body.ts';
import { carried, intentOf } from './intent.ts';
import { checkKnown, choiceOf } from './params.ts';
import type { Ask, Route } from './router.ts';

/** In the form of an actor's preview: nobody ends, no budget is used, nothing is read twice. */
const NOTHING_ELSE = {
  stops: [],
  starts: [],
  next_epoch: null,
  budget: null,
  escalation: [],
  ends_process: false,
  replays: { events: 0 },
  affects: [],
};

export function ingestRoutes(state: GatewayState): Route[] {
  const command = (ingest: (typeof INGEST_COMMANDS)[number]): Route => ({
    method: 'POST',
    path: `/system/ingest/${ingest}`,
    access: 'command',
    takes: 'application/json',
    handle: async ({ request }) => {
      const body = parseCommandBody(await readJson(request));
      const from = request.socket.remoteAddress ?? 'unknown';
      return carried(await state.control.run({ ingest, ...intentOf(body) }, from));
    },
  });
  return [
    { method: 'GET', path: '/system/ingest', access: 'read', handle: () => json({ paused: state.status.paused }) },
    { method: 'GET', path: '/system/ingest/preview', access: 'read', handle: preview },
    ...INGEST_COMMANDS.map(command),
  ];

  function preview({ search }: Ask): Answer {
    checkKnown(search, 'command');
    const asked = choiceOf(search, 'command', INGEST_COMMANDS);
    if (asked === undefined)
      throw new AppError('bad-parameter', 'Cannot preview without "command", pause or resume', { field: 'command' });
    const { paused } = state.status;
    const because =
      (asked === 'pause') === (paused !== null)
        ? `ingest is ${paused === null ? 'not paused' : 'paused already'}`
        : null;
    const waits = { events: state.status.lag(state.view) };
    return json({ command: asked, possible: because === null, because, ...NOTHING_ELSE, waits, paused });
  }
}
