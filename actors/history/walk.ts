/**
 * A range of time read in as few windows as say the same: days, hours where a day is not rolled up or has changed
 * since, minutes where an hour is not. What is handed out adds up to exactly the minutes of the range.
 */
import { type Floor, nextDay } from '../kpi/granularity.ts';
import type { UnpackOptions } from '../kpi/unpack.ts';
import { unpackWindow, WINDOW_MS, type WindowState } from '../kpi/window.ts';
import type { RollupLevel, RollupReader, StoredWindow, StoreReader } from '../ports/hot-store.ts';
import { Freshness } from './fresh.ts';

export const HOUR_MS = 3_600_000;
/** Windows of minutes read at once: some 20 ms of work when all are full. */
const SLICE_MS = 30 * WINDOW_MS;
/** Roll-ups read at once: at some 300 KB each when busy, a few milliseconds of reading. */
const ROLLUPS = 24;

export type Minutes = Pick<StoreReader, 'nextWindow'> & {
  windows(from: number, to: number): Promise<readonly StoredWindow[]>;
};
export type Rollups = Pick<RollupReader, 'rollups' | 'changedSince'>;
/** The coarsest windows that may be handed out. */
export type Coarseness = 'minute' | RollupLevel;
export type Visit = (window: WindowState) => void;

export type WalkSettings = {
  readonly dayStart: Floor;
  /** What to read of each window; all of it by default. */
  readonly read?: UnpackOptions;
  /** Lets other work in. */
  readonly turn: () => Promise<void>;
};

type Range = {
  readonly from: number;
  readonly to: number;
  /** Leave out hours that two days share, as there are where days do not begin on the hour of UTC. */
  readonly insideDays?: boolean;
};
type Period = { readonly start: number; readonly end: number };

export class Walk {
  readonly #minutes: Minutes;
  readonly #rollups: Rollups;
  readonly #fresh: Freshness;
  readonly #settings: WalkSettings;

  constructor(minutes: Minutes, rollups: Rollups, settings: WalkSettings) {
    this.#minutes = minutes;
    this.#rollups = rollups;
    this.#fresh = new Freshness(rollups);
    this.#settings = settings;
  }

  range(coarsest: Coarseness, from: number, to: number, visit: Visit): Promise<void> {
    return coarsest === 'minute' ? this.minutes(from, to, visit) : this.#coarse(coarsest, { from, to }, visit);
  }

  async minutes(from: number, to: number, visit: Visit): Promise<void> {
    const { read, turn } = this.#settings;
    let next = await this.#minutes.nextWindow(from);
    while (next !== undefined && next < to) {
      const end = Math.min(next + SLICE_MS, to);
      for (const { start, packed } of await this.#minutes.windows(next, end)) {
        visit(unpackWindow(start, packed, read));
        await turn();
      }
      next = await this.#minutes.nextWindow(end);
    }
  }

  async #coarse(level: RollupLevel, range: Range, visit: Visit): Promise<void> {
    let done = range.from;
    for await (const { period, window } of this.#rolledUp(level, range)) {
      await this.#finer(level, { ...range, from: done, to: period.start }, visit);
      visit(window);
      await this.#settings.turn();
      done = period.end;
    }
    await this.#finer(level, { ...range, from: done }, visit);
  }

  async #finer(level: RollupLevel, { from, to }: Range, visit: Visit): Promise<void> {
    if (from >= to) return;
    if (level === 'day') await this.#coarse('hour', { from, to, insideDays: true }, visit);
    else await this.minutes(from, to, visit);
  }

  /** The roll-ups that stand for a whole period inside [from, to), in order. */
  async *#rolledUp(level: RollupLevel, { from, to, insideDays = false }: Range) {
    const { dayStart } = this.#settings;
    for (const periods of chunks(wholePeriods(level, from, to, dayStart))) {
      const [first, last] = [periods[0] as Period, periods.at(-1) as Period];
      const { stamp, windows } = await this.#rollups.rollups(level, first.start, last.end);
      if (windows.length === 0) continue;
      await this.#fresh.at(stamp);
      const packed = new Map(windows.map((window) => [window.start, window.packed]));
      for (const period of periods) {
        const found = packed.get(period.start);
        if (found === undefined || !this.#fresh.covers(period.start, period.end)) continue;
        if (insideDays && dayStart(period.start) !== dayStart(period.end - 1)) continue;
        const window = unpackWindow(period.start, found, this.#settings.read);
        // A day of another zone may begin at the same moment and end at another.
        if (window.parts.minutes * WINDOW_MS === period.end - period.start) yield { period, window };
      }
    }
  }
}

function* wholePeriods(level: RollupLevel, from: number, to: number, dayStart: Floor): Generator<Period> {
  const next = (start: number) => (level === 'hour' ? start + HOUR_MS : nextDay(dayStart, start));
  const floor = level === 'hour' ? Math.floor(from / HOUR_MS) * HOUR_MS : dayStart(from);
  let start = floor < from ? next(floor) : floor;
  for (let end = next(start); end <= to; end = next(start)) {
    yield { start, end };
    start = end;
  }
}

function* chunks(periods: Iterable<Period>): Generator<Period[]> {
  let chunk: Period[] = [];
  for (const period of periods) {
    chunk.push(period);
    if (chunk.length < ROLLUPS) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
