/**
 * What a command to an actor would come to, read off the tree as it stands: who goes down with it, who comes up again,
 * what it takes of which budget, and what follows when nothing of that is left. Pure; nobody is asked and nothing done.
 */

import type { NodeStatus } from './status.ts';
import { planRestart } from './strategy.ts';

export const PREVIEWED = ['restart', 'stop', 'start', 'kill', 'drain', 'fault'] as const;
export type PreviewedCommand = (typeof PREVIEWED)[number];

export type Preview = {
  /** Whether the supervisor would take it on now. */
  readonly possible: boolean;
  /** Why not. */
  readonly because: string | null;
  /** Workers that end, in the order that they do; the one that is commanded first. */
  readonly stops: readonly string[];
  /** Workers that start, in order. */
  readonly starts: readonly string[];
  /** Of the actor's next incarnation; null where none comes of it. */
  readonly nextEpoch: number | null;
  /** In the middle of its work, or after it. */
  readonly orderly: boolean;
  /** What is counted against whom, from the actor upwards: more than one where a budget is spent by it. */
  readonly budgets: readonly BudgetUse[];
  /** The budget of the root is spent by it: the process ends. */
  readonly endsProcess: boolean;
};

export type BudgetUse = {
  readonly of: string;
  readonly used: number;
  readonly max: number;
  readonly periodMs: number;
  /** One more than it has: this supervisor gives up. */
  readonly spent: boolean;
};

type Place = { readonly node: NodeStatus; readonly parents: readonly NodeStatus[] };

const ORDERLY: ReadonlySet<PreviewedCommand> = new Set(['restart', 'stop', 'drain']);

/** Undefined where nobody is called so. */
export function previewOf(root: NodeStatus, actor: string, command: PreviewedCommand): Preview | undefined {
  const place = placeOf(root, actor, []);
  if (place === undefined) return undefined;
  const { node } = place;
  const because = refusalOf(node, place.parents.at(-1), command);
  const base = {
    possible: because === null,
    because,
    nextEpoch: node.epoch + 1,
    orderly: ORDERLY.has(command),
    budgets: [],
    endsProcess: false,
  };
  const workers = workersOf(node);
  const up = workers.filter(isUp).reverse();
  switch (command) {
    case 'start':
      return { ...base, stops: [], starts: idsOf(workers) };
    case 'stop':
    case 'drain':
      return { ...base, stops: idsOf(up), starts: [], nextEpoch: null };
    case 'restart':
      return { ...base, stops: idsOf(up), starts: idsOf(workers) };
    default: {
      const death = deathOf(place);
      return { ...base, ...death, nextEpoch: death.starts.includes(up[0]?.id ?? actor) ? base.nextEpoch : null };
    }
  }
}

/** An unforeseen end: the supervisor's strategy takes siblings down with it, and its budget pays. */
function deathOf({ node, parents }: Place): Pick<Preview, 'stops' | 'starts' | 'budgets' | 'endsProcess'> {
  const parent = parents.at(-1);
  const own = idsOf(workersOf(node).filter(isUp).reverse());
  if (parent === undefined) return { stops: own, starts: [], budgets: [], endsProcess: true };
  if (node.restart === 'temporary') return { stops: own, starts: [], budgets: [], endsProcess: false };
  const { max, periodMs, used } = parent.budget ?? { max: 0, periodMs: 0, used: 0 };
  const use: BudgetUse = { of: parent.id, used: used + 1, max, periodMs, spent: used + 1 > max };
  if (use.spent) {
    const above = deathOf({ node: parent, parents: parents.slice(0, -1) });
    return { ...above, stops: unique([...own, ...above.stops]), budgets: [use, ...above.budgets] };
  }
  const ids = parent.children.map(({ id }) => id);
  const plan = planRestart(parent.strategy ?? 'one_for_one', node.id, ids);
  const child = (id: string) => parent.children.find((sibling) => sibling.id === id) as NodeStatus;
  return {
    stops: [...own, ...plan.stop.flatMap((id) => idsOf(workersOf(child(id)).filter(isUp).reverse()))],
    starts: plan.start.flatMap((id) => idsOf(workersOf(child(id)))),
    budgets: [use],
    endsProcess: false,
  };
}

/** What the supervisor above it, if there is one, would take on now. */
export function commandsOf(node: NodeStatus, parent: NodeStatus | undefined): PreviewedCommand[] {
  return PREVIEWED.filter((command) => refusalOf(node, parent, command) === null);
}

function refusalOf(node: NodeStatus, parent: NodeStatus | undefined, command: PreviewedCommand): string | null {
  const { state, type, commandable } = node;
  if (!commandable) return 'it is a supervisor: command its children';
  if (parent?.state !== 'running' && parent?.state !== 'starting') return 'its supervisor is not running';
  if (type === 'supervisor' && command === 'fault') return 'it is a supervisor: faults are for its actors';
  const down = state === 'stopped' || state === 'failed' || state === 'backing-off';
  if (command === 'start') return down ? null : `it is ${state}`;
  if (command === 'kill') return down || state === 'restarting' ? `it is ${state}` : null;
  if (command === 'fault') return state === 'running' || state === 'waiting' ? null : `it is ${state}`;
  return null;
}

function placeOf(node: NodeStatus, id: string, parents: readonly NodeStatus[]): Place | undefined {
  if (node.id === id) return { node, parents };
  for (const child of node.children) {
    const found = placeOf(child, id, [...parents, node]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function workersOf(node: NodeStatus): NodeStatus[] {
  return node.type === 'worker' ? [node] : node.children.flatMap(workersOf);
}

function isUp({ state }: NodeStatus): boolean {
  return state !== 'stopped' && state !== 'failed' && state !== 'backing-off';
}

function idsOf(nodes: readonly NodeStatus[]): string[] {
  return nodes.map(({ id }) => id);
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
