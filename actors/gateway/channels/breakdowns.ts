/**
 * Channels with one entry a value of a dimension: the last hour's sums, keys as they change. Dimensions are free text,
 * so only so many values are listed; the rest counts under one name until a place is free.
 */
import { pathOf } from '../../../protocol/channel.ts';
import { OTHER } from '../../kpi/cubes.ts';
import { ROLLING, type RollingName, shown } from '../view/cubes.ts';
import type { RollingCube } from '../view/rolling-cube.ts';
import { splitKeys, type Windows } from '../view/windows.ts';
import type { Channel } from './channel.ts';

/** What the cubes themselves tell apart in one minute and partition, for an hour of all of them. */
const MOST_LISTED = 2_000;

export type BreakdownOptions = {
  readonly cube: RollingName;
  readonly measures: readonly string[];
  /** The channel's key of a value and a measure. */
  readonly path: (key: string, measure: string) => string;
  /** Values that are shown elsewhere. */
  readonly leaveOut?: ReadonlySet<string>;
  readonly mostListed?: number;
};

export class Breakdown {
  #options: BreakdownOptions;
  #listed = new Set<string>();
  #folded = new Set<string>();
  #foldedChanged = false;

  constructor(options: BreakdownOptions) {
    this.#options = options;
  }

  /** Follows every key that changed. */
  project(windows: Windows, channel: Channel): void {
    const cube = windows.rolling[this.#options.cube];
    for (const key of cube.changed) {
      if (!this.#options.leaveOut?.has(key)) this.#follow(key, cube, channel);
    }
    cube.changed.clear();
  }

  /** Sums up what is not listed: as slow as there are many of them. */
  projectFolded(windows: Windows, channel: Channel): void {
    if (!this.#foldedChanged) return;
    this.#foldedChanged = false;
    const cube = windows.rolling[this.#options.cube];
    for (const key of this.#folded) {
      if (this.#isFull) break;
      if (isOther(key)) continue;
      this.#folded.delete(key);
      this.#follow(key, cube, channel);
    }
    const sums = new Float64Array(cube.width);
    for (const key of this.#folded) {
      const sum = cube.sum(key);
      for (let at = 0; at < cube.width; at++) sums[at] = (sums[at] as number) + (sum?.[at] ?? 0);
    }
    this.#put(OTHER, this.#folded.size === 0 ? undefined : sums, channel);
  }

  get #isFull(): boolean {
    return this.#listed.size >= (this.#options.mostListed ?? MOST_LISTED);
  }

  #follow(key: string, cube: RollingCube, channel: Channel): void {
    const sum = cube.sum(key);
    if (!this.#listed.has(key) && (this.#isFull || isOther(key))) {
      if (sum === undefined) this.#folded.delete(key);
      else this.#folded.add(key);
      this.#foldedChanged = true;
      return;
    }
    if (this.#folded.delete(key)) this.#foldedChanged = true;
    if (sum !== undefined) this.#listed.add(key);
    // A place that becomes free is for one that is folded.
    else if (this.#listed.delete(key) && this.#folded.size > 0) this.#foldedChanged = true;
    this.#put(key, sum, channel);
  }

  #put(key: string, sum: Float64Array | undefined, channel: Channel): void {
    const all: readonly string[] = ROLLING[this.#options.cube];
    for (const measure of this.#options.measures) {
      const value = sum === undefined ? null : shown(measure, sum[all.indexOf(measure)] as number);
      channel.put(this.#options.path(key, measure), value);
    }
  }
}

function isOther(key: string): boolean {
  return key === OTHER;
}

const byMeasure = (key: string, measure: string) => pathOf(key, measure);

/** Events that are not clicks have a place of their own. */
const NOT_CLICKS = new Set(['order', 'delivery', 'refund', 'restock']);

export const BREAKDOWNS = {
  states: { cube: 'state', measures: ['orders', 'revenue'], path: byMeasure },
  categories: { cube: 'category', measures: ['orders', 'items', 'sales'], path: byMeasure },
  segments: { cube: 'segment', measures: ['orders', 'paid_orders', 'revenue'], path: byMeasure },
  /** `<type>/<status>`: the number of orders paid so. */
  payments: {
    cube: 'payment',
    measures: ['orders'],
    path: (key) => (key === OTHER ? pathOf(OTHER, OTHER) : pathOf(...splitKeys(key))),
  },
  /** `type/<event_type>`: the number of clicks of that type. */
  clicks: { cube: 'event_type', measures: ['events'], path: (key) => pathOf('type', key), leaveOut: NOT_CLICKS },
} as const satisfies Readonly<Record<string, BreakdownOptions>>;

export const BREAKDOWN_NAMES = Object.keys(BREAKDOWNS) as (keyof typeof BREAKDOWNS)[];
