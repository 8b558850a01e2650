/** What the gateway knows that jobs judge by. */
import { assertNever } from '../../protocol/errors.ts';
import type { FiguresQuery, HeardFinding, PerformanceFigures } from '../../protocol/message.ts';
import type { NodeStatus } from '../../supervisor/status.ts';
import type { GatewayState } from './state.ts';
import { sumLedgers } from './status.ts';

export function figuresOf(
  state: GatewayState,
  query: FiguresQuery,
  /** The time, and the clock that latencies are kept by. */
  { now, clock }: { readonly now: number; readonly clock: number },
): PerformanceFigures | HeardFinding | null {
  switch (query.kind) {
    case 'finding':
      return state.status.heard(query.id, now);
    case 'performance':
      return performanceOf(state, clock);
    default:
      return assertNever(query);
  }
}

function performanceOf(state: GatewayState, clock: number): PerformanceFigures {
  const { tree } = state.status;
  return {
    lag: sumLedgers(state.status.ledgers(state.view)).lag,
    latency_p50_ms: state.latency.quantile(0.5, clock),
    latency_p99_ms: state.latency.quantile(0.99, clock),
    hot_bytes: state.hotBytes,
    memory_bytes: process.memoryUsage.rss(),
    busy: tree === undefined ? [] : workersOf(tree).map(({ id, busy }) => ({ actor: id, share: busy })),
  };
}

function workersOf(node: NodeStatus): NodeStatus[] {
  return node.type === 'worker' ? [node] : node.children.flatMap(workersOf);
}
