/** Whether memory stays where it was: its second minute against its last one. Pure. */

export type Sample = { readonly atMs: number; readonly bytes: number };

export type Flatness = {
  /** Means. */
  readonly secondMinute: number;
  readonly lastMinute: number;
  /** By least squares, from the second minute on. */
  readonly bytesAMinute: number;
  readonly highest: number;
};

const MINUTE = 60_000;

/** Of samples from the start on; the first minute is that of filling caches and compiling. */
export function flatnessOf(samples: readonly Sample[]): Flatness {
  const last = samples.at(-1)?.atMs ?? 0;
  const warm = samples.filter(({ atMs }) => atMs >= Math.min(MINUTE, last / 2));
  return {
    secondMinute: mean(warm.filter(({ atMs }) => atMs < 2 * MINUTE)),
    lastMinute: mean(warm.filter(({ atMs }) => atMs > last - MINUTE)),
    bytesAMinute: slope(warm) * MINUTE,
    highest: Math.max(...samples.map(({ bytes }) => bytes)),
  };
}

function mean(samples: readonly Sample[]): number {
  return samples.reduce((sum, { bytes }) => sum + bytes, 0) / samples.length;
}

function slope(samples: readonly Sample[]): number {
  const middle = samples.reduce((sum, { atMs }) => sum + atMs, 0) / samples.length;
  const level = mean(samples);
  const over = samples.reduce((sum, { atMs, bytes }) => sum + (atMs - middle) * (bytes - level), 0);
  const under = samples.reduce((sum, { atMs }) => sum + (atMs - middle) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
