/**
 * Brand, pages, freshness, language and theme.
 * @fires navigate {route} when a page is chosen; language, theme when their button is pressed
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { TextKey } from '../data/text.ts';
import { nextTheme } from '../data/url-state.ts';
import type { Page, Route } from '../page.ts';
import { PlElement } from './element.ts';
import './freshness.ts';
import { type IconName, icon } from './icons.ts';

const PAGES: readonly { route: Route; path: string; icon: IconName; text: TextKey }[] = [
  { route: 'live', path: '/', icon: 'activity', text: 'page.live' },
  { route: 'system', path: '/system', icon: 'network', text: 'page.system' },
  { route: 'data', path: '/data', icon: 'database', text: 'page.data' },
];

export class PlAppHeader extends PlElement {
  static override properties = { page: { attribute: false }, problems: { type: Number }, stamp: { attribute: false } };
  declare page: Page;
  declare problems: number;
  /** Changes whenever the header has to be drawn again: page is one object that changes inside. */
  declare stamp: number;

  constructor() {
    super();
    this.problems = 0;
  }

  protected override render(): TemplateResult {
    const { page } = this;
    const next = nextTheme(page.theme, page.darkSystem);
    const names = { now: this.text(`theme.${page.theme}`), next: this.text(`theme.${next}`) };
    const themeIcon: IconName = page.theme === 'system' ? 'monitor' : page.theme === 'dark' ? 'moon' : 'sun';
    return html`<header class="pl-header">
      <div class="pl-header-row">
        <a class="pl-brand" href="/" aria-label="pulso" @click=${(event: MouseEvent) => this.#navigate(event, 'live')}
          ><svg viewBox="0 0 20 20" aria-hidden="true">
            <rect width="20" height="20" rx="5" fill="var(--pl-accent)" />
            <path d="M3 10.6h3.2l2-5.2 3.6 9.4 2-4.2H17" fill="none" stroke="var(--pl-text-on-accent)" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" /></svg
          ><span>pulso</span></a
        >
        <nav class="pl-nav" aria-label=${this.text('app.pages')}>
          <ul>
            ${PAGES.map((entry) => this.#link(entry))}
          </ul>
        </nav>
        <span class="pl-spacer"></span>
        <pl-freshness
          .verdict=${page.verdict}
          .status=${page.store.status}
          .watermark=${page.model.watermark}
          .now=${this.stamp}
        ></pl-freshness>
        <div class="pl-header-tools">
          <button type="button" class="pl-button" data-kind="ghost" data-tool="language" aria-label=${this.text('lang.switch')} @click=${() => page.toggleLanguage()}>
            ${icon('languages')}<span class="hide-s">${this.text('lang.short')}</span>
          </button>
          <button type="button" class="pl-button icon" data-kind="ghost" data-tool="theme" aria-label=${this.text('theme.switch', names)} title=${this.text('theme.switch', names)} @click=${() => page.toggleTheme()}>
            ${icon(themeIcon)}
          </button>
          <button type="button" class="pl-button icon hide-s opt-l" data-kind="ghost" data-tool="screen" aria-label=${this.text('screen.full')} @click=${toggleFullScreen}>
            ${icon('maximize')}
          </button>
        </div>
      </div>
    </header>`;
  }

  #link(entry: (typeof PAGES)[number]): TemplateResult {
    const current = entry.route === this.page.route;
    const count =
      entry.route === 'system' && this.problems > 0
        ? html`<span class="pl-count" aria-label=${this.text('page.problems', { n: this.problems })}>${this.problems}</span>`
        : nothing;
    return html`<li>
      <a href=${entry.path} aria-current=${current ? 'page' : nothing} @click=${(event: MouseEvent) => this.#navigate(event, entry.route)}
        >${icon(entry.icon)}<span>${this.text(entry.text)}</span>${count}</a
      >
    </li>`;
  }

  /** A plain press stays on the page; one with a modifier opens a tab as every link does. */
  #navigate(event: MouseEvent, route: Route): void {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.page.go(route);
  }
}

function toggleFullScreen(): void {
  if (document.fullscreenElement === null) void document.documentElement.requestFullscreen();
  else void document.exitFullscreen();
}

customElements.define('pl-app-header', PlAppHeader);

declare global {
  interface HTMLElementTagNameMap {
    'pl-app-header': PlAppHeader;
  }
}
