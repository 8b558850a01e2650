/** How long this process stood still while something was under way: what came late because of that is nobody's fault. */

const TICK_MS = 25;
/** A timer that comes later than this was held up; less is the way of timers. */
const LATE_MS = 100;

export type Measured<T> = {
  readonly result: T;
  readonly tookMs: number;
  /** Of that, how long no timer was served. */
  readonly stalledMs: number;
};

export async function measured<T>(work: () => Promise<T>): Promise<Measured<T>> {
  const began = performance.now();
  let servedAt = began;
  let stalledMs = 0;
  const look = () => {
    const now = performance.now();
    const lateMs = now - servedAt - TICK_MS;
    if (lateMs > LATE_MS) stalledMs += lateMs;
    servedAt = now;
  };
  const ticker = setInterval(look, TICK_MS);
  try {
    const result = await work();
    look();
    return { result, tookMs: performance.now() - began, stalledMs };
  } finally {
    clearInterval(ticker);
  }
}
