/** The System page's hands: fetches its code and its data while it is open, and carries its commands to the server. */
import { html, type TemplateResult } from 'lit';
import type { Page } from '../page.ts';
import './banner.ts';
import { skeletonView, stateView } from './card.ts';
import { PlElement } from './element.ts';
import { pauseButton } from './pause-button.ts';
import type { CommandOutcome } from './system/actor-drawer.ts';

/** The supervisor is asked this often, ms, and only while somebody looks. */
const POLL_MS = 1_000;

type Command = { readonly actor: string; readonly command: string; readonly reason: string };

export class PlSystemHost extends PlElement {
  static override properties = {
    page: { attribute: false },
    stamp: { attribute: false },
    _tree: { state: true },
    _events: { state: true },
    _error: { state: true },
    _clients: { state: true },
    _outcome: { state: true },
    _code: { state: true },
  };
  declare page: Page;
  declare stamp: number;
  declare _tree: unknown;
  declare _events: unknown;
  declare _error: string | undefined;
  declare _clients: number | undefined;
  declare _outcome: CommandOutcome | undefined;
  declare _code: 'loading' | 'ready' | 'failed';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cancel = new AbortController();
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
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
    const paused = page.store.paused !== undefined;
    return html`<section class="pl-toolbar" aria-label=${this.text('bar.label')}>
        <span class="pl-card-note">${this.text('system.note')}</span><span class="pl-spacer"></span>
        ${pauseButton(paused, () => page.pause(!paused))}
      </section>
      <main class="pl-main" id="main" @reconnect=${() => page.reconnectNow()} @command=${(event: CustomEvent<Command>) => void this.#command(event.detail)} @retry=${() => void this.#poll()}>
      <h1 class="pl-sr">${this.text('page.system')}</h1>
      <pl-banner .page=${page} .now=${this.stamp}></pl-banner>
      ${this.#content()}
    </main>`;
  }

  #content(): TemplateResult {
    if (this._code === 'failed') {
      const button = this.text('state.retry');
      return stateView({ kind: 'error', title: this.text('page.failed'), button, press: () => void this.#load() });
    }
    if (this._code === 'loading') return skeletonView('list');
    const { store, model, token } = this.page;
    const { status } = store;
    const now = this.stamp + (status?.clockOffsetMs ?? 0);
    const figures = {
      p50: status?.p50,
      p99: status?.p99,
      clients: this._clients,
      watermarkLagMs: model.watermark === undefined ? undefined : Math.max(0, now - model.watermark),
    };
    return html`<pl-system-page
      .tree=${this._tree}
      .live=${store.channel('system')}
      .events=${this._events}
      .figures=${figures}
      .canCommand=${token !== undefined}
      .outcome=${this._outcome}
      .error=${this._error}
      .now=${now}
    ></pl-system-page>`;
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
    if (!signal.aborted) this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { http } = this.page;
    try {
      const [tree, events, metrics] = await Promise.all([
        http.get('/system/tree', {}, signal),
        http.get('/system/events', { limit: 1_000 }, signal),
        // The number of clients is worth showing, and not worth an error.
        http.get('/metrics', {}, signal).catch(() => ''),
      ]);
      this._tree = tree;
      this._events = events;
      this._clients = readGauge(metrics, 'pulso_clients');
      this._error = undefined;
    } catch (thrown) {
      if (!signal.aborted) this._error = messageOf(thrown);
    }
  }

  async #command({ actor, command, reason }: Command): Promise<void> {
    this._outcome = { actor, command, phase: 'requested' };
    try {
      await this.page.command(actor, command, reason);
      this._outcome = { actor, command, phase: 'done' };
    } catch (thrown) {
      this._outcome = { actor, command, phase: 'refused', why: messageOf(thrown) };
    }
    await this.#poll();
  }
}

/** One figure out of the Prometheus text. */
function readGauge(text: unknown, name: string): number | undefined {
  const line = new RegExp(`^${name} (\\S+)$`, 'm').exec(String(text));
  return line === null ? undefined : Number(line[1]);
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
