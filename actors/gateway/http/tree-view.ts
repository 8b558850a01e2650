/** The supervision tree in the form of /system/tree. */
import { commandsOf } from '../../../supervisor/preview.ts';
import type { NodeStatus } from '../../../supervisor/status.ts';

export type ActorView = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly children: readonly ActorView[];
};

/** A worker spends the budget of its supervisor, so it shows that one's. */
export function actorView(node: NodeStatus, parent?: NodeStatus): ActorView {
  const budget = parent === undefined ? node.budget : parent.budget;
  const shown = node.budget ?? budget;
  return {
    id: node.id,
    kind: node.type,
    state: node.state,
    epoch: node.epoch,
    restarts: {
      used: node.budget?.used ?? budget?.used ?? 0,
      budget: shown?.max ?? 0,
      period_ms: shown?.periodMs ?? 0,
      total: node.restarts,
    },
    mailbox: { depth: node.depth, bytes: node.bytes, oldest_ms: Math.round(node.oldestMs) },
    last_exit: node.lastExit === null ? null : exitView(node.lastExit),
    next_retry_at: node.nextRetryAt,
    strategy: node.strategy,
    restart_type: node.restart,
    commands: commandsOf(node, parent),
    started_at: node.startedAt,
    rate: node.rate,
    busy: node.busy,
    handled: node.handled,
    heap_bytes: node.heapBytes,
    external_bytes: node.externalBytes,
    handling_ms: Math.round(node.handlingMs),
    handle_p99_ms: node.handleP99Ms === null ? null : Number(node.handleP99Ms.toPrecision(2)),
    limits:
      node.limits === null ? null : { heartbeat_ms: node.limits.heartbeatMs, progress_ms: node.limits.progressMs },
    waiting: node.waiting === null ? null : { ...node.waiting },
    children: node.children.map((child) => actorView(child, node)),
  };
}

function exitView({ reason, detail, at }: NonNullable<NodeStatus['lastExit']>) {
  return { reason, detail, at };
}
