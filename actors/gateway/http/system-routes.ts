/** Routes of the system: the tree, its events, commands and their audit, metrics. */
import { parseCommandBody, parseLanesBody } from '../../../protocol/command.ts';
import { AppError } from '../../../protocol/errors.ts';
import { targetTopics } from '../../../protocol/route.ts';
import { PREVIEWED, previewOf } from '../../../supervisor/preview.ts';
import type { TreeStatus } from '../../../supervisor/status.ts';
import { ACTOR_COMMANDS, type Carried, type Command } from '../control.ts';
import { metricsOf, pipelineOf } from '../metrics.ts';
import type { GatewayState } from '../state.ts';
import { find, parentOf } from '../status.ts';
import { type Answer, json, list, notFound, text } from './answer.ts';
import { readJson } from './body.ts';
import { controlRoutes } from './control-routes.ts';
import { incidentView } from './incident-view.ts';
import { ingestRoutes } from './ingest-routes.ts';
import { carried, intentOf } from './intent.ts';
import { checkKnown, choiceOf, limitOf, textOf, timeOf, wholeOf } from './params.ts';
import { previewView } from './preview-view.ts';
import { METRICS_TYPE, prometheusText } from './prometheus.ts';
import type { Ask, Route } from './router.ts';
import { actorView } from './tree-view.ts';

const JSON_BODY = 'application/json';

export type SystemRouteOptions = { readonly clients: () => number; readonly clock: () => number };

export function systemRoutes(state: GatewayState, options: SystemRouteOptions): Route[] {
  const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, access: 'read', handle });
  const command = (path: string, handle: Route['handle']): Route => ({
    method: 'POST',
    path,
    access: 'command',
    takes: JSON_BODY,
    handle,
  });
  return [
    get('/system/tree', () => tree(state, options)),
    get('/system/events', (ask) => events(state, ask)),
    get('/system/incidents', (ask) => incidents(state, ask)),
    get('/system/incidents/:id', (ask) => incident(state, ask)),
    get('/system/audit', (ask) => audit(state, ask)),
    get('/system/actors/:id', (ask) => actor(state, ask)),
    get('/system/actors/:id/messages', (ask) => messages(state, ask)),
    get('/system/actors/:id/preview', (ask) => preview(state, ask)),
    ...ACTOR_COMMANDS.map((name) => command(`/system/actors/:id/${name}`, (ask) => commandActor(state, name, ask))),
    ...controlRoutes(state, (ask) => actorOf(state, ask)),
    command('/system/lanes', (ask) => scale(state, ask)),
    command('/system/partitions/:topic/:partition/accept-gap', (ask) => acceptGap(state, ask)),
    ...ingestRoutes(state),
    get('/metrics', () => text(prometheusText(metricsOf(state, options.clients(), options.clock())), METRICS_TYPE)),
  ];
}

function tree(state: GatewayState, { clients, clock }: SystemRouteOptions): Answer {
  const root = knownTree(state);
  const { currency, zone, topics } = state.options;
  const { own, paused } = state.status;
  const log = { shared_log: own !== undefined, orders_topic: targetTopics(topics).orders, paused };
  const summary = { ...pipelineOf(state, clients(), clock()), ...log, currency, zone, at: root.at };
  return json({ ...actorView(root), summary });
}

function actor(state: GatewayState, { params }: Ask): Answer {
  const { tree: root } = state.status;
  const id = params.id as string;
  const node = root && find(root, id);
  if (node === undefined) throw noActor(id);
  return json({
    ...actorView(node, parentOf(knownTree(state), id)),
    events: state.status
      .eventsSince(0)
      .filter((event) => event.actor === id)
      .slice(-100),
  });
}

/** Newest first: what it has handled last, or has in work. Read by the supervisor from shared memory. */
async function messages(state: GatewayState, ask: Ask): Promise<Answer> {
  return list(await state.control.messages(actorOf(state, ask)), null);
}

/** Oldest first, from after `since` on. */
function events(state: GatewayState, { search }: Ask): Answer {
  checkKnown(search, 'since', 'limit', 'cursor');
  const since = wholeOf(search, 'cursor') ?? wholeOf(search, 'since') ?? 0;
  const found = state.status.eventsSince(since);
  const items = found.slice(0, limitOf(search));
  return list(items, items.length < found.length ? String(items.at(-1)?.id) : null);
}

