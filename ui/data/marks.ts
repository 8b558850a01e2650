/**
 * Incidents as marks on the charts: the cause beside the effect. They are asked for when the page opens and whenever
 * the stream says that an actor has another state or epoch.
 */
import type { Http } from './http.ts';
import { readRows } from './rows.ts';
import type { Store } from './store.ts';

export type Mark = {
  readonly at: number;
  readonly actor: string;
  readonly what: string;
  /** Null while it is not back. */
  readonly recoveryMs: number | null;
};

type Item = { at: number; actor: string; what: string; down_at: number | null; recovery_ms: number | null };

/** The longest range that is shown. */
const RANGE_MS = 86_400_000;
const MOST = 200;

/** Deaths and restarts, what took an actor away for a while; oldest first. */
export function readMarks(answer: unknown): Mark[] {
  const items = (answer as { items?: readonly Item[] } | null)?.items ?? [];
  return items
    .filter(({ down_at }) => typeof down_at === 'number')
    .map(({ at, actor, what, recovery_ms }) => ({ at, actor, what, recoveryMs: recovery_ms ?? null }))
    .sort((a, b) => a.at - b.at);
}

export class Marks {
  readonly #http: Http;
  readonly #changed: () => void;
  #marks: readonly Mark[] = [];
  #seen = '';

  constructor(store: Store, http: Http, changed: () => void) {
    this.#http = http;
    this.#changed = changed;
    store.subscribe(['system'], () => this.#look(store));
  }

  get all(): readonly Mark[] {
    return this.#marks;
  }

  #look(store: Store): void {
    const rows = readRows(store.channel('system').values);
    const seen = [...rows].map(([actor, { epoch, state }]) => `${actor} ${epoch} ${state}`).join();
    if (seen === this.#seen) return;
    this.#seen = seen;
    void this.#load();
  }

  /** Marks are a courtesy: without an answer the chart stands as it is. */
  async #load(): Promise<void> {
    try {
      this.#marks = readMarks(await this.#http.get('/system/incidents', { from: Date.now() - RANGE_MS, limit: MOST }));
      this.#changed();
    } catch {
      this.#seen = '';
    }
  }
}
