/** The answer of GET /system/tree as `pulso status` needs it: read with care, flat, parents first. Pure. */
import { AppError } from '../../protocol/errors.ts';
import { isObject, type JsonObject } from '../../protocol/fields.ts';

export type StatusRow = {
  readonly id: string;
  readonly supervisor: boolean;
  /** Drawn before the name: where in the tree it hangs. */
  readonly branch: string;
  readonly parent: string | undefined;
  readonly state: string;
  readonly epoch: number;
  /** Of a supervisor what it has spent of its budget, of a worker how often it was restarted in all. */
  readonly restarts: string;
  /** Nothing of the budget is left. */
  readonly spent: boolean;
  readonly depth: number;
  readonly oldestMs: number;
  readonly rate: number;
  readonly busy: number;
  /** What 99 of 100 of its handlers took at most. */
  readonly handleP99Ms: number | undefined;
  readonly waitingFor: string | undefined;
  readonly lastExit: { readonly reason: string; readonly detail: string; readonly at: number } | undefined;
  readonly nextRetryAt: number | undefined;
};

/** Figures of the whole; what the answer lacks is undefined. */
export type StatusSummary = {
  readonly at: number;
  readonly startedAt: number | undefined;
  readonly latencyP50Ms: number | undefined;
  readonly latencyP99Ms: number | undefined;
  readonly lag: number | undefined;
  readonly clients: number | undefined;
  readonly zombies: number | undefined;
  readonly fenced: number | undefined;
  /** Why the lanes take nothing from the log, while an operator keeps them from it. */
  readonly paused: { readonly at: number; readonly reason: string } | undefined;
};

export type StatusTree = { readonly rows: readonly StatusRow[]; readonly summary: StatusSummary };

/** Throws an AppError for what is no tree. */
export function readTree(answer: unknown): StatusTree {
  if (!isObject(answer) || typeof answer.id !== 'string' || !Array.isArray(answer.children)) {
    throw new AppError('unavailable', 'Cannot show the actors as the answer is no supervision tree');
  }
  const rows: StatusRow[] = [];
  visit(answer, { parent: undefined, branch: '', below: '' }, rows);
  const summary = isObject(answer.summary) ? answer.summary : {};
  return {
    rows,
    summary: {
      at: number(summary.at) ?? 0,
      startedAt: number(answer.started_at),
      latencyP50Ms: number(summary.latency_p50_ms),
      latencyP99Ms: number(summary.latency_p99_ms),
      lag: number(summary.lag),
      clients: number(summary.clients),
      zombies: number(summary.zombies),
      fenced: number(summary.fenced),
      paused: isObject(summary.paused)
        ? { at: number(summary.paused.at) ?? 0, reason: String(summary.paused.reason ?? '') }
        : undefined,
    },
  };
}

type Place = { readonly parent: string | undefined; readonly branch: string; readonly below: string };

function visit(node: JsonObject, place: Place, rows: StatusRow[]): void {
  const row = rowOf(node, place);
  rows.push(row);
  const children = listOf(node.children);
  for (const [at, child] of children.entries()) {
    const last = at === children.length - 1;
    const branch = `${place.below}${last ? '└ ' : '├ '}`;
    visit(child, { parent: row.id, branch, below: `${place.below}${last ? '  ' : '│ '}` }, rows);
  }
}

function rowOf(node: JsonObject, { parent, branch }: Place): StatusRow {
  const supervisor = node.kind === 'supervisor';
  const [restarts, mailbox] = [objectOf(node.restarts), objectOf(node.mailbox)];
  const [used, budget] = [number(restarts.used) ?? 0, number(restarts.budget) ?? 0];
  const exit = isObject(node.last_exit) ? node.last_exit : undefined;
  const waiting = objectOf(node.waiting).what;
  return {
    id: String(node.id),
    supervisor,
    branch,
    parent,
    state: typeof node.state === 'string' ? node.state : 'unknown',
    epoch: number(node.epoch) ?? 0,
    restarts: supervisor ? `${used}/${budget}` : String(number(restarts.total) ?? 0),
    spent: supervisor && used >= budget,
    depth: number(mailbox.depth) ?? 0,
    oldestMs: number(mailbox.oldest_ms) ?? 0,
    rate: number(node.rate) ?? 0,
    busy: number(node.busy) ?? 0,
    handleP99Ms: number(node.handle_p99_ms),
    waitingFor: typeof waiting === 'string' ? waiting : undefined,
    lastExit: exit && { reason: String(exit.reason), detail: String(exit.detail ?? ''), at: number(exit.at) ?? 0 },
    nextRetryAt: number(node.next_retry_at),
  };
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
