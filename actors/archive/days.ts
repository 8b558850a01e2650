/** Days as the archive names them: YYYY-MM-DD in the configured zone. */
import { dayStartIn } from '../kpi/granularity.ts';

/** The day of a time. What is not a time that a calendar holds is of the first day. */
export type DayOf = (time: number) => string;

/** From the year 1 to the last that a Date holds. */
const FIRST_TIME = -62_135_596_800_000 + 2 * 86_400_000;
const LAST_TIME = 8.64e15 - 2 * 86_400_000;
const FIRST_DAY = '1970-01-01';
const MINUTE_MS = 60_000;

export function dayIn(zone: string): DayOf {
  const startOf = dayStartIn(zone);
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const names = new Map<number, string>();
  let lastMinute = Number.NaN;
  let lastName = FIRST_DAY;

  function nameOf(time: number): string {
    if (!(time >= FIRST_TIME && time < LAST_TIME)) return FIRST_DAY;
    const start = startOf(time);
    let name = names.get(start);
    if (name === undefined) {
      const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, value]));
      name = `${parts.get('year')?.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
      names.set(start, name);
    }
    return name;
  }

  return (time) => {
    const minute = Math.floor(time / MINUTE_MS);
    if (minute === lastMinute) return lastName;
    lastMinute = minute;
    lastName = nameOf(time);
    return lastName;
  };
}
