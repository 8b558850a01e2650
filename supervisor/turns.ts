/**
 * Run to completion: whatever comes in while a turn is under way waits for its end. Threads may end inside the call
 * that terminates them, listeners may call back; this keeps both out of half-changed state.
 */

export class Turns {
  #waiting: (() => void)[] = [];
  #running = false;

  run(turn: () => void): void {
    this.#waiting.push(turn);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) next();
    } finally {
      this.#running = false;
    }
  }
}
