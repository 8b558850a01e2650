/** Waits until lanes have what they were told to own. Each wait ends: with the lane's answer, or with an error at its deadline. */
import { AppError } from '../protocol/errors.ts';

/** A lane that gives partitions up commits first; more than this and something is wrong. */
const DEADLINE_MS = 10_000;

export class LaneMoves {
  #deadlineMs: number;
  #waiting = new Map<number, () => void>();

  constructor(deadlineMs = DEADLINE_MS) {
    this.#deadlineMs = deadlineMs;
  }

  of(lane: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#waiting.delete(lane);
        const text = `Cannot move partitions as lane-${lane} did not answer within ${this.#deadlineMs} ms`;
        reject(new AppError('deadline-exceeded', text));
      }, this.#deadlineMs);
      this.#waiting.set(lane, () => {
        clearTimeout(deadline);
        this.#waiting.delete(lane);
        resolve();
      });
    });
  }

  done(lane: number): void {
    this.#waiting.get(lane)?.();
  }
}
