/** Answers a KPI question: which windows are read for it, and from where. */
import { partitionKey } from '../../protocol/event.ts';
import type { ReaderQuery } from '../../protocol/message.ts';
import { readRollupState } from '../history/rollup-state.ts';
import { type Coarseness, type Rollups, Walk } from '../history/walk.ts';
import { dayStartIn, type Floor } from '../kpi/granularity.ts';
import { type KpiQuery, KpiRun, parseKpiQuery } from '../kpi/query.ts';
import { WINDOW_MS } from '../kpi/window.ts';
import type { FactStore, PartitionState, StoreReader } from '../ports/hot-store.ts';

export type KpiStores = {
  readonly store: StoreReader;
  readonly rollups: Rollups;
  readonly facts: FactStore;
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

export class KpiAnswers {
  readonly #stores: KpiStores;
  readonly #settings: KpiSettings;
  readonly #dayStart: Floor;

  constructor(stores: KpiStores, settings: KpiSettings) {
    this.#stores = stores;
    this.#settings = settings;
    this.#dayStart = dayStartIn(settings.zone);
  }

  async answer({ search, watermark, idle }: KpiQuestion) {
    const asOf = this.#settings.now();
    const partitions = await this.#stores.store.partitions();
    const newest = Math.max(watermark, this.#watermarkOf(partitions));
    const query = parseKpiQuery(new URLSearchParams(search), { watermark: newest, dayStart: this.#dayStart });
    const run = new KpiRun(query);
    // What is archived are raw events; KPI windows stay here.
    const fromHot = query.source !== 'archive';
    if (fromHot) await this.#addHot(run, query, Math.max(newest, ...partitions.map((state) => state.watermark)));
    return {
      ...(await run.rows(this.#settings.turn)),
      as_of: asOf,
      watermark: newest < 0 ? null : newest,
      complete: isComplete(partitions, idle, query.to),
      sources: fromHot ? ['hot'] : [],
    };
  }

  async #addHot(run: KpiRun, query: KpiQuery, newest: number): Promise<void> {
    const { store, rollups, facts } = this.#stores;
    const { turn } = this.#settings;
    const walk = new Walk(store, rollups, { dayStart: this.#dayStart, read: query.read, turn });
    const coarsest = coarsestOf(query);
    // A range may be far longer than there is history: days that cannot have anything are not looked at one by one.
    const firstRollup = coarsest === 'minute' ? null : (await readRollupState(facts))?.first;
    const firstMinute = await store.nextWindow(query.from);
    const from = Math.max(query.from, Math.min(firstRollup ?? Infinity, firstMinute ?? Infinity));
    const to = Math.min(query.to, newest + WINDOW_MS);
    if (from < to) await walk.range(coarsest, from, to, (window) => run.add(window));
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
