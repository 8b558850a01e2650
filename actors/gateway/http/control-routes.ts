/** Routes to an actor's own control interface: what it says of itself, its settings, faults. They go through the supervisor. */
import { parseFaultBody, parseSettingsBody } from '../../../protocol/command.ts';
import type { GatewayState } from '../state.ts';
import { type Answer, json } from './answer.ts';
import { readJson } from './body.ts';
import { carried, intentOf } from './intent.ts';
import type { Ask, Route } from './router.ts';

const JSON_BODY = 'application/json';

/** `actorOf` answers whom the path names, or throws `not-found`. */
export function controlRoutes(state: GatewayState, actorOf: (ask: Ask) => string): Route[] {
  const command = (name: string, handle: Route['handle']): Route => ({
    method: 'POST',
    path: `/system/actors/:id/${name}`,
    access: 'command',
    takes: JSON_BODY,
    handle,
  });
  return [
    { method: 'GET', path: '/system/actors/:id/inspect', access: 'read', handle: inspect },
    command('fault', fault),
    command('configure', configure),
  ];

  async function inspect(ask: Ask): Promise<Answer> {
    return json(await state.control.inspect(actorOf(ask)));
  }

  async function fault(ask: Ask): Promise<Answer> {
    const { ordered, ...body } = parseFaultBody(await readJson(ask.request));
    const command = { actor: actorOf(ask), command: 'fault', ...ordered, ...intentOf(body) } as const;
    return carried(await state.control.run(command, from(ask)));
  }

  async function configure(ask: Ask): Promise<Answer> {
    const { settings, ...body } = parseSettingsBody(await readJson(ask.request));
    const command = { actor: actorOf(ask), command: 'configure', settings, ...intentOf(body) } as const;
    return carried(await state.control.run(command, from(ask)));
  }
}

function from({ request }: Ask): string {
  return request.socket.remoteAddress ?? 'unknown';
}
