/**
 * The supervision tree as the page needs it: the answer of GET /system/tree read with care, the live values of the
 * `system` channel laid over it, flat and in order. No DOM in here.
 */
import { readRows } from '../../data/rows.ts';
import type { ChannelData } from '../../data/store.ts';

export const ACTOR_STATES = [
  'running',
  'starting',
  'waiting',
  'backing-off',
  'restarting',
  'draining',
  'stopped',
  'failed',
  'unresponsive',
] as const;
export type ActorState = (typeof ACTOR_STATES)[number];

export type LastExit = { readonly reason: string; readonly detail: string; readonly at: number | undefined };

export type Actor = {
  readonly id: string;
  readonly kind: 'worker' | 'supervisor';
  readonly strategy: string | undefined;
  /** 1 for the root. */
  readonly level: number;
  /** Ids from the root down to the parent. */
  readonly path: readonly string[];
  readonly children: number;
  readonly state: ActorState;
  readonly epoch: number;
  /** Restarts of this actor since it was added. */
  readonly restarts: number | undefined;
  /** Of a supervisor its own budget, of a worker that of the supervisor above it. */
  readonly budget: { readonly used: number; readonly max: number; readonly periodMs: number } | undefined;
  readonly depth: number;
  readonly bytes: number | undefined;
  readonly oldestMs: number;
  readonly rate: number | undefined;
  readonly busy: number | undefined;
  /** What 99 of 100 handlers took at most, ms. */
  readonly p99: number | undefined;
  readonly handled: number | undefined;
  readonly heapBytes: number | undefined;
  readonly externalBytes: number | undefined;
  /** How long its oldest handler has been in work. */
  readonly handlingMs: number | undefined;
  /** How long its loop may stand still, and a handler take. */
  readonly limits: readonly [heartbeatMs: number, progressMs: number] | undefined;
  readonly waitingFor: string | undefined;
  readonly lastExit: LastExit | undefined;
  readonly nextRetryAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly restartType: string | undefined;
  /** What the supervisor would take on. */
  readonly commands: readonly unknown[];
};

/** An event of GET /system/events. */
export type SystemEvent = {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly epoch: number;
  readonly text: string;
};

type Json = Readonly<Record<string, unknown>>;

/** Every node of the tree, parents before children; empty when it is no tree. */
export function readActors(tree: unknown, live: ChannelData | undefined): Actor[] {
  const values = live === undefined ? new Map() : readRows(live.values);
  const actors: Actor[] = [];
  const visit = (node: unknown, path: readonly string[], above: Actor['budget']) => {
    if (!isObject(node) || typeof node.id !== 'string') return;
    const over: Json = values.get(node.id) ?? {};
    const actor = readActor(node, over, path, above);
    actors.push(actor);
    const own = actor.kind === 'supervisor' ? (actor.budget ?? above) : above;
    for (const child of listOf(node.children)) visit(child, [...path, actor.id], own);
  };
  visit(tree, [], undefined);
  return actors;
}

function readActor(node: Json, live: Json, path: readonly string[], above: Actor['budget']): Actor {
  const mailbox = isObject(node.mailbox) ? node.mailbox : node;
  const children = listOf(node.children).length;
  const kind = (node.kind ?? node.type) === 'supervisor' || children > 0 ? 'supervisor' : 'worker';
  return {
    id: String(node.id),
    kind,
    strategy: text(node.strategy),
    level: path.length + 1,
    path,
    children,
    state: stateOf(live.state ?? node.state),
    epoch: number(live.epoch ?? node.epoch) ?? 0,
    restarts: number(live.restarts ?? (isObject(node.restarts) ? node.restarts.total : node.restarts)),
    budget: kind === 'supervisor' ? readBudget(node.restarts ?? node.budget) : above,
    depth: number(live.depth ?? mailbox.depth) ?? 0,
    bytes: number(mailbox.bytes),
    oldestMs: number(live.oldest_ms ?? mailbox.oldest_ms) ?? 0,
    rate: number(live.rate ?? node.rate),
    busy: number(live.busy ?? node.busy),
    p99: number(node.handle_p99_ms),
    handled: number(node.handled),
    heapBytes: number(node.heap_bytes),
    externalBytes: number(node.external_bytes),
    handlingMs: number(node.handling_ms),
    limits: isObject(node.limits)
      ? [number(node.limits.heartbeat_ms) ?? 0, number(node.limits.progress_ms) ?? 0]
      : undefined,
    waitingFor: text(isObject(node.waiting) ? node.waiting.what : node.waiting),
    lastExit: readExit(node.last_exit) ?? readExit(live.last_exit),
    nextRetryAt: number('next_retry_at' in live ? live.next_retry_at : node.next_retry_at),
    startedAt: number(node.started_at),
    restartType: text(node.restart_type),
    commands: listOf(node.commands),
  };
}

function readBudget(value: unknown): Actor['budget'] {
  if (!isObject(value)) return undefined;
  const [used, max] = [number(value.used), number(value.budget ?? value.max)];
  return used === undefined || max === undefined ? undefined : { used, max, periodMs: number(value.period_ms) ?? 0 };
}

function readExit(value: unknown): LastExit | undefined {
  if (typeof value === 'string' && value !== '') return { reason: value, detail: '', at: undefined };
  if (!isObject(value)) return undefined;
  return { reason: text(value.reason) ?? '', detail: text(value.detail) ?? '', at: number(value.at) };
}

export function readEvents(answer: unknown): SystemEvent[] {
  const list = isObject(answer) ? answer.items : answer;
  return listOf(list).flatMap((item) =>
    isObject(item) && typeof item.at === 'number' && typeof item.actor === 'string'
      ? [
          {
            id: number(item.id) ?? 0,
            at: item.at,
            kind: String(item.kind ?? ''),
            actor: item.actor,
            epoch: number(item.epoch) ?? 0,
            text: text(item.text) ?? '',
          },
        ]
      : [],
  );
}

/** States somebody should look at; stopped is a decision, waiting and starting pass by themselves. */
export function isProblem({ state }: Actor): boolean {
  return state === 'backing-off' || state === 'restarting' || state === 'failed' || state === 'unresponsive';
}

/** Which rows are shown: matches and what stands above them, nothing below a folded supervisor. */
export function visibleActors(
  actors: readonly Actor[],
  { filter, problemsOnly, folded }: { filter: string; problemsOnly: boolean; folded: ReadonlySet<string> },
): Actor[] {
  const wanted = filter.trim().toLowerCase();
  const narrowed = wanted !== '' || problemsOnly;
  if (!narrowed) return actors.filter(({ path }) => !path.some((id) => folded.has(id)));
  const matches = actors.filter(
    (actor) => actor.id.toLowerCase().includes(wanted) && (!problemsOnly || isProblem(actor)),
  );
  const shown = new Set(matches.flatMap(({ id, path }) => [id, ...path]));
  return actors.filter(({ id }) => shown.has(id));
}

export type SystemVerdict = 'ok' | 'degraded' | 'failing' | 'unknown';

/** Failing: an actor is gone or does not answer. Degraded: one is on its way back. */
export function systemVerdict(actors: readonly Actor[]): SystemVerdict {
  if (actors.length === 0) return 'unknown';
  if (actors.some(({ state }) => state === 'failed' || state === 'unresponsive')) return 'failing';
  return actors.some((actor) => isProblem(actor) || actor.state === 'draining') ? 'degraded' : 'ok';
}

function stateOf(value: unknown): ActorState {
  return ACTOR_STATES.find((state) => state === value) ?? 'failed';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
