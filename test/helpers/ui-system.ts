/** A supervision tree and its events as the gateway would tell them, for tests of the page. */

type Node = Readonly<Record<string, unknown>>;

function node(id: string, kind: string, children: readonly Node[] = []): Node {
  return {
    id,
    kind,
    state: 'running',
    epoch: 3,
    restarts: { used: 0, budget: 10, period_ms: 60_000 },
    mailbox: { depth: 4, bytes: 2_048, oldest_ms: 6 },
    last_exit: null,
    next_retry_at: null,
    children,
  };
}

export function systemTree(): Node {
  const lane = (index: number) =>
    node(`lane-${index}`, 'supervisor', [node(`consumer-${index}`, 'worker'), node(`aggregator-${index}`, 'worker')]);
  return node('pulso', 'supervisor', [
    node('log-writer', 'worker'),
    node('lanes', 'supervisor', [lane(0), lane(1)]),
    node('reader', 'worker'),
    node('gateway', 'worker'),
    node('monitors', 'worker'),
  ]);
}

export function systemEvents(now: number): Node {
  const items = [
    { id: 1, at: now - 1_800_000, kind: 'running', actor: 'gateway', epoch: 3, text: 'gateway runs after 73 ms' },
    { id: 2, at: now - 600_000, kind: 'exited', actor: 'consumer-1', epoch: 2, text: 'consumer-1 has ended (killed)' },
    { id: 3, at: now - 599_900, kind: 'starting', actor: 'consumer-1', epoch: 3, text: 'consumer-1 starts, epoch 3' },
  ];
  return { items, next_cursor: null };
}
