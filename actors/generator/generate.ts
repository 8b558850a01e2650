/** A stream as NDJSON, for `pulso generate`: the same seed gives the same bytes, however they are cut into chunks. */
import type { OrderStream } from './core.ts';
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
  /** Asked before each chunk of a paced stream: settles when simulated time may go on to `elapsedMs` since the start. */
  readonly pace?: (elapsedMs: number) => Promise<void>;
  /** After each chunk. */
  readonly progress?: (written: number) => void;
};

const CHUNK_EVENTS = 2000;
/** A paced stream is written in steps of this much simulated time. */
const STEP_MS = 50;

/** Writes `count` lines; answers how many (all of them) and the time of the last event. */
export async function generateTo(options: GenerateOptions): Promise<{ written: number; time: number }> {
  const { count, rate = 'max', from, sink, pace, progress, ...rest } = options;
  const stream = createGenerator({
    ...rest,
    ...(from === undefined ? {} : { startAt: from }),
    ...(rate === 'max' ? {} : { eventsPerSecond: rate, shape: rest.shape ?? 'flat' }),
  });
  const lines = new LineSink(count);
  let written = 0;
  for (let step = 1; written < count; step++) {
    const until = pace ? stream.options.startAt + step * STEP_MS : Number.POSITIVE_INFINITY;
    await pace?.(step * STEP_MS);
    written += writeChunk(stream, until, Math.min(CHUNK_EVENTS, count - written), pace !== undefined, lines);
    if (lines.out.length > 0) await sink.write(lines.take());
    progress?.(Math.min(written, count));
  }
  return { written: Math.min(written, count), time: stream.time };
}

/** A paced step is written whole; otherwise a chunk of so many events. */
function writeChunk(stream: OrderStream, until: number, most: number, whole: boolean, lines: LineSink): number {
  return stream.next(until, whole ? Number.POSITIVE_INFINITY : most, lines);
}
