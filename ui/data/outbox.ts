/** Paces what the page sends: the server closes a socket that says more than twenty things a second. */

/** Messages that may go at once, and how many more each second; together below the server's twenty a second. */
const BURST = 10;
const PER_SECOND = 8;

export class Outbox {
  readonly #queue: string[] = [];
  #tokens = BURST;
  #refilledAt = 0;

  push(message: string): void {
    this.#queue.push(message);
  }

  clear(): void {
    this.#queue.length = 0;
  }

  /** Sends what may go now; answers in how many ms the next one may, or undefined when nothing is left. */
  flush(now: number, send: (message: string) => void): number | undefined {
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#refilledAt) / 1000) * PER_SECOND);
    this.#refilledAt = now;
    while (this.#tokens >= 1) {
      const message = this.#queue.shift();
      if (message === undefined) return undefined;
      this.#tokens--;
      send(message);
    }
    return this.#queue.length === 0 ? undefined : Math.ceil(((1 - this.#tokens) / PER_SECOND) * 1000);
  }
}
