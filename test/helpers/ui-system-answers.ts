/** What the gateway would say of a system that is in some trouble, for tests of the System page. */

export function worker(id: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id,
    kind: 'worker',
    state: 'running',
    epoch: 3,
    restarts: { used: 0, budget: 10, period_ms: 60_000, total: 0 },
    mailbox: { depth: 4, bytes: 2048, oldest_ms: 6 },
    last_exit: null,
    next_retry_at: null,
    // As the stream says it, which may come before or after.
    rate: 390,
    busy: 0.12,
    handle_p99_ms: 2.34,
    external_bytes: 3_145_728,
    limits: { heartbeat_ms: 500, progress_ms: 0 },
    commands: ['restart', 'stop', 'kill', 'drain', 'fault'],
    children: [],
    ...over,
  };
}

export function supervisor(id: string, children: unknown[], used = 0): Record<string, unknown> {
  const restarts = { used, budget: 10, period_ms: 60_000, total: 0 };
  return { id, kind: 'supervisor', strategy: 'one_for_one', state: 'running', epoch: 1, restarts, children };
}

/** One lane is well, the other's aggregator is in backoff. */
export function troubledTree(now: number): Record<string, unknown> {
  const trouble = {
    state: 'backing-off',
    epoch: 5,
    rate: 0,
    busy: 0,
    mailbox: { depth: 612, bytes: 90_000, oldest_ms: 3800 },
    last_exit: { reason: 'out-of-memory', detail: 'heap out of memory\n    at step (core.ts:64)', at: now - 20_000 },
    next_retry_at: now + 60_000,
  };
  return {
    ...supervisor('root', [
      worker('gateway'),
      worker('log-writer', { rate: 2140 }),
      worker('reader'),
      supervisor('lanes', [
        supervisor('lane-0', [worker('aggregator-0'), worker('consumer-0')]),
        supervisor('lane-7', [worker('aggregator-7', trouble), worker('consumer-7')], 3),
      ]),
    ]),
    started_at: now - 3_600_000,
  };
}

export function incidents(now: number): Record<string, unknown> {
  const death = (id: number, ago: number, what: string, over = {}) => ({
    ...{ id, at: now - ago, actor: 'aggregator-7', epoch: 4, what, why: 'for a reason', state: 'recovered' },
    ...{ detection_ms: 512, down_at: now - ago, recovered_at: now - ago + 90, recovery_ms: 90, attempts: 1 },
    ...over,
  });
  return {
    items: [
      death(2, 20_000, 'out-of-memory', { state: 'open', recovered_at: null, recovery_ms: null }),
      death(1, 1_800_000, 'hung'),
      death(0, 2_000_000, 'drain', { actor: 'archiver', state: 'down', recovered_at: null, recovery_ms: null }),
    ],
    next_cursor: null,
  };
}

export function detail(now: number): Record<string, unknown> {
  const event = (id: number, ago: number, kind: string, text: string) => ({
    ...{ id, at: now - ago, kind, actor: 'aggregator-7', epoch: 4, text },
  });
  return {
    id: 'aggregator-7',
    events: [
      event(2, 20_000, 'exited', 'aggregator-7 has ended (out-of-memory): heap'),
      event(3, 19_000, 'backing-off', 'aggregator-7 backs off, next start in 60000 ms'),
    ],
  };
}

export function messages(now: number): Record<string, unknown> {
  const handled = (type: string, ago: number, over = {}) => ({
    ...{ epoch: 3, at: now - ago, type, bytes: null, ms: null, threw: false, ...over },
  });
  return {
    items: [
      handled('batch', 100, { bytes: 412 }),
      handled('assign', 900, { ms: 3.94 }),
      handled('partials-request', 1_000, { threw: true, epoch: 2 }),
      handled('letting-go-of-old-windows', 1_001, { epoch: 2, bytes: 2_048 }),
    ],
    next_cursor: null,
  };
}

export const INGEST = {
  ...{ possible: true, because: null, stops: [], next_epoch: null, budget: null, escalation: [], ends_process: false },
  ...{ replays: { events: 0 }, affects: [], waits: { events: 1_240 } },
};

export const PREVIEW = {
  ...{
    possible: true,
    because: null,
    stops: ['aggregator-0'],
    starts: ['aggregator-0'],
    next_epoch: 4,
    orderly: false,
  },
  budget: { of: 'lane-0', used: 1, budget: 10, period_ms: 60_000, spent: false },
  ...{ escalation: [], ends_process: false, replays: { events: 1_240, partitions: [] }, affects: ['lane'] },
};

export const AUDITED = {
  ...{ id: 1, at: 1_763_600_000_000, actor: 'archiver', command: 'fault', fault: 'hang', lanes: null, partition: null },
  ...{ job: null, reason: 'a rehearsal', from: '127.0.0.1', outcome: 'refused', error: { message: 'it is stopped' } },
};
