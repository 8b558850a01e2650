/** The System page's hands: fetches its code and its data while it is open, and carries its commands to the server. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Page } from '../page.ts';
import './banner.ts';
import { skeletonView, stateView } from './card.ts';
import { PlElement } from './element.ts';
import { pauseButton } from './pause-button.ts';
import type { CommandPreview } from './system/impact.ts';
import type { CommandOutcome } from './system/impact-form.ts';

/** The supervisor's words are asked for this often, ms, and only while somebody looks. */
const POLL_MS = 1_000;
const MOST_INCIDENTS = 200;
const MOST_AUDIT = 50;
const HOUR_MS = 3_600_000;
const RANGES = {
  '15m': HOUR_MS / 4,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
} as const;
type Range = keyof typeof RANGES;

type Command = { readonly actor: string; readonly command: string; readonly reason: string; readonly more: object };

export class PlSystemHost extends PlElement {
  static override properties = {
    page: { attribute: false },
    stamp: { attribute: false },
    _tree: { state: true },
    _incidents: { state: true },
    _detail: { state: true },
    _messages: { state: true },
    _asked: { state: true },
    _audit: { state: true },
    _error: { state: true },
    _preview: { state: true },
    _outcome: { state: true },
    _range: { state: true },
    _code: { state: true },
  };
  declare page: Page;
  declare stamp: number;
  declare _tree: unknown;
  declare _incidents: unknown;
  declare _detail: unknown;
  declare _messages: unknown;
  /** What is to become of ingest, while its consequences are looked at. */
  declare _asked: 'pause' | 'resume' | undefined;
  /** undefined while the list is not wanted. */
  declare _audit: unknown;
  declare _error: string | undefined;
  declare _preview: CommandPreview | undefined;
  declare _outcome: CommandOutcome | undefined;
  declare _range: Range;
  declare _code: 'loading' | 'ready' | 'failed';
  #actor: string | undefined;
  #asks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancel = new AbortController();
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    this._range = '1h';
    this._code = 'loading';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#cancel = new AbortController();
    void this.#load();
    // The page object is set after this: the first poll waits for it.
    this.#timer = setTimeout(() => void this.#poll(), 0);
  }

  override disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#cancel.abort();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    super.disconnectedCallback();
  }

  override willUpdate(): void {
    this.#unsubscribe ??= this.page.store.subscribe(['system'], () => this.requestUpdate());
  }

  protected override render(): TemplateResult {
    const { page } = this;
    return html`${this.#toolbar()}
      <main
        class="pl-main"
        id="main"
        @reconnect=${() => page.reconnectNow()}
        @look=${(event: CustomEvent<{ actor?: string }>) => this.#look(event.detail.actor)}
        @ask=${() => this.#askIngest(undefined)}
        @preview=${(event: CustomEvent<Command>) => void this.#foresee(event.detail)}
        @command=${(event: CustomEvent<Command>) => void this.#command(event.detail)}
        @retry=${() => void this.#poll()}
      >
      <h1 class="pl-sr">${this.text('page.system')}</h1>
      <pl-banner .page=${page} .now=${this.stamp}></pl-banner>
      ${this.#content()}
    </main>`;
  }

  #toolbar(): TemplateResult {
    const { page } = this;
    const paused = page.store.paused !== undefined;
    return html`<section class="pl-toolbar" aria-label=${this.text('bar.label')}>
        <div class="pl-segmented" role="group" aria-label=${this.text('bar.range')}>
          ${(Object.keys(RANGES) as Range[]).map(
            (range) =>
              html`<button type="button" aria-pressed=${range === this._range} data-range=${range} @click=${() => this.#setRange(range)}>${this.text(`range.${range}`)}</button>`,
          )}
        </div>
        <span class="pl-card-note hide-s">${this.text('system.note')}</span><span class="pl-spacer"></span>
        <button type="button" class="pl-button" data-tool="audit" aria-pressed=${this._audit !== undefined} @click=${() => this.#toggleAudit()}>${this.text('system.audit')}</button>
        ${this.#ingestButton()} ${pauseButton(paused, () => page.pause(!paused))}
      </section>`;
  }

  #ingestButton(): TemplateResult | typeof nothing {
    if (this.page.token === undefined) return nothing;
    const next = this.page.held ? 'resume' : 'pause';
    const press = () => this.#askIngest(this._asked === next ? undefined : next);
    return html`<button type="button" class="pl-button" data-tool="ingest" aria-pressed=${this._asked === next} @click=${press}>${this.text(`system.${next}`)}</button>`;
  }

  async #askIngest(command: 'pause' | 'resume' | undefined): Promise<void> {
    this._asked = command;
    this._outcome = undefined;
    if (command !== undefined) void this.#foresee({ actor: 'ingest', command });
    await this.updateComplete;
    await this.querySelector('pl-system-page')?.updateComplete;
    const next = command === undefined ? '[data-tool="ingest"]' : '.pl-system > form input';
    this.querySelector<HTMLElement>(next)?.focus();
  }

  #content(): TemplateResult {
    if (this._code === 'failed') {
      const button = this.text('state.retry');
      return stateView({ kind: 'error', title: this.text('page.failed'), button, press: () => void this.#load() });
    }
    if (this._code === 'loading') return skeletonView('list');
    const { store, model, token } = this.page;
    const { status } = store;
    const now = this.#now();
    const figures = {
      p50: status?.p50,
      p99: status?.p99,
      watermarkLagMs: model.watermark === undefined ? undefined : Math.max(0, now - model.watermark),
    };
    return html`<pl-system-page
      .tree=${this._tree}
      .live=${store.channel('system')}
      .incidents=${this._incidents}
      .spanMs=${RANGES[this._range]}
      .detail=${this._detail}
      .messages=${this._messages}
      .asked=${this._asked}
      .audit=${this._audit}
      .figures=${figures}
      .canCommand=${token !== undefined}
      .preview=${this._preview}
      .outcome=${this._outcome}
      .error=${this._error}
      .now=${now}
    ></pl-system-page>`;
  }

  /** The server's. */
  #now(): number {
    return this.stamp + (this.page.store.status?.clockOffsetMs ?? 0);
  }

  async #load(): Promise<void> {
    this._code = 'loading';
    try {
      await import('./system/page.ts');
      this._code = 'ready';
    } catch {
      this._code = 'failed';
    }
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#cancel;
    if (this.page.store.paused === undefined && !document.hidden) await this.#ask(signal);
    if (signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  /** What a person does meanwhile asks anew: the answer to what was wanted before is of no use then. */
  async #ask(signal: AbortSignal): Promise<void> {
    const { http } = this.page;
    const ask = ++this.#asks;
    const actor = this.#actor;
    const from = Math.floor(this.#now() - RANGES[this._range]);
    try {
      const [tree, incidents, detail, messages, audit] = await Promise.all([
        http.get('/system/tree', {}, signal),
        http.get('/system/incidents', { from, limit: MOST_INCIDENTS }, signal),
        // An actor may have gone meanwhile: the tree says so.
        actor && http.get(pathOf(actor), {}, signal).catch(() => undefined),
        actor && http.get(`${pathOf(actor)}/messages`, {}, signal).catch(() => undefined),
        this._audit && http.get('/system/audit', { limit: MOST_AUDIT }, signal),
      ]);
      if (ask !== this.#asks) return;
      this._tree = tree;
      this._incidents = incidents;
      if (actor === this.#actor) {
        this._detail = detail;
        this._messages = messages;
      }
      if (this._audit !== undefined) this._audit = audit ?? this._audit;
      this._error = undefined;
    } catch (thrown) {
      if (!signal.aborted && ask === this.#asks) this._error = messageOf(thrown);
    }
  }

  #look(actor: string | undefined): void {
    this.#actor = actor;
    this._messages = undefined;
    void this.#poll();
  }

  #setRange(range: Range): void {
    this._range = range;
    void this.#poll();
  }

  #toggleAudit(): void {
    this._audit = this._audit === undefined ? {} : undefined;
    void this.#poll();
  }

  async #foresee({ actor, command }: Pick<Command, 'actor' | 'command'>): Promise<void> {
    const asked = { actor, command };
    this._preview = asked;
    let preview: CommandPreview;
    try {
      preview = { ...asked, answer: await this.page.http.get(`${pathOf(actor)}/preview`, { command }) };
    } catch (thrown) {
      preview = { ...asked, error: messageOf(thrown) };
    }
    if (this._preview === asked) this._preview = preview;
  }

  async #command({ actor, command, reason, more }: Command): Promise<void> {
    this._asked = undefined;
    this._outcome = { actor, command, phase: 'requested' };
    try {
      await this.page.post(`${pathOf(actor)}/${command}`, reason, more);
      this._outcome = { actor, command, phase: 'done' };
    } catch (thrown) {
      this._outcome = { actor, command, phase: 'refused', why: messageOf(thrown) };
    }
    await this.#poll();
  }
}

function pathOf(actor: string): string {
  return actor === 'ingest' ? '/system/ingest' : `/system/actors/${encodeURIComponent(actor)}`;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

customElements.define('pl-system-host', PlSystemHost);

declare global {
  interface HTMLElementTagNameMap {
    'pl-system-host': PlSystemHost;
  }
}
