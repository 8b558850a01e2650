/** What each job does: asks those who know, judges, and says what it found. */
import type { DeadLetter } from '../../protocol/event.ts';
import type {
  ArchiveQuery,
  ArchiveStatus,
  FiguresQuery,
  HeardFinding,
  PerformanceFigures,
  ReaderQuery,
} from '../../protocol/message.ts';
import type { KpiArchiveResult } from '../history/kpi-archive.ts';
import type { RollUpResult } from '../history/roll-up.ts';
import type { Page, StoredOrder, StoreSnapshot } from '../ports/hot-store.ts';
import { judgeSample, type SampleResult } from './archive-sample.ts';
import {
  judgeCompleteness,
  judgeDead,
  judgeLate,
  judgeLedger,
  type PartitionCount,
  sinceThen,
} from './data-quality.ts';
import type { Judgement } from './findings.ts';
import { judgeGeneration } from './generation-health.ts';
import { judgePerformance } from './performance.ts';
import type { JobName } from './table.ts';

/** A run, as its work sees it. */
export type RunContext = {
  /** Aborted when the run is to end: at its deadline, or as pulso stops. */
  readonly signal: AbortSignal;
  /** A line for its log. */
  say(text: string): void;
  find(judgement: Judgement): void;
};

export type Work = (run: RunContext) => Promise<void>;

export type WorkSources = {
  /** These give up when the run is to end. */
  readonly askReader: <T>(query: ReaderQuery, signal: AbortSignal) => Promise<T>;
  readonly askGateway: <T>(query: FiguresQuery, signal: AbortSignal) => Promise<T>;
  readonly askArchiver: <T>(query: ArchiveQuery, signal: AbortSignal) => Promise<T>;
  readonly sampleArchive: (signal: AbortSignal) => Promise<SampleResult>;
  readonly rollUp: (signal: AbortSignal) => Promise<RollUpResult>;
  readonly archiveKpis: (signal: AbortSignal) => Promise<KpiArchiveResult>;
  readonly hotBudget: number;
};

/** The newest orders are enough to see which fields are missing, and are read in a few milliseconds. */
const SAMPLED_ORDERS = 500;
const LOOKED_AT_LETTERS = 1_000;

export function createWorks(sources: WorkSources): Readonly<Record<JobName, Work>> {
  return {
    'roll-up': async (run) => {
      const { hours, days, waiting } = await sources.rollUp(run.signal);
      run.say(`Wrote ${hours} hours and ${days} days; ${waiting} hours wait until they are over or settled`);
    },
    'kpi-archive': async (run) => {
      const { archived, retired } = await sources.archiveKpis(run.signal);
      run.say(`Archived ${archived} days of KPIs; minutes of ${retired} days are not kept any longer`);
    },
    archive: async (run) => {
      const status = await sources.askArchiver<ArchiveStatus>({ kind: 'status' }, run.signal);
      run.say(`Raw events weigh ${status.hot_bytes} of ${status.budget} bytes`);
      run.say(`Archived are ${status.records} records, in ${status.bytes} bytes`);
      if (status.last_error !== null) run.say(`Last trouble: ${status.last_error}`);
      tell(run, judgeSample(await sources.sampleArchive(run.signal)));
    },
    'generation-health': async (run) => {
      const heard = await sources.askGateway<HeardFinding | null>({ kind: 'finding', id: 'generation' }, run.signal);
      tell(run, judgeGeneration(heard));
    },
    'data-quality': dataQuality(sources),
    performance: async (run) => {
      const figures = await sources.askGateway<PerformanceFigures>({ kind: 'performance' }, run.signal);
      for (const judgement of judgePerformance(figures, sources.hotBudget)) tell(run, judgement);
    },
  };
}

/** Remembers the last look, so that shares are of what came in since. */
function dataQuality({ askReader }: WorkSources): Work {
  let then: readonly PartitionCount[] | undefined;
  return async (run) => {
    const { signal } = run;
    const { states } = await askReader<StoreSnapshot>({ kind: 'snapshot', from: 0, to: 0 }, signal);
    const now = states.map(({ topic, partition, ledger }) => ({ topic, partition, ledger }));
    const since = sinceThen(now, then);
    const letters = await askReader<Page<DeadLetter>>({ kind: 'dead-letters', limit: LOOKED_AT_LETTERS }, signal);
    const everOrders = { kind: 'orders', from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER } as const;
    const orders = await askReader<Page<StoredOrder>>({ ...everOrders, limit: SAMPLED_ORDERS }, signal);
    // The newest letters are first: as many as died since the last look are those that died since.
    const reasons = letters.items.slice(0, Math.max(0, since.dead)).map(({ reason }) => reason);
    tell(run, judgeLedger(now));
    tell(run, judgeDead(since, reasons));
    tell(run, judgeLate(since));
    tell(run, judgeCompleteness(orders.items.map(({ event }) => event)));
    then = now;
  };
}

function tell(run: RunContext, judgement: Judgement): void {
  run.say(judgement.severity === 'ok' ? judgement.text : `${judgement.severity}: ${judgement.text}`);
  run.find(judgement);
}
