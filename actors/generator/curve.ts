/**
 * How busy the shop is at any moment, as a pure function of time with a mean of 1 over a week: hour of the day, weekday,
 * the restlessness of a demo, and what was ordered on purpose (anomalies, the ramp of the clicks).
 */
import { HOUR_SHARES, WEEKDAY_SHARES } from './profile.ts';
import { CLICK_HOURS } from './profile-clicks.ts';
import { hash3, sumOf, toUnit } from './random.ts';

export const ZONE_OFFSET_MS = -3 * 3_600_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4;

export type Curve = (time: number) => number;

export const flatCurve: Curve = () => 1;

/**
 * The week as a curve. `floor` lifts the quiet hours: 0 is the public shape, 1 is flat.
 * @example weekCurve(HOUR_SHARES, WEEKDAY_SHARES, 0)(Date.now())
 */
export function weekCurve(hours: readonly number[], weekdays: readonly number[], floor: number): Curve {
  const nodes = hourNodes(hours);
  // Both factors are shares: their means over a week are 1/24 and 1/7 of their sums.
  const mean = (sumOf(hours) / hours.length) * (sumOf(weekdays) / weekdays.length);
  return (time) => {
    const local = time + ZONE_OFFSET_MS;
    const day = Math.floor(local / DAY_MS);
    const weekday = weekdays[(day + FIRST_WEEKDAY) % weekdays.length] as number;
    return floor + (1 - floor) * ((weekday * between(nodes, (local - day * DAY_MS) / HOUR_MS)) / mean);
  };
}

export function orderCurve(floor: number): Curve {
  return weekCurve(HOUR_SHARES, WEEKDAY_SHARES, floor);
}

export function clickCurve(floor: number): Curve {
  return weekCurve(CLICK_HOURS, [1, 1, 1, 1, 1, 1, 1], floor);
}

/** Values at the middle of the hours such that straight lines between them hold each hour's share exactly. */
function hourNodes(shares: readonly number[]): Float64Array {
  const nodes = Float64Array.from(shares);
  const count = nodes.length;
  for (let round = 0; round < 60; round++) {
    const held = nodes.map(
      (value, hour) =>
        ((nodes[(hour + count - 1) % count] as number) + 6 * value + (nodes[(hour + 1) % count] as number)) / 8,
    );
    for (let hour = 0; hour < count; hour++)
      nodes[hour] = Math.max(0, (nodes[hour] as number) + (shares[hour] as number) - (held[hour] as number));
  }
  return nodes;
}

function between(nodes: Float64Array, hour: number): number {
  const at = hour - 0.5 + nodes.length;
  const left = Math.floor(at);
  const share = at - left;
  return (nodes[left % nodes.length] as number) * (1 - share) + (nodes[(left + 1) % nodes.length] as number) * share;
}

/** Periods and strengths of the demo's restlessness: no two days, hours or quarters of an hour are quite the same. */
const RESTLESS = [
  [DAY_MS, 0.05],
  [150 * 60_000, 0.07],
  [25 * 60_000, 0.06],
] as const;

/** Smooth deterministic noise around 1: two days look alike and are not equal. */
export function restlessness(seed: number): Curve {
  return (time) => {
    let value = 1;
    for (const [period, strength] of RESTLESS) {
      const at = time / period;
      const left = Math.floor(at);
      const share = at - left;
      const smooth = share * share * (3 - 2 * share);
      const from = toUnit(hash3(seed, period, left));
      const to = toUnit(hash3(seed, period, left + 1));
      value += strength * (2 * (from + (to - from) * smooth) - 1);
    }
    return value;
  };
}

/** Grows by a constant rate from one level to another: `from` before `start`, `to` after `end`. */
export type Ramp = { readonly start: number; readonly end: number; readonly from: number; readonly to: number };

export function rampAt(ramp: Ramp, time: number): number {
  if (time <= ramp.start) return ramp.from;
  if (time >= ramp.end) return ramp.to;
  return ramp.from * (ramp.to / ramp.from) ** ((time - ramp.start) / (ramp.end - ramp.start));
}
