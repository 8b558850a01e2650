/** The stretches of event time that the live view keeps, counted from the newest minute. */
export const MINUTE_MS = 60_000;

/** Rolling values are of so many minutes, the newest included. */
export const HOUR_MINUTES = 60;
/** Totals of minutes: this hour, the one before, and a little for answers that come late. */
export const TOTAL_MINUTES = 125;
/** Breakdowns: this hour and the two minutes that kpi/latest may still ask for. */
export const DETAIL_MINUTES = 62;
/** The live series: fifteen minutes of seconds. */
const SERIES_MS = 15 * MINUTE_MS;
/** Other topics may run ahead of the orders by so much; further ahead the series follows them, so that it stays bounded. */
const SERIES_LEAD_MS = 15 * MINUTE_MS;
/**
 * Events of other topics may run ahead of the orders. Further ahead than this their windows are not kept, and are
 * read again once the orders get there: memory stays bounded when no order comes for days.
 */
export const AHEAD_MINUTES = 60;

/** Seconds after this one are in the live series. */
export function seriesFloor(watermark: number, newestOfAll: number): number {
  const floor = Math.max(watermark, newestOfAll - SERIES_LEAD_MS) - SERIES_MS;
  return Math.floor(floor / 1_000) * 1_000;
}

export function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}
