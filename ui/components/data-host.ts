/** The Data page's hands: fetches its code and its data while it is open, and carries its commands to the server. */
import { html, nothing, type TemplateResult } from 'lit';
import { AppError } from '../../protocol/errors.ts';
import { formatClock } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { numberOf } from '../data/rows.ts';
import type { Page } from '../page.ts';
import './banner.ts';
import { skeletonView, stateView } from './card.ts';
import type { Outcome } from './data/ask-form.ts';
import type { DataParts, RawPart } from './data/page.ts';
import type { SizeSample } from './data/store-gauge.ts';
import { PlElement } from './element.ts';
import { pauseButton } from './pause-button.ts';

/** What is not pushed is asked for this often, ms, and only while somebody looks. */
const POLL_MS = 5_000;
/** What a change of the jobs brings about is asked for at most this often. */
const LEAST_POLL_MS = 500;
/** Of the store's size: an hour at two seconds each. */
const MOST_SAMPLES = 1_800;
const LIST = { limit: 100 };
const ALL = { limit: 1_000 };
/** As many as the bars show. */
const LOGS = { limit: 48 };

const ADDRESSES: Readonly<Record<keyof DataParts, readonly [string, Readonly<Record<string, number>>]>> = {
  jobs: ['/jobs', ALL],
  archive: ['/archive/batches', LIST],
  quality: ['/quality', ALL],
  ledger: ['/ledger', {}],
  letters: ['/dead-letters', LIST],
};
const WAITING: RawPart = { kind: 'loading' };
const NOTHING_YET: DataParts = {
  jobs: WAITING,
  archive: WAITING,
  quality: WAITING,
  ledger: WAITING,
  letters: WAITING,
};

type Opened = { readonly job: string; readonly run: string };

export class PlDataHost extends PlElement {
  static override properties = {
    page: { attribute: false },
    stamp: { attribute: false },
    _parts: { state: true },
    _opened: { state: true },
    _log: { state: true },
    _outcome: { state: true },
    _code: { state: true },
  };
  declare page: Page;
  declare stamp: number;
  declare _parts: DataParts;
  declare _opened: Opened | undefined;
  declare _log: RawPart;
  declare _outcome: Outcome | undefined;
  declare _code: 'loading' | 'ready' | 'failed';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancel = new AbortController();
  #unsubscribe: (() => void) | undefined;
  #samples: SizeSample[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  #jobsVersion = 0;

  constructor() {
    super();
    this._code = 'loading';
    this._parts = NOTHING_YET;
    this._log = WAITING;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#cancel = new AbortController();
    void this.#load();
    // The page object is set after this: the first poll waits for it.
    this.#later(0);
  }

