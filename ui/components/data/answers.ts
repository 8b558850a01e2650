/**
 * Answers of the server as the Data page uses them. What is not of the expected form is left out: a server of another
 * age must not take the page down. Pure.
 */

export type Run = {
  readonly id: string;
  readonly startedAt: number;
  readonly ms: number | undefined;
  readonly outcome: string;
  readonly attempt: number;
  readonly trigger: string;
  readonly error: string | undefined;
};

export type LoggedRun = Run & { readonly log: readonly { readonly at: number; readonly text: string }[] };

export type Job = {
  readonly name: string;
  readonly periodMs: number;
  readonly deadlineMs: number | undefined;
  readonly retries: number | undefined;
  readonly state: string;
  readonly nextAt: number | undefined;
  readonly successShare: number | undefined;
  readonly medianMs: number | undefined;
  /** Oldest first, as they are drawn. */
  readonly runs: readonly Run[];
};

export type Finding = {
  readonly id: string;
  readonly severity: string;
  readonly text: string;
  readonly since: number;
  readonly evidence: Readonly<Record<string, unknown>>;
};

export const LEDGER_FIELDS = ['in', 'counted', 'late', 'dead', 'duplicates', 'lag'] as const;
export type Ledger = Readonly<Record<(typeof LEDGER_FIELDS)[number], number>>;
export type Ledgers = {
  readonly total: Ledger;
  readonly partitions: readonly (Ledger & { readonly name: string })[];
};

export type DeadLetter = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly field: string | undefined;
  readonly excerpt: string;
  readonly at: number;
};

export type Batch = {
  readonly id: string;
  readonly state: string;
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly rows: number | undefined;
  readonly bytes: number | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly paths: readonly string[];
  readonly verifiedAt: number | undefined;
  readonly error: string | undefined;
};

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function itemsOf(answer: unknown): Fields[] {
  const items = isFields(answer) ? answer.items : undefined;
  return Array.isArray(items) ? items.filter(isFields) : [];
}

export function readJobs(answer: unknown): Job[] {
  return itemsOf(answer).flatMap((job) => {
    const name = text(job.name);
    const periodMs = number(job.period_ms);
    if (name === undefined || periodMs === undefined) return [];
    return {
      name,
      periodMs,
      deadlineMs: number(job.deadline_ms),
      retries: number(job.retries),
      state: text(job.state) ?? 'idle',
      nextAt: number(job.next_at),
      successShare: number(job.success_share),
      medianMs: number(job.median_ms),
      runs: itemsOf({ items: job.recent }).flatMap(runOf).reverse(),
    };
  });
}

export function readRuns(answer: unknown): LoggedRun[] {
  return itemsOf(answer).flatMap((run) =>
    runOf(run).map((known) => ({
      ...known,
      log: itemsOf({ items: run.log }).map((line) => ({ at: number(line.at) ?? 0, text: text(line.text) ?? '' })),
    })),
  );
}

function runOf(run: Fields): Run[] {
  const id = text(run.id);
  const startedAt = number(run.started_at);
  if (id === undefined || startedAt === undefined) return [];
  const { duration_ms: ms, outcome, attempt, trigger, error } = run;
  return [
    {
      id,
      startedAt,
      ms: number(ms),
      outcome: text(outcome) ?? 'done',
      attempt: number(attempt) ?? 1,
      trigger: text(trigger) ?? 'schedule',
      error: text(error),
    },
  ];
}

/** Those to look at first. */
export function readFindings(answer: unknown): Finding[] {
  const weight = (severity: string) => ['critical', 'warning'].indexOf(severity);
  const findings = itemsOf(answer).flatMap((finding) => {
    const id = text(finding.id);
    const sentence = text(finding.text);
    if (id === undefined || sentence === undefined) return [];
    const severity = text(finding.severity) ?? 'ok';
    const evidence = isFields(finding.evidence) ? finding.evidence : {};
    return { id, severity, text: sentence, since: number(finding.since) ?? 0, evidence };
  });
  const place = (severity: string) => (weight(severity) < 0 ? 2 : weight(severity));
  return findings.sort((a, b) => place(a.severity) - place(b.severity) || (a.id < b.id ? -1 : 1));
}

export function readLedgers(answer: unknown): Ledgers | undefined {
  if (!isFields(answer) || !isFields(answer.total)) return undefined;
  const partitions = itemsOf({ items: answer.partitions }).map((row) => ({
    ...ledgerOf(row),
    name: `${text(row.topic) ?? ''}/${number(row.partition) ?? 0}`,
  }));
  return { total: ledgerOf(answer.total), partitions };
}

function ledgerOf(fields: Fields): Ledger {
  return Object.fromEntries(LEDGER_FIELDS.map((name) => [name, number(fields[name]) ?? 0])) as Ledger;
}

export function readLetters(answer: unknown): DeadLetter[] {
  return itemsOf(answer).map((letter) => ({
    topic: text(letter.topic) ?? '',
    partition: number(letter.partition) ?? 0,
    offset: number(letter.offset) ?? 0,
    reason: text(letter.reason) ?? '',
    // Poison has no field to blame, but an error.
    field: text(letter.field) ?? text(letter.error),
    excerpt: text(letter.excerpt) ?? '',
    at: number(letter.at) ?? 0,
  }));
}

/** How often each reason stands among the letters, the most frequent first. */
export function countReasons(letters: readonly DeadLetter[]): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { reason } of letters) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

export function readBatches(answer: unknown): Batch[] {
  return itemsOf(answer).flatMap((batch) => {
    const id = text(batch.id);
    const state = text(batch.state);
    if (id === undefined || state === undefined) return [];
    return {
      id,
      state,
      topic: text(batch.topic) ?? '',
      partition: number(batch.partition) ?? 0,
      fromOffset: number(batch.from_offset) ?? 0,
      toOffset: number(batch.to_offset) ?? 0,
      rows: number(batch.rows),
      bytes: number(batch.bytes),
      from: number(batch.from),
      to: number(batch.to),
      paths: itemsOf({ items: batch.files }).flatMap((file) => text(file.path) ?? []),
      verifiedAt: number(batch.verified_at),
      error: text(batch.error),
    };
  });
}

/** What the hot store may hold: the performance monitor measures against it. */
export function budgetOf(findings: readonly Finding[]): number | undefined {
  const evidence = findings.find(({ id }) => id === 'performance-hot-store')?.evidence;
  return number(evidence?.budget);
}
