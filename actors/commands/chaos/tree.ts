/** The answer of GET /system/tree as chaos needs it: whom to strike, what may be spent, who runs. Pure. */
import { AppError } from '../../../protocol/errors.ts';
import { isObject, type JsonObject } from '../../../protocol/fields.ts';
import type { Budget, Target } from './schedule.ts';

export type Actor = { readonly id: string; readonly worker: boolean; readonly state: string; readonly epoch: number };
export type Spending = Budget & { readonly used: number };

export type SeenTree = {
  /** By the observed system's clock. */
  readonly at: number;
  /** When the process was started. */
  readonly startedAt: number;
  /** Others may read the log too. */
  readonly sharedLog: boolean;
  readonly ordersTopic: string;
  readonly actors: readonly Actor[];
  readonly targets: readonly Target[];
  /** Of each supervisor. */
  readonly spending: ReadonlyMap<string, Spending>;
};

const AGGREGATOR = /^aggregator-\d+$/;
const RUNS: readonly string[] = ['running', 'waiting'];

/** Waiting for a server counts as running. */
export function runs({ state }: Pick<Actor, 'state'>): boolean {
  return RUNS.includes(state);
}

export function readSeenTree(answer: unknown): SeenTree {
  if (!isObject(answer) || typeof answer.id !== 'string' || !Array.isArray(answer.children))
    throw new AppError('unavailable', 'Cannot strike the actors as the answer is no supervision tree');
  const summary = objectOf(answer.summary);
  const seen = { actors: [] as Actor[], targets: [] as Target[], spending: new Map<string, Spending>() };
  visit(answer, String(answer.id), seen);
  return {
    at: numberOf(summary.at),
    startedAt: numberOf(answer.started_at),
    sharedLog: summary.shared_log === true,
    ordersTopic: String(summary.orders_topic),
    ...seen,
  };
}

type Found = { readonly actors: Actor[]; readonly targets: Target[]; readonly spending: Map<string, Spending> };

function visit(node: JsonObject, supervisor: string, seen: Found): void {
  const id = String(node.id);
  const worker = node.kind === 'worker';
  const { used, budget, period_ms } = objectOf(node.restarts);
  seen.actors.push({ id, worker, state: String(node.state), epoch: numberOf(node.epoch) });
  if (!worker) seen.spending.set(id, { used: numberOf(used), max: numberOf(budget), periodMs: numberOf(period_ms) });
  else if (node.commandable !== false && !isDone(node))
    seen.targets.push({
      actor: id,
      supervisor,
      progressMs: numberOf(objectOf(node.limits).progress_ms),
      countsOrders: AGGREGATOR.test(id),
    });
  const children = Array.isArray(node.children) ? node.children.filter(isObject) : [];
  for (const child of children) visit(child, id, seen);
}

/** It has ended in order, or an operator has stopped it. */
function isDone({ state }: JsonObject): boolean {
  return state === 'stopped' || state === 'draining';
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