  override disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#cancel.abort();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    super.disconnectedCallback();
  }

  override willUpdate(): void {
    this.#unsubscribe ??= this.page.store.subscribe(['system', 'jobs', 'quality'], () => this.#heard());
  }

  protected override render(): TemplateResult {
    const { page } = this;
    const { verdict, store } = page;
    const paused = store.paused !== undefined;
    const old = verdict === 'stale' || verdict === 'offline';
    return html`<section class="pl-toolbar" aria-label=${this.text('bar.label')}>
        <span class="pl-card-note">${this.text('data.note')}</span><span class="pl-spacer"></span>
        ${pauseButton(paused, () => page.pause(!paused))}
      </section>
      <main class="pl-main" id="main" data-state=${old ? verdict : nothing} @reconnect=${() => page.reconnectNow()} @system=${() => page.go('system')}>
        <h1 class="pl-sr">${this.text('page.data')}</h1>
        <pl-banner .page=${page} .now=${this.stamp}></pl-banner>
        ${this.#content(old)}
      </main>`;
  }

  #content(old: boolean): TemplateResult {
    if (this._code === 'failed') {
      const button = this.text('state.retry');
      return stateView({ kind: 'error', title: this.text('page.failed'), button, press: () => void this.#load() });
    }
    if (this._code === 'loading') return skeletonView('list');
    const { store, token } = this.page;
    const system = store.channel('system');
    return html`<pl-data-page
      .parts=${this._parts}
      .hotBytes=${numberOf(system.values.get('pipeline/hot_bytes'))}
      .samples=${this.#samples}
      .opened=${this._opened}
      .log=${this._log}
      .canCommand=${token !== undefined}
      .outcome=${this._outcome}
      .asOf=${old && system.ready ? formatClock(system.asOf, locale.zone) : undefined}
      .now=${this.stamp + (store.status?.clockOffsetMs ?? 0)}
      @open=${(event: CustomEvent<Opened>) => this.#open(event.detail)}
      @close=${() => this.#open(undefined)}
      @command=${(event: CustomEvent<{ job: string; reason: string }>) => void this.#runJob(event.detail)}
      @archive=${(event: CustomEvent<{ reason: string }>) => void this.#command('archive-now', '/archive/run', event.detail.reason)}
      @retry=${() => void this.#poll()}
    ></pl-data-page>`;
  }

  async #load(): Promise<void> {
    this._code = 'loading';
    try {
      await import('./data/page.ts');
      this._code = 'ready';
    } catch {
      this._code = 'failed';
    }
  }

  /** The stream says that something happened; lists come by HTTP. */
  #heard(): void {
    const { store } = this.page;
    this.#sample();
    const { version } = store.channel('jobs');
    if (version !== this.#jobsVersion) {
      this.#jobsVersion = version;
      this.#later(Math.max(0, this.#askedAt + LEAST_POLL_MS - performance.now()));
    }
    this.requestUpdate();
  }

  #sample(): void {
    const { values, asOf } = this.page.store.channel('system');
    const bytes = numberOf(values.get('pipeline/hot_bytes'));
    const last = this.#samples.at(-1);
    if (bytes === undefined || (last !== undefined && asOf < last.at + 2_000)) return;
    this.#samples = [...this.#samples, { at: asOf, bytes }].slice(-MOST_SAMPLES);
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), ms);
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#cancel;
    this.#askedAt = performance.now();
    if (this.page.store.paused === undefined && !document.hidden) {
      const names = Object.keys(ADDRESSES) as (keyof DataParts)[];
      await Promise.all([...names.map((name) => this.#ask(name, signal)), this.#askLog(signal)]);
    }
    if (!signal.aborted) this.#later(POLL_MS);
  }

  async #ask(name: keyof DataParts, signal: AbortSignal): Promise<void> {
    const [address, query] = ADDRESSES[name];
    const part = await this.#get(address, query, signal);
    if (part !== undefined) this._parts = { ...this._parts, [name]: part };
  }

  async #askLog(signal: AbortSignal): Promise<void> {
    const job = this._opened?.job;
    if (job === undefined) return;
    const part = await this.#get(`/jobs/${encodeURIComponent(job)}/runs`, LOGS, signal);
    if (part !== undefined && this._opened?.job === job) this._log = part;
  }

  async #get(path: string, query: Readonly<Record<string, number>>, signal: AbortSignal): Promise<RawPart | undefined> {
    try {
      return { kind: 'ready', value: await this.page.http.get(path, query, signal) };
    } catch (thrown) {
      if (signal.aborted) return undefined;
      if (thrown instanceof AppError && thrown.code === 'not-found') return { kind: 'absent' };
      return { kind: 'failed', why: messageOf(thrown) };
    }
  }

  #open(opened: Opened | undefined): void {
    if (opened?.job !== this._opened?.job) this._log = WAITING;
    this._opened = opened;
    void this.#askLog(this.#cancel.signal);
  }

  #runJob({ job, reason }: { readonly job: string; readonly reason: string }): Promise<void> {
    return this.#command(job, `/jobs/${encodeURIComponent(job)}/run`, reason);
  }

  async #command(what: string, path: string, reason: string): Promise<void> {
    this._outcome = { what, phase: 'requested' };
    try {
      await this.page.post(path, reason);
      this._outcome = { what, phase: 'done' };
    } catch (thrown) {
      this._outcome = { what, phase: 'refused', why: messageOf(thrown) };
    }
    await this.#poll();
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

customElements.define('pl-data-host', PlDataHost);

declare global {
  interface HTMLElementTagNameMap {
    'pl-data-host': PlDataHost;
  }
}
