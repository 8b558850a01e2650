/** How fast a replay goes: not held up at all, or by the times of its events, so many times faster than they came. */
import { AppError } from '../../protocol/errors.ts';

export type PaceClock = { readonly now: () => number; readonly sleep: (ms: number) => Promise<unknown> };

/** Waits until a record is due; answers at once when the speed is `max`. */
export function pacer(speed: unknown, { now, sleep }: PaceClock): (record: Uint8Array) => Promise<void> {
  if (speed === undefined || speed === 'max') return async () => {};
  const factor = Number(/^(\d+(?:\.\d+)?)x$/.exec(String(speed))?.[1]);
  if (!(factor > 0)) {
    throw new AppError(
      'bad-parameter',
      `Cannot use --speed as it must be max or a factor such as 1x or 60x: current value is ${JSON.stringify(speed)}`,
    );
  }
  const text = new TextDecoder();
  let first: { readonly event: number; readonly clock: number } | undefined;
  return async (record) => {
    const time = timeOf(text.decode(record));
    if (time === undefined) return;
    // An event before the first one, or the first of a new cycle, begins the count again.
    if (first === undefined || time < first.event) first = { event: time, clock: now() };
    const due = first.clock + (time - first.event) / factor;
    if (due > now()) await sleep(due - now());
  };
}

/** The event's time where it has one that can be read at a glance; what cannot be read is not held up. */
function timeOf(text: string): number | undefined {
  const [, raw] = /"(?:timestamp|order_time|order_timestamp)"\s*:\s*("[^"]*"|\d+)/.exec(text) ?? [];
  if (raw === undefined) return undefined;
  const time = raw.startsWith('"') ? Date.parse(raw.slice(1, -1)) : Number(raw);
  return Number.isFinite(time) ? time : undefined;
}
