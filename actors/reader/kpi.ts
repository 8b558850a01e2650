/** Answers a KPI question: which windows are read for it, and from where. */
import { partitionKey } from '../../protocol/event.ts';
import type { ReaderQuery } from '../../protocol/message.ts';
import { ArchivedMinutes, minutesOfBoth } from '../history/archived-minutes.ts';
import { readRollupState } from '../history/rollup-state.ts';
import { type Coarseness, type Minutes, type Rollups, Walk } from '../history/walk.ts';
import { KPI_PLACE } from '../history/window-border.ts';
import { dayStartIn, type Floor } from '../kpi/granularity.ts';
import { type KpiQuery, KpiRun, parseKpiQuery } from '../kpi/query.ts';
import { WINDOW_MS } from '../kpi/window.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { FactStore, PartitionState, StoreReader } from '../ports/hot-store.ts';

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

export type KpiQuestion = Extract<ReaderQuery, { kind: 'kpi' }>;

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

  async answer({ search, watermark, idle }: KpiQuestion) {
    const asOf = this.#settings.now();
    const partitions = await this.#stores.store.partitions();
    const newest = Math.max(watermark, this.#watermarkOf(partitions));
    const query = parseKpiQuery(new URLSearchParams(search), { watermark: newest, dayStart: this.#dayStart });
    const run = new KpiRun(query);
    const last = Math.max(newest, ...partitions.map((state) => state.watermark));
    const sources = await this.#addWindows(run, { ...query, to: Math.min(query.to, last + WINDOW_MS) });
    return {
      ...(await run.rows(this.#settings.turn)),
      as_of: asOf,
      watermark: newest < 0 ? null : newest,
      complete: isComplete(partitions, idle, query.to),
      sources,
    };
  }

  /** Answers where windows were looked for. */
  async #addWindows(run: KpiRun, query: KpiQuery): Promise<string[]> {
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

  async #walk(run: KpiRun, { query, minutes, rollups }: Source): Promise<void> {
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
