/** A stream as NDJSON, for `pulso generate`: the same seed gives the same bytes, however they are cut into chunks. */
import { createGenerator } from './generator.ts';
import type { RateOptions } from './options.ts';
import { LineSink } from './sinks.ts';

export type LineTarget = { write(lines: Uint8Array): Promise<void> | void };

export type GenerateOptions = RateOptions & {
  /** Lines to write. */
  readonly count: number;
  /** Events a second of simulated time; `max` takes the default rate and only means that nobody waits. */
  readonly rate?: 'max' | number;
  /** First moment (epoch ms), 2026-01-01T00:00:00Z by default. */
  readonly from?: number;
  readonly sink: LineTarget;
  readonly signal?: AbortSignal;
  /** Makes a paced stream: asked before each chunk, settles when simulated time may go on to `elapsedMs` after the start. */
  readonly pace?: (elapsedMs: number) => Promise<void>;
  /** After each chunk. */
  readonly progress?: (written: number) => void;
};

const CHUNK_EVENTS = 500;
/** A paced stream is written in steps of this much simulated time. */
const STEP_MS = 50;

/** Writes `count` lines, or as many as come before the signal; answers how many, and the time of the last event. */
export async function generateTo(options: GenerateOptions): Promise<{ written: number; time: number }> {
  const { count, rate = 'max', from, sink, pace, progress, signal, ...rest } = options;
  const stream = createGenerator({
    ...rest,
    ...(from === undefined ? {} : { startAt: from }),
    ...(rate === 'max' ? {} : { eventsPerSecond: rate, shape: rest.shape ?? 'flat' }),
  });
  const lines = new LineSink(count);
  let written = 0;
  for (let elapsed = STEP_MS; written < count && !signal?.aborted; elapsed += STEP_MS) {
    await pace?.(elapsed);
    written += pace
      ? stream.next(stream.options.startAt + elapsed, count - written, lines)
      : stream.next(Number.POSITIVE_INFINITY, Math.min(CHUNK_EVENTS, count - written), lines);
    if (lines.out.length > 0) await sink.write(lines.take());
    progress?.(Math.min(written, count));
  }
  return { written: Math.min(written, count), time: stream.time };
}
