/** The lengths of time that KPIs are asked in, and where each begins: hours in UTC, days at the borders of a zone. */

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A year and more of days is all that questions are about at a time. */
const DAYS_KEPT = 400;
/** Longer than any day, a change of the clocks included. */
const LONG_DAY_MS = 27 * HOUR_MS;

export const GRANULARITIES = ['1m', '5m', '1h', '1d'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

/** The start of what a time belongs to. */
export type Floor = (time: number) => number;

export function floorOf(granularity: Granularity, dayStart: Floor): Floor {
  if (granularity === '1d') return dayStart;
  const length = granularity === '1m' ? MINUTE_MS : granularity === '5m' ? 5 * MINUTE_MS : HOUR_MS;
  return (time) => Math.floor(time / length) * length;
}

/** Where the day after the one that begins at `day` begins: no day has more than 25 hours or fewer than 23. */
export function nextDay(dayStart: Floor, day: number): number {
  return dayStart(day + 26 * HOUR_MS);
}

export function utcDayStart(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

/**
 * Where the days of a time zone begin. A day may have 23 to 25 hours and may lack its midnight, so its first minute is
 * searched for; days found are kept.
 */
export function dayStartIn(zone: string): Floor {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
  const dayOf = (time: number) => format.format(time);
  const days: { readonly start: number; readonly end: number }[] = [];
  return (time) => {
    const known = days.findLast(({ start, end }) => time >= start && time < end);
    if (known) return known.start;
    const today = dayOf(time);
    const guess = days.findLast(({ end }) => end <= time && time - end < LONG_DAY_MS)?.end ?? time;
    const start = firstMinute(time - LONG_DAY_MS, time, guess, (minute) => dayOf(minute) === today);
    const end = firstMinute(time, time + LONG_DAY_MS, start + DAY_MS, (minute) => dayOf(minute) !== today);
    days.push({ start, end });
    if (days.length > DAYS_KEPT) days.shift();
    return start;
  };
}

/** The first minute from which on something holds that does not hold at `before` and does at `after`; the guess is often right. */
function firstMinute(before: number, after: number, guess: number, holds: (minute: number) => boolean): number {
  if (guess > before && guess <= after && guess % MINUTE_MS === 0 && holds(guess) && !holds(guess - MINUTE_MS))
    return guess;
  let [low, high] = [Math.floor(before / MINUTE_MS), Math.floor(after / MINUTE_MS)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle * MINUTE_MS)) high = middle;
    else low = middle;
  }
  return high * MINUTE_MS;
}
