/** Answers a KPI question: which windows are read for it, and from where. */
import { partitionKey } from '../../protocol/event.ts';
import type { ReaderQuery } from '../../protocol/message.ts';
import { ArchivedMinutes, minutesOfBoth } from '../history/archived-minutes.ts';
import { readRollupState } from '../history/rollup-state.ts';
import { type Coarseness, type Minutes, type Rollups, Walk } from '../history/walk.ts';
import { KPI_PLACE } from '../history/window-border.ts';
import { dayStartIn, type Floor } from '../kpi/granularity.ts';
import { type KpiQuery, type KpiRows, KpiRun, parseKpiQuery } from '../kpi/query.ts';
import { WINDOW_MS, type WindowState } from '../kpi/window.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { FactStore, PartitionState, StoreReader } from '../ports/hot-store.ts';
import { summaryDocument, summarySearches } from './summary.ts';

export type KpiStores = {
  readonly store: StoreReader;
  readonly rollups: Rollups;
  readonly facts: FactStore;
  readonly manifest: Pick<ArchiveManifest, 'inState'>;
  readonly files: ArchiveFiles;
};

export type KpiSettings = {
  /** Where days begin. */
  readonly zone: string;
  /** The topic whose watermark ends default ranges. */
  readonly mainTopic: string;
  readonly now: () => number;
  /** Lets other work in. */
  readonly turn: () => Promise<void>;
};

export type KpiQuestion = Extract<ReaderQuery, { kind: 'kpi' | 'kpi-summary' }>;

type Source = { readonly query: KpiQuery; readonly minutes: Minutes; readonly rollups: Rollups };

const NO_ROLLUPS: Rollups = {
  rollups: async () => ({ stamp: [], windows: [] }),
  changedSince: async () => [],
};

export class KpiAnswers {
  readonly #stores: KpiStores;
  readonly #settings: KpiSettings;
  readonly #dayStart: Floor;
  readonly #archived: ArchivedMinutes;

  constructor(stores: KpiStores, settings: KpiSettings) {
    this.#stores = stores;
    this.#settings = settings;
    this.#dayStart = dayStartIn(settings.zone);
    this.#archived = new ArchivedMinutes(stores.files);
  }

  async answer({ search, ...question }: KpiQuestion) {
    const { rows, queries: _, ...rest } = await this.#answerAll([search], question);
    return { ...(rows[0] as KpiRows), ...rest };
  }

  /** All parts come of the same windows, so they agree with each other whatever is committed meanwhile. */
  async summary({ search, ...question }: KpiQuestion) {
    const { rows, queries, ...rest } = await this.#answerAll(summarySearches(search), question);
    const { from, to } = queries[0] as KpiQuery;
    return { from, to, ...rest, ...summaryDocument(queries, rows) };
  }

  async #answerAll(searches: readonly string[], { watermark, idle }: Omit<KpiQuestion, 'kind' | 'search'>) {
    const asOf = this.#settings.now();
    const partitions = await this.#stores.store.partitions();
    const newest = Math.max(watermark, this.#watermarkOf(partitions));
    const time = { watermark: newest, dayStart: this.#dayStart };
    const queries = searches.map((search) => parseKpiQuery(new URLSearchParams(search), time));
    const query = queries[0] as KpiQuery;
    const runs = queries.map((each) => new KpiRun(each));
    const add = (window: WindowState) => {
      for (const run of runs) run.add(window);
    };
    const last = Math.max(newest, ...partitions.map((state) => state.watermark));
    const read = queries.length === 1 ? query.read : {};
    const sources = await this.#addWindows({ add }, { ...query, read, to: Math.min(query.to, last + WINDOW_MS) });
    const rows: KpiRows[] = [];
    for (const run of runs) rows.push(await run.rows(this.#settings.turn));
    return {
      queries,
      rows,
      as_of: asOf,
      watermark: newest < 0 ? null : newest,
      complete: isComplete(partitions, idle, query.to),
      sources,
    };
  }

  /** Answers where windows were looked for. */
  async #addWindows(run: Pick<KpiRun, 'add'>, query: KpiQuery): Promise<string[]> {
    const { store, manifest } = this.#stores;
    const ofRange = ({ kind, fromOffset, toOffset }: ArchiveBatch) =>
      kind === 'kpi' && fromOffset < query.to && toOffset > query.from;
    if (query.source === 'archive') {
      const days = (await manifest.inState(['COMMITTED', 'DELETED'], KPI_PLACE)).filter(ofRange);
      await this.#walk(run, { query, minutes: this.#archived.of(days), rollups: NO_ROLLUPS });
      return days.length > 0 ? ['archive'] : [];
    }
    // Of a day that is COMMITTED the hot store still has all, late events of this moment included.
    const days = (await manifest.inState(['DELETED'], KPI_PLACE)).filter(ofRange);
    const both = query.source === 'all' && days.length > 0;
    const minutes = both ? minutesOfBoth(store, this.#archived.of(days), days) : store;
    await this.#walk(run, { query, minutes, rollups: this.#stores.rollups });
    return both ? ['hot', 'archive'] : ['hot'];
  }

  async #walk(run: Pick<KpiRun, 'add'>, { query, minutes, rollups }: Source): Promise<void> {
    const walk = new Walk(minutes, rollups, { dayStart: this.#dayStart, read: query.read, turn: this.#settings.turn });
    const coarsest = rollups === NO_ROLLUPS ? 'minute' : coarsestOf(query);
    // A range may be far longer than there is history: days that cannot have anything are not looked at one by one.
    const firstRollup = coarsest === 'minute' ? null : (await readRollupState(this.#stores.facts))?.first;
    const firstMinute = await minutes.nextWindow(query.from);
    const from = Math.max(query.from, Math.min(firstRollup ?? Infinity, firstMinute ?? Infinity));
    if (from < query.to) await walk.range(coarsest, from, query.to, (window) => run.add(window));
  }

  #watermarkOf(partitions: readonly PartitionState[]): number {
    const main = partitions.filter(({ topic }) => topic === this.#settings.mainTopic);
    return Math.max(-1, ...main.map(({ watermark }) => watermark));
  }
}

/** Windows may be as long as the stretches of time that the answer tells apart. */
function coarsestOf({ groupBy, granularity }: KpiQuery): Coarseness {
  if (!groupBy.includes('minute') || granularity === '1d') return 'day';
  return granularity === '1h' ? 'hour' : 'minute';
}

/** Every topic-partition that still gets records has passed the end. */
function isComplete(partitions: readonly PartitionState[], idle: readonly string[], end: number): boolean {
  const resting = new Set(idle);
  return partitions.every((state) => state.watermark >= end || resting.has(partitionKey(state)));
}
