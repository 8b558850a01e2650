/**
 * Answers questions about what is committed, from the store alone. A question about much is answered in slices, with
 * a turn for other questions between them.
 */

import { assertNever } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { ReaderQuery } from '../../protocol/message.ts';
import { dayStartIn, type Floor } from '../kpi/granularity.ts';
import { type KpiQuery, KpiRun, parseKpiQuery } from '../kpi/query.ts';
import { unpackWindow } from '../kpi/window.ts';
import type { PartitionState, StoreReader, StoreSnapshot } from '../ports/hot-store.ts';

export type ReaderSettings = {
  /** Where days begin. */
  readonly zone: string;
  /** The topic whose watermark ends default ranges. */
  readonly mainTopic: string;
  readonly now: () => number;
  /** Lets other work in. */
  readonly turn: () => Promise<void>;
};

type KpiQuestion = Extract<ReaderQuery, { kind: 'kpi' }>;

/** Windows read at once: some 20 ms of work when all are full. */
const SLICE_MS = 30 * 60_000;

export class ReaderCore {
  #store: StoreReader;
  #settings: ReaderSettings;
  #dayStart: Floor;

  constructor(store: StoreReader, settings: ReaderSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#dayStart = dayStartIn(settings.zone);
  }

  answer(query: ReaderQuery): Promise<unknown> {
    switch (query.kind) {
      case 'kpi':
        return this.#kpi(query);
      case 'orders':
        return this.#store.orders(query);
      case 'order':
        return this.#store.order(query.id);
      case 'dead-letters':
        return this.#store.deadLetters(query);
      case 'snapshot':
        return this.#snapshot(query.from, query.to);
      case 'hot-bytes':
        return this.#store.hotBytes();
      default:
        return assertNever(query);
    }
  }

  async #kpi({ search, watermark, idle }: KpiQuestion) {
    const asOf = this.#settings.now();
    const partitions = await this.#store.partitions();
    const newest = Math.max(watermark, this.#watermarkOf(partitions));
    const query = parseKpiQuery(new URLSearchParams(search), { watermark: newest, dayStart: this.#dayStart });
    const run = new KpiRun(query);
    // What is archived are raw events; KPI windows stay here.
    const fromHot = query.source !== 'archive';
    if (fromHot) await this.#addWindows(run, query);
    return {
      ...run.rows(),
      as_of: asOf,
      watermark: newest < 0 ? null : newest,
      complete: isComplete(partitions, idle, query.to),
      sources: fromHot ? ['hot'] : [],
    };
  }

  async #addWindows(run: KpiRun, query: KpiQuery): Promise<void> {
    let from = await this.#store.nextWindow(query.from);
    while (from !== undefined && from < query.to) {
      const to = Math.min(from + SLICE_MS, query.to);
      for (const { start, packed } of await this.#store.windows(from, to))
        run.add(unpackWindow(start, packed, query.read));
      await this.#settings.turn();
      from = await this.#store.nextWindow(to);
    }
  }

  #watermarkOf(partitions: readonly PartitionState[]): number {
    const main = partitions.filter(({ topic }) => topic === this.#settings.mainTopic);
    return Math.max(-1, ...main.map(({ watermark }) => watermark));
  }

  /** The windows in one buffer, so that all of them cross to another thread without a copy. */
  async #snapshot(from: number, to: number): Promise<StoreSnapshot> {
    const { states, windows } = await this.#store.snapshot(from, to);
    const bytes = new Uint8Array(windows.reduce((sum, { packed }) => sum + packed.length, 0));
    let at = 0;
    const moved = windows.map((window) => {
      const packed = bytes.subarray(at, at + window.packed.length);
      packed.set(window.packed);
      at += packed.length;
      return { ...window, packed };
    });
    return { states: states.map((state) => ({ ...state, dedup: null })), windows: moved };
  }
}

/** Every topic-partition that still gets records has passed the end. */
function isComplete(partitions: readonly PartitionState[], idle: readonly string[], end: number): boolean {
  const resting = new Set(idle);
  return partitions.every((state) => state.watermark >= end || resting.has(partitionKey(state)));
}
