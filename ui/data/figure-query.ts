/**
 * Figures that come by request: one query a panel, side by side, so that one that fails leaves the others alone.
 * A panel that had a value keeps it through a short failure; after that it says what is wrong.
 */
import { type Figures, LOADING, PANELS, type Panel, type PanelName, type PanelValues } from './figures.ts';
import type { Http, Query } from './http.ts';
import { readPanel } from './query-answer.ts';
import { panelQuery, type Span, spanOf } from './query-plan.ts';
import type { View } from './url-state.ts';

/** A value outlives failures for this long, ms: a gateway that restarts is back before. */
const GRACE_MS = 10_000;

type Mutable = { -readonly [K in PanelName]: Panel<PanelValues[K]> };

export class FigureQuery {
  readonly #http: Http;
  readonly #now: () => number;
  readonly #changed: () => void;
  #panels: Mutable = blank();
  #goodAt = new Map<PanelName, number>();
  #running: AbortController | undefined;

  constructor(http: Http, now: () => number, changed: () => void) {
    this.#http = http;
    this.#now = now;
    this.#changed = changed;
  }

  get figures(): Figures {
    return this.#panels;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Forgets everything, because something else is asked now. */
  reset(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#panels = blank();
    this.#goodAt.clear();
  }

  /** Asks for every panel of a view as of a watermark; `shiftMs` looks that far back. */
  async load(view: View, watermark: number, shiftMs: number): Promise<void> {
    if (this.#running !== undefined) return;
    const controller = new AbortController();
    this.#running = controller;
    await Promise.all(
      PANELS.map((panel) => {
        const span = spanOf(view.range, watermark, panel === 'points');
        const shifted = { ...span, from: span.from - shiftMs, to: span.to - shiftMs };
        return this.#loadPanel(panel, panelQuery(panel, view, shiftMs > 0), shifted, controller.signal);
      }),
    );
    if (this.#running !== controller) return;
    this.#running = undefined;
    this.#changed();
  }

  async #loadPanel(panel: PanelName, query: Query | undefined, span: Span, signal: AbortSignal): Promise<void> {
    if (query === undefined) {
      this.#put(panel, { kind: 'absent' });
      return;
    }
    try {
      const answer = await this.#http.get('/kpi/query', { ...query, ...span }, signal);
      if (signal.aborted) return;
      this.#goodAt.set(panel, this.#now());
      this.#put(panel, { kind: 'ready', value: readPanel(panel, answer, span) });
    } catch (thrown) {
      if (signal.aborted) return;
      const age = this.#now() - (this.#goodAt.get(panel) ?? -Infinity);
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      if (age > GRACE_MS) this.#put(panel, { kind: 'failed', why });
    }
  }

  #put(panel: PanelName, value: Panel<PanelValues[PanelName]>): void {
    this.#panels = { ...this.#panels, [panel]: value };
  }
}

function blank(): Mutable {
  return {
    totals: LOADING,
    points: LOADING,
    states: LOADING,
    categories: LOADING,
    products: LOADING,
    payments: LOADING,
    segments: LOADING,
    funnel: LOADING,
  };
}
