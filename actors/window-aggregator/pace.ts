/**
 * When to commit: as soon as there is something, but never sooner than `leastMs` after the last commit began, so
 * that a busy lane commits many batches at once. A pure decision; the worker owns the timer.
 */
export function commitDelay(now: number, lastCommitAt: number, leastMs: number): number {
  return Math.max(0, lastCommitAt + leastMs - now);
}
