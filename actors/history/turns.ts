/** Turns of the loop inside long work: taken only when the last is this long ago, as most pieces of work are tiny. */
const TURN_MS = 10;

export function turns(now: () => number): () => Promise<void> {
  let last = now();
  return async () => {
    if (now() - last < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    last = now();
  };
}
