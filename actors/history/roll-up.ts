/**
 * Writes roll-ups: minutes of all topic-partitions merged into hours, hours into days. An hour is written once it is
 * over; one that changes afterwards is taken away at once (readers then take its minutes) and written again later.
 * At no moment do roll-ups say anything that minutes do not, so a run may end anywhere and the next goes on.
 */
import { dayStartIn, type Floor, nextDay } from '../kpi/granularity.ts';
import { WINDOW_MS, WindowState } from '../kpi/window.ts';
import type { FactStore, RollupLevel, RollupStamp, RollupWriter, StoreReader } from '../ports/hot-store.ts';
import { type RollupState, readRollupState, writeRollupState } from './rollup-state.ts';
import { HOUR_MS, type Rollups, Walk } from './walk.ts';

export type RollUpStores = {
  readonly store: StoreReader;
  readonly rollups: Rollups;
  readonly writer: RollupWriter;
  readonly facts: FactStore;
};

export type RollUpSettings = {
  /** Where days begin. */
  readonly zone: string;
  readonly now: () => number;
  /** Lets other work in; called after each window. */
  readonly turn: () => Promise<void>;
};

export type RollUpResult = { readonly hours: number; readonly days: number; readonly waiting: number };

type Todo = { readonly hours: Set<number>; readonly days: Set<number>; readonly watermark: number };

/** An hour is over when events are this far past its end: most that were on their way have come. */
const SETTLE_MS = 5 * WINDOW_MS;
/** An hour that late events keep changing is not written more often than this. */
const AGAIN_MS = 15 * WINDOW_MS;
/** A document of MongoDB holds 16 MB. What is larger is read from its parts. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Hours written before what is left to do is noted. */
const NOTE_EVERY = 4;

const hourOf = (time: number) => Math.floor(time / HOUR_MS) * HOUR_MS;

export class RollUp {
  readonly #stores: RollUpStores;
  readonly #settings: RollUpSettings;
  readonly #dayStart: Floor;
  readonly #walk: Walk;
  /** When each hour was last written, of those that may change again soon. */
  readonly #writtenAt = new Map<number, number>();

  constructor(stores: RollUpStores, settings: RollUpSettings) {
    this.#stores = stores;
    this.#settings = settings;
    this.#dayStart = dayStartIn(settings.zone);
    this.#walk = new Walk(stores.store, stores.rollups, { dayStart: this.#dayStart, turn: settings.turn });
  }

