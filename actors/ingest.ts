/**
 * Ingest as an operator pauses and resumes it. Consumers stay up, and members of their group, but take nothing from the
 * log: what comes in waits there. Whoever is up is told, and each that starts later is born with it, until somebody
 * resumes it or the process ends.
 */
import type { IngestNote, IngestPause } from '../protocol/ingest.ts';

export type IngestKeeperOptions = {
  /** Leaves a note for an actor, if it is there. */
  readonly leave: (actor: string, note: IngestNote) => void;
  readonly onChange: (paused: IngestPause | null) => void;
  readonly now: () => number;
};

const CONSUMER = /^consumer-\d+$/;

export class IngestKeeper {
  readonly #options: IngestKeeperOptions;
  readonly #consumers = new Set<string>();
  #paused: IngestPause | null = null;

  constructor(options: IngestKeeperOptions) {
    this.#options = options;
  }

  get paused(): IngestPause | null {
    return this.#paused;
  }

  /** An actor is about to be born. */
  starts(actor: string): void {
    if (!CONSUMER.test(actor)) return;
    this.#consumers.add(actor);
    this.#options.leave(actor, this.#note);
  }

  /** Asked again it is as it is: since when, and why, stays. */
  async pause(reason: string): Promise<{ paused_at: number }> {
    const paused = this.#paused ?? { at: this.#options.now(), reason };
    if (this.#paused === null) this.#set(paused);
    return { paused_at: paused.at };
  }

  async resume(): Promise<{ paused_at: null }> {
    if (this.#paused !== null) this.#set(null);
    return { paused_at: null };
  }

  get #note(): IngestNote {
    return { ingest: this.#paused === null ? 'open' : 'paused' };
  }

  #set(paused: IngestPause | null): void {
    this.#paused = paused;
    for (const consumer of this.#consumers) this.#options.leave(consumer, this.#note);
    this.#options.onChange(paused);
  }
}
