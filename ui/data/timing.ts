/**
 * What the stream tells about time: the server's clock, how old the newest event is when it gets here, and the
 * pulse (one value a second). Pure: every instant is handed in.
 */

/** Seconds the pulse strip shows. */
export const PULSE_SECONDS = 40;
/** A second of the pulse in which no frame arrived, and one from before the page was open. */
export const PULSE_MISSED = -1;
export const PULSE_NONE = -2;

/** Heartbeats looked back on for the clock: the one that travelled fastest tells the offset best. */
const CLOCK_SAMPLES = 30;
/** Frames looked back on for the percentiles: about a minute at ten frames a second. */
const LATENCY_SAMPLES = 600;
/** Heartbeats come every second; half a second of grace before a second counts as missed. */
const MISS_AFTER_MS = 1_500;

/** Server clock minus local clock, from the times the server wrote into its frames. */
export class ServerClock {
  readonly #samples: number[] = [];

  heard(serverTime: number, now: number): void {
    this.#samples.push(serverTime - now);
    if (this.#samples.length > CLOCK_SAMPLES) this.#samples.shift();
  }

  /** The largest sample: a frame is never early, so delay only ever makes it smaller. */
  get offsetMs(): number {
    return this.#samples.length === 0 ? 0 : Math.max(...this.#samples);
  }
}

/** Age of the newest event at the moment its frame arrived: event to screen, in ms. */
export class EventLatency {
  readonly #ages = new Float64Array(LATENCY_SAMPLES);
  #count = 0;
  #watermark = 0;

  /** Counts only frames that move the watermark: the others carry no newer event. */
  heard(watermark: number, serverNow: number): void {
    if (watermark <= this.#watermark) return;
    this.#watermark = watermark;
    this.#ages[this.#count++ % LATENCY_SAMPLES] = Math.max(0, serverNow - watermark);
  }

  /** Value at each share (0.5, 0.99), or undefined while nothing was measured. */
  percentiles(shares: readonly number[]): (number | undefined)[] {
    const sorted = this.#ages.slice(0, Math.min(this.#count, LATENCY_SAMPLES)).sort();
    return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
  }
}

/** Events a second over the last seconds, oldest first. */
export class Pulse {
  #strip: number[] = new Array(PULSE_SECONDS).fill(PULSE_NONE);
  #events: number | undefined;

  /** Once a second: the total of events counted so far, and how long ago the last frame was. */
  tick(totalEvents: number | undefined, sinceFrameMs: number): void {
    const came = totalEvents === undefined || this.#events === undefined ? 0 : Math.max(0, totalEvents - this.#events);
    const started = this.#events !== undefined || totalEvents !== undefined;
    this.#events = totalEvents ?? this.#events;
    const value = !started ? PULSE_NONE : sinceFrameMs > MISS_AFTER_MS ? PULSE_MISSED : came;
    this.#strip = [...this.#strip.slice(1), value];
  }

  get strip(): readonly number[] {
    return this.#strip;
  }
}