  /** One run at a time; ends early when told to, and the next goes on. */
  async run(signal?: AbortSignal): Promise<RollUpResult> {
    const { store, rollups } = this.#stores;
    const states = await store.partitions();
    const stamp = states.map(({ topic, partition, seq }) => ({ topic, partition, seq }));
    const hours = new Set<number>();
    const days = new Set<number>();
    const watermark = Math.max(-1, ...states.map((state) => state.watermark));
    const before = await readRollupState(this.#stores.facts);
    const otherDays = this.#takeUp(before, { hours, days, watermark });
    // Asked after the stamp was taken: all that changed up to it is in here.
    const changed = await rollups.changedSince((await rollups.rollups('hour', 0, 0)).stamp);
    for (const start of changed) {
      hours.add(hourOf(start));
      days.add(this.#dayStart(start));
    }
    const first = firstOf(before?.first ?? null, hours);
    const note = () => {
      signal?.throwIfAborted();
      return this.#note(first, hours, days);
    };
    // First what is to be done is noted, then it is taken away: a crash between the two costs work, not truth.
    await note();
    await this.#takeAway([...changed.map(this.#dayStart), ...otherDays], changed, stamp);
    const written = await this.#writeHours(hours, watermark, stamp, note);
    const writtenDays = await this.#writeDays(days, hours, watermark, stamp);
    await note();
    return { hours: written, days: writtenDays, waiting: hours.size };
  }

  /** What was left to do; after a change of the zone all days are, and those of the other zone are answered: they must go. */
  #takeUp(before: RollupState | undefined, { hours, days, watermark }: Todo): number[] {
    for (const hour of before?.hours ?? []) hours.add(hour);
    if (before === undefined) return [];
    if (before.zone === this.#settings.zone) {
      for (const day of before.days) days.add(day);
      return [];
    }
    if (before.first === null) return [];
    for (const day of daysOf(this.#dayStart, before.first, watermark)) days.add(day);
    return [...daysOf(dayStartIn(before.zone), before.first, watermark)];
  }

  async #takeAway(days: readonly number[], changed: readonly number[], stamp: RollupStamp): Promise<void> {
    const none = new Uint8Array(0);
    const gone = (level: RollupLevel, starts: readonly number[]) =>
      [...new Set(starts)].map((start) => ({ level, start, packed: none }));
    await this.#stores.writer.replace([...gone('hour', changed.map(hourOf)), ...gone('day', days)], stamp);
  }

  /** Newest first: what people look at is ready soonest. */
  async #writeHours(hours: Set<number>, watermark: number, stamp: RollupStamp, note: () => Promise<void>) {
    const due = [...hours].filter((hour) => this.#isDue(hour, watermark)).sort((a, b) => b - a);
    let written = 0;
    for (const hour of due) {
      await this.#write('hour', hour, hour + HOUR_MS, stamp);
      hours.delete(hour);
      this.#writtenAt.set(hour, this.#settings.now());
      if (++written % NOTE_EVERY === 0) await note();
    }
    return written;
  }

  #isDue(hour: number, watermark: number): boolean {
    if (hour + HOUR_MS + SETTLE_MS > watermark) return false;
    const writtenAt = this.#writtenAt.get(hour);
    if (writtenAt !== undefined && this.#settings.now() - writtenAt < AGAIN_MS) return false;
    this.#writtenAt.delete(hour);
    return true;
  }

  /** A day is written when none of its hours is waiting any more. */
  async #writeDays(days: Set<number>, waiting: ReadonlySet<number>, watermark: number, stamp: RollupStamp) {
    const open = new Set<number>();
    for (const hour of waiting) open.add(this.#dayStart(hour)).add(this.#dayStart(hour + HOUR_MS - 1));
    const due = [...days]
      .map((start) => ({ start, end: nextDay(this.#dayStart, start) }))
      .filter(({ start, end }) => !open.has(start) && end + SETTLE_MS <= watermark)
      .sort((a, b) => b.start - a.start);
    for (const { start, end } of due) {
      await this.#write('day', start, end, stamp);
      days.delete(start);
    }
    return due.length;
  }

  /**
   * Under the stamp that stands already: whatever is committed meanwhile is newer than it, so readers are told that
   * this roll-up does not count.
   */
  async #write(level: RollupLevel, start: number, end: number, stamp: RollupStamp): Promise<void> {
    const sum = new WindowState(start);
    let windows = 0;
    const finer = level === 'day' ? 'hour' : 'minute';
    await this.#walk.range(finer, start, end, (window) => {
      sum.merge(window);
      windows++;
    });
    if (windows === 0 || sum.overfull) return;
    sum.parts.minutes = (end - start) / WINDOW_MS;
    const packed = sum.pack();
    if (packed.length <= MOST_BYTES) await this.#stores.writer.replace([{ level, start, packed }], stamp);
  }

  #note(first: number | null, hours: ReadonlySet<number>, days: ReadonlySet<number>): Promise<void> {
    return writeRollupState(this.#stores.facts, {
      zone: this.#settings.zone,
      first,
      hours: [...hours],
      days: [...days],
    });
  }
}

function* daysOf(dayStart: Floor, first: number, last: number): Generator<number> {
  for (let day = dayStart(first); day <= last; day = nextDay(dayStart, day)) yield day;
}

function firstOf(known: number | null, hours: ReadonlySet<number>): number | null {
  let first = known ?? Number.POSITIVE_INFINITY;
  for (const hour of hours) first = Math.min(first, hour);
  return Number.isFinite(first) ? first : null;
}
