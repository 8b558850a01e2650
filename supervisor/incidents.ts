/**
 * What the events of a tree come to: incidents, each one death of an actor with what it was, why, how soon it was seen
 * and how soon it was over, or something that was done to an actor. Pure: events in, changed incidents out, so that
 * they can be kept anywhere and read back.
 */

import type { SupervisorEvent } from './events.ts';
import type { NodeStatus } from './status.ts';

export type IncidentState =
  /** Dead, or on its way back. */
  | 'open'
  /** Runs again. */
  | 'recovered'
  /** Down as it was told to, or given up. */
  | 'down'
  /** Worth a mark, and nothing went down by it. */
  | 'noted'
  /** The process ended before it was over. */
  | 'cut';

export type Incident = {
  /** That of its first event; rises, also from one process to the next. */
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  /** The incarnation that it befell. */
  readonly epoch: number;
  /** An exit reason (`crashed`, `hung`, ..), or the kind or command that it began with (`restart`, `gave-up`, ..). */
  readonly what: string;
  readonly why: string;
  /** From the first sign of trouble to its being seen: 0 of a death, which is seen at once; null where none was. */
  readonly detectionMs: number | null;
  /** When it was seen to be dead, or began to go down as it was told to. */
  readonly downAt: number | null;
  readonly recoveredAt: number | null;
  /** From then until the actor ran again. */
  readonly recoveryMs: number | null;
  /** Starts that it took. */
  readonly attempts: number;
  /** Restarts of this actor since it was added, and the budget that they are taken from, when it was over. */
  readonly restarts: number | null;
  readonly budget: { readonly of: string; readonly used: number; readonly max: number } | null;
  readonly state: IncidentState;
  readonly events: readonly SupervisorEvent[];
};

/** How an actor stands at the moment, for what an incident says of restarts and budget. */
export type RestartBalance = Pick<Incident, 'restarts' | 'budget'>;

/** Enough to tell the story of one: a death has about six. */
const MOST_EVENTS = 12;
const MOST_TEXT = 500;
/** What happens to an actor so soon after a command to it is the command's doing. */
const JOIN_MS = 10_000;

const ORDERLY: ReadonlySet<string> = new Set(['normal', 'shutdown', 'auto-shutdown']);
/** Worth an incident of their own where none is under way. */
const NOTED: ReadonlySet<string> = new Set([
  ...['zombie', 'group-restart', 'auto-shutdown', 'shutdown-error', 'poison', 'memory', 'relinked', 'gave-up'],
]);
/** Belong to one under way, and are nothing by themselves. */
const STEPS: ReadonlySet<string> = new Set([
  'struck',
  'backing-off',
  'stopping',
  'zombie-ended',
  'start-failed',
  'struck',
]);

export class IncidentLog {
  readonly #most: number;
  #incidents = new Map<number, Incident>();
  /** By actor: what its next event may belong to. */
  #current = new Map<string, number>();

  /** `kept` are those of former processes: what was not over then will never be, as everything starts anew. */
  constructor(most: number, kept: readonly Incident[] = []) {
    this.#most = most;
    for (const incident of [...kept].sort((a, b) => a.id - b.id).slice(-most)) {
      const over = incident.state !== 'open' && incident.state !== 'down';
      this.#incidents.set(incident.id, over ? incident : { ...incident, state: 'cut' });
    }
  }

  /** Oldest first. */
  get list(): readonly Incident[] {
    return [...this.#incidents.values()];
  }

  /** The highest id of any event that is part of an incident; 0 without any. */
  get lastEventId(): number {
    return Math.max(0, ...this.list.flatMap(({ events }) => events.map(({ id }) => id)));
  }

  /** The incident that the event has begun or changed, if any. `balance` is asked for only where one is over. */
  add(event: SupervisorEvent, balance: (actor: string) => RestartBalance | undefined): Incident | undefined {
    const held = this.#heldFor(event);
    const next = held === undefined ? begin(event) : goOn(held, event);
    if (next === undefined) return undefined;
    const over = held?.state !== 'recovered' && next.state === 'recovered';
    const incident = over ? { ...next, ...balance(event.actor) } : next;
    this.#put(incident);
    if (over || event.kind === 'deleted') this.#current.delete(event.actor);
    return incident;
  }

  /** That the process before this one has ended without being stopped: over when the root runs. */
  processDied(root: string, now: number): Incident {
    const text = `${root} has ended (killed): the process before this one was not stopped, it died`;
    const event = { id: this.lastEventId + 1, at: now, kind: 'exited', actor: root, epoch: 0, text } as const;
    const died = { ...incidentOf(event), what: 'killed', state: 'open', downAt: now } as const;
    this.#put(died);
    return died;
  }

  #heldFor({ actor, at }: SupervisorEvent): Incident | undefined {
    const held = this.#incidents.get(this.#current.get(actor) ?? Number.NaN);
    return held?.state === 'noted' && at - held.at > JOIN_MS ? undefined : held;
  }

  #put(incident: Incident): void {
    this.#incidents.set(incident.id, incident);
    this.#current.set(incident.actor, incident.id);
    if (this.#incidents.size <= this.#most) return;
    const [oldest] = this.#incidents.keys();
    this.#incidents.delete(oldest as number);
  }
}

