/** ISO 8601 instants, strictly: what is not one is NaN, never a guess. */

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)?)?$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Epoch milliseconds of a date or a date with a time; without a zone it is UTC; what is finer than a millisecond is cut off.
 * @example parseIsoTime('2025-11-20T01:00:00.5-03:00') // 1763611200500
 */
export function parseIsoTime(text: string): number {
  const match = FORM.exec(text);
  if (match === null) return Number.NaN;
  const part = (index: number) => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const [zoneHour, zoneMinute] = [part(10), part(11)];
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return Number.NaN;
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return Number.NaN;
  const millisecond = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const zone = (zoneHour * 60 + zoneMinute) * 60_000 * (match[9] === '-' ? -1 : 1);
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day);
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond - zone;
}

function daysOf(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS[month - 1] as number) + (leap ? 1 : 0);
}
