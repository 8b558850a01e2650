/** The whole page: skip link, header, the page of the current address, foot, and the one line readers hear. */
import { html, nothing, type TemplateResult } from 'lit';
import { locale } from '../data/locale.ts';
import { problemsOf } from '../data/system.ts';
import type { Page } from '../page.ts';
import './app-header.ts';
import './data-host.ts';
import { PlElement } from './element.ts';
import './live-page.ts';
import './spoken-status.ts';
import './system-host.ts';

export class PlApp extends PlElement {
  static override properties = { page: { attribute: false }, _stamp: { state: true } };
  declare page: Page | undefined;
  declare _stamp: number;
  #unsubscribe: (() => void)[] = [];

  constructor() {
    super();
    this._stamp = Date.now();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const { page } = this;
    if (!changed.has('page') || page === undefined) return;
    const redraw = () => {
      this._stamp = Date.now();
    };
    this.#unsubscribe = [page.subscribe(redraw), page.store.subscribe(['status'], redraw)];
  }

  override disconnectedCallback(): void {
    for (const end of this.#unsubscribe) end();
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { page } = this;
    if (page === undefined) return nothing;
    document.title = `${this.text(`page.${page.route}`)} - pulso`;
    const foot = { zone: locale.zone, currency: locale.currency };
    return html`<a class="pl-skip" href="#main" @click=${skip}>${this.text('app.skip')}</a>
      <pl-app-header .page=${page} .problems=${problemsOf(page.store.channel('system'))} .stamp=${this._stamp}></pl-app-header>
      ${this.#main(page)}
      <footer class="pl-foot"><span>${this.text('app.foot', foot)}</span></footer>
      <pl-spoken-status .page=${page} .stamp=${this._stamp}></pl-spoken-status>`;
  }

  #main(page: Page): TemplateResult {
    switch (page.route) {
      case 'live':
        return html`<pl-live-page .page=${page} .stamp=${this._stamp}></pl-live-page>`;
      case 'system':
        return html`<pl-system-host .page=${page} .stamp=${this._stamp}></pl-system-host>`;
      case 'data':
        return html`<pl-data-host .page=${page} .stamp=${this._stamp}></pl-data-host>`;
    }
  }
}

/** The address stays as it is: a fragment would be one more thing in a shared link. */
function skip(event: Event): void {
  event.preventDefault();
  const main = document.querySelector<HTMLElement>('#main');
  main?.setAttribute('tabindex', '-1');
  main?.focus();
}

customElements.define('pl-app', PlApp);

declare global {
  interface HTMLElementTagNameMap {
    'pl-app': PlApp;
  }
}