/** How the actor of that name stands in the tree; a worker spends the budget of the supervisor above it. */
export function balanceOf(root: NodeStatus, actor: string): RestartBalance | undefined {
  return search(root, undefined, actor);
}

function search(node: NodeStatus, parent: NodeStatus | undefined, actor: string): RestartBalance | undefined {
  if (node.id !== actor) {
    for (const child of node.children) {
      const found = search(child, node, actor);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const budget = parent?.budget ?? null;
  return {
    restarts: node.restarts,
    budget: budget && { of: (parent as NodeStatus).id, used: budget.used, max: budget.max },
  };
}

function incidentOf(event: SupervisorEvent): Incident {
  const { id, at, actor, epoch, kind } = event;
  return {
    id,
    at,
    actor,
    epoch,
    what: kind,
    why: reasonIn(event),
    detectionMs: null,
    downAt: null,
    recoveredAt: null,
    recoveryMs: null,
    attempts: 0,
    restarts: null,
    budget: null,
    state: 'noted',
    events: [short(event)],
  };
}

function begin(event: SupervisorEvent): Incident | undefined {
  const { at, kind, text } = event;
  const fresh = incidentOf(event);
  if (kind === 'command') return { ...fresh, ...orderIn(text) };
  if (kind === 'hung') return { ...fresh, state: 'open', downAt: at, detectionMs: msIn(text) };
  if (kind === 'terminated') return { ...fresh, what: 'killed', state: 'open', downAt: at };
  if (kind === 'exited') {
    const exit = exitIn(text);
    return ORDERLY.has(exit) ? undefined : { ...fresh, what: exit, state: 'open', downAt: at, detectionMs: 0 };
  }
  return NOTED.has(kind) ? fresh : undefined;
}

function goOn(held: Incident, event: SupervisorEvent): Incident | undefined {
  const { kind, text, at, epoch } = event;
  const falls = kind === 'hung' || kind === 'terminated' || kind === 'exited' || kind === 'stopping';
  const downAt = held.downAt ?? (falls ? at : null);
  const more: Incident = { ...held, downAt, events: withEvent(held.events, event) };
  switch (kind) {
    case 'hung':
      return { ...more, what: kind, why: reasonIn(event), state: 'open', detectionMs: msIn(text) };
    case 'terminated':
      return { ...more, state: 'open' };
    case 'exited':
      return ended(more, event);
    case 'starting':
      return held.state === 'noted' ? undefined : { ...more, state: 'open', attempts: held.attempts + 1 };
    case 'running':
      // The same incarnation as before: it had only started slowly.
      if (held.state !== 'open' || epoch <= held.epoch) return undefined;
      return { ...more, state: 'recovered', recoveredAt: at, recoveryMs: at - (downAt ?? held.at) };
    case 'poison':
      return { ...more, what: kind, why: reasonIn(event) };
    case 'deleted':
      return held.state === 'open' ? { ...more, state: 'down' } : undefined;
    case 'command':
      return more;
    default:
      return NOTED.has(kind) || STEPS.has(kind) ? more : undefined;
  }
}

/** In order it goes down as it was told to, and may be started again; else it is one more death of the same trouble. */
function ended(more: Incident, event: SupervisorEvent): Incident {
  const exit = exitIn(event.text);
  if (ORDERLY.has(exit)) return { ...more, state: 'down' };
  const died = more.events.some(({ kind }) => kind === 'hung' || kind === 'poison');
  return {
    ...more,
    state: exit === 'gave-up' || exit === 'failed-to-start' ? 'down' : 'open',
    detectionMs: more.detectionMs ?? 0,
    ...(died ? {} : { what: exit, why: reasonIn(event) }),
  };
}

/** The first and the last ones, where there are too many. */
function withEvent(events: readonly SupervisorEvent[], event: SupervisorEvent): readonly SupervisorEvent[] {
  const all = [...events, short(event)];
  return all.length <= MOST_EVENTS ? all : all.filter((_, at) => at !== MOST_EVENTS / 2);
}

function short({ id, at, kind, actor, epoch, text }: SupervisorEvent): SupervisorEvent {
  return { id, at, kind, actor, epoch, text: text.slice(0, MOST_TEXT) };
}

/** `fault hang x`, `restart x`: what was ordered, and of a fault which. */
function orderIn(text: string): Pick<Incident, 'what' | 'why'> {
  const [what = 'command', ...rest] = text.split(' ');
  return { what, why: rest.slice(0, -1).join(' ') };
}

/** `x has ended (crashed): why`. */
function exitIn(text: string): string {
  return /\(([a-z-]+)\)/.exec(text)?.[1] ?? 'crashed';
}

/** `x hangs: its loop has not turned for 512 ms`. */
function msIn(text: string): number | null {
  const ms = /(\d+) ms\b/.exec(text)?.[1];
  return ms === undefined ? null : Number(ms);
}

/** What stands behind the colon of the supervisor's sentences. */
function reasonIn({ text }: SupervisorEvent): string {
  const at = text.indexOf(': ');
  return (at < 0 ? text : text.slice(at + 2)).slice(0, MOST_TEXT);
}