/** Newest first; before the process was started too. */
function incidents(state: GatewayState, { search }: Ask): Answer {
  checkKnown(search, 'from', 'actor', 'limit', 'cursor');
  const before = wholeOf(search, 'cursor') ?? Number.POSITIVE_INFINITY;
  const from = timeOf(search, 'from') ?? Number.NEGATIVE_INFINITY;
  const actor = textOf(search, 'actor');
  const found = state.status
    .incidents()
    .filter((incident) => incident.id < before && incident.at >= from && (actor ?? incident.actor) === incident.actor);
  const items = found.slice(0, limitOf(search));
  return list(items.map(incidentView), items.length < found.length ? String(items.at(-1)?.id) : null);
}

/** With the events that it is made of. */
function incident(state: GatewayState, { params }: Ask): Answer {
  const id = params.id as string;
  const found = state.status.incidents().find((one) => String(one.id) === id);
  if (found === undefined) throw notFound(`incident ${JSON.stringify(id.slice(0, 20))}`);
  return json({ ...incidentView(found), events: found.events });
}

function preview(state: GatewayState, { params, search }: Ask): Answer {
  checkKnown(search, 'command');
  const command = choiceOf(search, 'command', PREVIEWED);
  if (command === undefined) {
    const known = PREVIEWED.join(', ');
    throw new AppError('bad-parameter', `Cannot preview without "command", one of ${known}`, { field: 'command' });
  }
  const { status, view } = state;
  const actor = params.id as string;
  const found = previewOf(knownTree(state), actor, command);
  if (found === undefined) throw noActor(actor);
  const ledgers = status.ledgers(view);
  return json(previewView({ actor, command, preview: found, ledgers, owned: status.owned }));
}

function audit(state: GatewayState, { search }: Ask): Answer {
  checkKnown(search, 'limit', 'cursor');
  const before = wholeOf(search, 'cursor') ?? Number.POSITIVE_INFINITY;
  const found = state.control.audit().filter(({ id }) => id < before);
  const items = found.slice(0, limitOf(search));
  return list(items, items.length < found.length ? String(items.at(-1)?.id) : null);
}

async function commandActor(state: GatewayState, command: (typeof ACTOR_COMMANDS)[number], ask: Ask): Promise<Answer> {
  const body = parseCommandBody(await readJson(ask.request));
  return carried(await run(state, { actor: actorOf(state, ask), command, ...intentOf(body) }, ask));
}

/** Whom a command is for, as far as the gateway knows; the supervisor has the last word. */
function actorOf(state: GatewayState, { params }: Ask): string {
  const actor = params.id as string;
  const { tree: root } = state.status;
  if (root !== undefined && find(root, actor) === undefined) throw noActor(actor);
  return actor;
}

async function scale(state: GatewayState, ask: Ask): Promise<Answer> {
  const body = parseLanesBody(await readJson(ask.request));
  return carried(await run(state, { lanes: body.lanes, ...intentOf(body) }, ask));
}

async function acceptGap(state: GatewayState, ask: Ask): Promise<Answer> {
  const body = parseCommandBody(await readJson(ask.request));
  const { topic, partition } = ask.params as { topic: string; partition: string };
  const found = state.view.partitions().find((at) => at.topic === topic && String(at.partition) === partition);
  if (found === undefined) throw notFound(`a topic-partition named ${`${topic}/${partition}`.slice(0, 200)}`);
  const at = { topic, partition: found.partition };
  return carried(await run(state, { ...at, command: 'accept-gap', ...intentOf(body) }, ask));
}

function run(state: GatewayState, command: Command, { request }: Ask): Promise<Carried> {
  return state.control.run(command, request.socket.remoteAddress ?? 'unknown');
}

function knownTree({ status }: GatewayState): TreeStatus {
  if (status.tree !== undefined) return status.tree;
  throw new AppError('unavailable', 'Cannot show the actors as there is no word of them yet');
}

function noActor(id: string): AppError {
  return notFound(`an actor named ${JSON.stringify(id.slice(0, 200))}`);
}
