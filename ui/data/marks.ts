/**
 * Restarts as marks on the charts: the cause beside the effect. The history is asked for when the page opens and
 * whenever the stream says that an actor has a new epoch.
 */
import type { Http } from './http.ts';
import { readRows } from './rows.ts';
import type { Store } from './store.ts';

export type Mark = { readonly at: number; readonly actor: string };

type Item = { readonly at: number; readonly kind: string; readonly actor: string };

/** An actor that ended and started again, at the time it ended; oldest first. */
export function readMarks(answer: unknown): Mark[] {
  const items = (answer as { items?: readonly Item[] } | null)?.items ?? [];
  const ended = new Map<string, number>();
  const marks: Mark[] = [];
  for (const { at, kind, actor } of [...items].sort((a, b) => a.at - b.at)) {
    if (kind === 'exited') ended.set(actor, at);
    const since = kind === 'starting' ? ended.get(actor) : undefined;
    if (since === undefined) continue;
    marks.push({ at: since, actor });
    ended.delete(actor);
  }
  return marks.sort((a, b) => a.at - b.at);
}

export class Marks {
  readonly #http: Http;
  readonly #changed: () => void;
  #marks: readonly Mark[] = [];
  #epochs = '';

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
    const epochs = [...rows].map(([actor, { epoch }]) => `${actor} ${epoch}`).join();
    if (epochs === this.#epochs) return;
    this.#epochs = epochs;
    void this.#load();
  }

  /** Marks are a courtesy: without an answer the chart stands as it is. */
  async #load(): Promise<void> {
    try {
      this.#marks = readMarks(await this.#http.get('/system/events', { limit: 1_000 }));
      this.#changed();
    } catch {
      this.#epochs = '';
    }
  }
}
