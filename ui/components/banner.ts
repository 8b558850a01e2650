/**
 * One line under the toolbar while something about the connection must be known: stale, offline, paused.
 * @fires reconnect, system
 */
import { html, nothing, type TemplateResult } from 'lit';
import { formatClock, formatNumber, formatSeconds } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import type { Page } from '../page.ts';
import { PlElement } from './element.ts';
import { glyph } from './icons.ts';

export class PlBanner extends PlElement {
  static override properties = { page: { attribute: false }, now: { attribute: false } };
  declare page: Page;
  declare now: number;

  protected override render(): TemplateResult | typeof nothing {
    switch (this.page.verdict) {
      case 'stale':
        return this.#stale();
      case 'offline':
        return this.#offline();
      case 'paused':
        return this.#paused();
      default:
        return nothing;
    }
  }

  #stale(): TemplateResult {
    const age = formatSeconds(this.now - (this.page.store.status?.lastFrameAt ?? this.page.startedAt));
    const { watermark } = this.page.model;
    const time = watermark === undefined ? '' : formatClock(watermark, locale.zone);
    return html`<div class="pl-banner">
      ${glyph('clock')}<span>${this.text('banner.stale', { age, time })}</span
      >${
        this.page.route === 'system'
          ? nothing
          : html`<button type="button" class="pl-button" @click=${() => this.emit('system')}>${this.text('banner.openSystem')}</button>`
      }
    </div>`;
  }

  #offline(): TemplateResult {
    const { status } = this.page.store;
    const lostAt = status?.lostAt ?? status?.lastFrameAt ?? this.page.startedAt;
    const wait = status?.retryAt === undefined ? undefined : Math.max(0, status.retryAt - this.now);
    const values = {
      time: formatClock(lostAt + (status?.clockOffsetMs ?? 0), locale.zone),
      attempt: Math.max(1, status?.attempt ?? 1),
      wait: wait === undefined ? '' : `${formatNumber(Math.ceil(wait / 1_000))} s`,
    };
    return html`<div class="pl-banner bad">
      ${glyph('off')}<span>${this.text(wait === undefined ? 'banner.dialling' : 'banner.offline', values)}</span
      ><button type="button" class="pl-button" data-tool="reconnect" @click=${() => this.emit('reconnect')}>${this.text('banner.reconnect')}</button>
    </div>`;
  }

  #paused(): TemplateResult {
    const { paused, status } = this.page.store;
    if (paused === undefined)
      return html`<div class="pl-banner info">${glyph('clock')}<span>${this.text('banner.held')}</span></div>`;
    const values = {
      time: formatClock(paused.since + (status?.clockOffsetMs ?? 0), locale.zone),
      behind: formatSeconds(this.now - paused.since),
      n: formatNumber(paused.updates),
    };
    return html`<div class="pl-banner info">${glyph('info')}<span>${this.text('banner.paused', values)}</span></div>`;
  }
}

customElements.define('pl-banner', PlBanner);

declare global {
  interface HTMLElementTagNameMap {
    'pl-banner': PlBanner;
  }
}
