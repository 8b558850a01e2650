/** Jobs, archive, findings and dead letters as the gateway would tell them, for tests of the page. */

type Fields = Readonly<Record<string, unknown>>;

const MINUTE = 60_000;

function runs(job: string, { now, periodMs, count, ms }: { now: number; periodMs: number; count: number; ms: number }) {
  return Array.from({ length: count }, (_, age) => {
    const startedAt = now - (age + 0.4) * periodMs;
    const duration = Math.round(ms * (0.7 + ((age * 37) % 60) / 100));
    return {
      id: `${job}:${Math.round(startedAt)}`,
      started_at: Math.round(startedAt),
      ended_at: Math.round(startedAt) + duration,
      duration_ms: duration as number | null,
      outcome: 'done',
      attempt: 1,
      trigger: 'schedule',
      error: null as string | null,
    };
  });
}

/** `archive` runs now, after a try that failed and one that went well; `roll-up` was cut off once. */
export function jobsAnswer(now: number): { readonly items: readonly Fields[]; readonly next_cursor: null } {
  const job = (name: string, periodMs: number, ms: number, over: Fields = {}) => {
    const recent = runs(name, { now, periodMs, count: 48, ms });
    if (name === 'roll-up') recent.splice(9, 1, { ...recent[9]!, outcome: 'lost', error: 'Cut off' });
    if (name === 'archive') {
      recent[0] = { ...recent[0]!, ended_at: null as never, duration_ms: null, outcome: 'running' };
      recent[5] = { ...recent[5]!, outcome: 'done', attempt: 2, trigger: 'retry' };
      recent[6] = { ...recent[6]!, outcome: 'failed', error: 'Cannot write orders-0 as the disk is full' };
    }
    return {
      name,
      period_ms: periodMs,
      deadline_ms: 20_000,
      retries: 3,
      state: 'idle',
      next_at: now + 21_000,
      last: recent[0],
      success_share: 1,
      median_ms: ms,
      recent,
      ...over,
    };
  };
  const items = [
    job('roll-up', MINUTE, 900, { success_share: 47 / 48 }),
    job('archive', 60 * MINUTE, 14_200, { state: 'running', success_share: 46 / 47 }),
    job('generation-health', MINUTE, 40),
    job('data-quality', 5 * MINUTE, 3_100, { next_at: now + 2 * MINUTE + 20_000 }),
    job('performance', MINUTE, 60),
  ];
  return { items, next_cursor: null };
}

export function runsAnswer(name: string, now: number): Fields {
  const job = jobsAnswer(now).items.find((one) => one.name === name);
  const recent = (job?.recent ?? []) as readonly (Fields & { readonly started_at: number })[];
  const items = recent.map((run) => ({
    ...run,
    job: name,
    log: [
      { at: run.started_at, text: `${name} looks at what is due` },
      { at: run.started_at + 20, text: 'warning: 99000 records in the log are not counted yet' },
    ],
  }));
  return { items, next_cursor: null };
}

export function archiveAnswer(now: number): Fields {
  const states = ['PLANNED', 'WRITTEN', 'VERIFIED', 'COMMITTED', 'DELETED', 'DELETED', 'FAILED', 'DELETED'];
  const items = states.map((state, age) => {
    const from = 900_000 - age * 100_000;
    const written = state !== 'PLANNED';
    const verified = ['VERIFIED', 'COMMITTED', 'DELETED'].includes(state);
    const id = `orders-0-${String(from).padStart(12, '0')}`;
    return {
      id,
      state,
      topic: 'orders',
      partition: 0,
      from_offset: from,
      to_offset: from + 100_000,
      rows: written ? 184_220 - age * 977 : null,
      bytes: written ? 7_900_000 - age * 120_000 : null,
      from: now - (age + 1) * 30 * MINUTE,
      to: now - age * 30 * MINUTE,
      files: written ? [{ path: `orders/order_date=2026-11-20/part-${id}.parquet` }] : [],
      verified_at: verified ? now - age * MINUTE : null,
      error: state === 'FAILED' ? 'Cannot verify as 12 rows are short' : null,
    };
  });
  return { items, next_cursor: null };
}

export function qualityAnswer(now: number): Fields {
  const finding = (id: string, severity: string, text: string, evidence: Fields = {}) => ({
    id,
    severity,
    text,
    since: now - 40 * MINUTE,
    evidence,
  });
  const items = [
    finding(
      'quality-ledger',
      'ok',
      'Every event has one outcome: 1204880 in, 1203511 counted, 801 late, 568 dead, 0 duplicates',
    ),
    finding('quality-dead-letters', 'warning', '3.1 % of 18211 events could not be read: not-json 402, bad-value 162'),
    finding('quality-late', 'ok', '0.1 % of 18211 events came too late to be counted'),
    finding('quality-completeness', 'ok', 'The newest 500 orders are complete'),
    finding('performance-lag', 'critical', '1204880 records in the log are not counted yet'),
    finding('performance-hot-store', 'ok', 'The hot store holds 212 of 300 MB', { bytes: 212e6, budget: 300e6 }),
    finding('generation', 'ok', 'Events are generated as asked'),
  ];
  return { items, next_cursor: null };
}

export function ledgerAnswer(): Fields {
  const total = { in: 1_204_880, counted: 1_203_511, late: 801, dead: 568, duplicates: 0, lag: 12 };
  return { total, partitions: [{ topic: 'orders', partition: 0, ...total }] };
}

export function lettersAnswer(now: number): Fields {
  const reasons = ['not-json', 'bad-value', 'missing-field', 'not-json', 'unknown-type'];
  const items = Array.from({ length: 24 }, (_, age) => ({
    topic: 'orders',
    partition: age % 4,
    offset: 120_000 - age * 7,
    element: null,
    reason: reasons[age % reasons.length],
    field: age % reasons.length === 1 ? 'price' : null,
    excerpt: `{"type":"order","order_id":"o${age}","timestamp":1763600000000,"items":[{"product_id":"p77"`,
    at: now - age * 21_000,
  }));
  return { items, next_cursor: null };
}
