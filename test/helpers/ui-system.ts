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
    commands: kind === 'worker' ? ['restart', 'stop', 'kill', 'drain', 'fault'] : [],
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

/** Two deaths: one 50 minutes ago, one whose actor is back. */
export function systemIncidents(now: number): Node {
  const death = (id: number, ago: number, actor: string, what: string) => ({
    id,
    at: now - ago,
    actor,
    epoch: 2,
    what,
    why: 'killed by command',
    state: 'recovered',
    detection_ms: 0,
    down_at: now - ago,
    recovered_at: now - ago + 100,
    recovery_ms: 100,
    attempts: 1,
    restarts: 1,
    budget: { of: 'lane-1', used: 1, budget: 10 },
  });
  return {
    items: [death(2, 600_000, 'consumer-1', 'killed'), death(1, 3_000_000, 'gateway', 'hung')],
    next_cursor: null,
  };
}
