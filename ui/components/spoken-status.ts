/** The one line that readers hear by themselves: on a change of the verdict, and the figures at most every 15 s. */
import { html, type TemplateResult } from 'lit';
import { figuresOf } from '../data/figures.ts';
import { formatMoney, formatNumber } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import type { Verdict } from '../data/verdict.ts';
import type { Page } from '../page.ts';
import { PlElement } from './element.ts';

/** Ticks are never announced; this is how often the figures may be, ms. */
const EVERY_MS = 15_000;

export class PlSpokenStatus extends PlElement {
  static override properties = { page: { attribute: false }, stamp: { attribute: false } };
  declare page: Page;
  declare stamp: number;
  #verdict: Verdict | undefined;
  #saidAt = 0;
  #said = '';

  protected override render(): TemplateResult {
    const { verdict } = this.page;
    if (verdict !== this.#verdict) {
      this.#verdict = verdict;
      this.#speak(this.text('say.verdict', { verdict: this.text(`verdict.${verdict}`) }));
    } else if (verdict === 'live' && this.page.route === 'live' && this.stamp - this.#saidAt >= EVERY_MS) {
      this.#figures();
    }
    return html`<div class="pl-sr" role="status" aria-live="polite">${this.#said}</div>`;
  }

  #figures(): void {
    const totals = figuresOf(this.page.model.figures.totals);
    if (totals === undefined) return;
    this.#speak(
      this.text('say.figures', {
        verdict: this.text(`verdict.${this.page.verdict}`),
        orders: formatNumber(totals.orders),
        revenue: formatMoney(totals.revenue ?? 0, locale.currency, 0),
        range: this.text(`last.${this.page.view.range}`),
      }),
    );
  }

  #speak(text: string): void {
    this.#saidAt = this.stamp;
    this.#said = text;
  }
}

customElements.define('pl-spoken-status', PlSpokenStatus);

declare global {
  interface HTMLElementTagNameMap {
    'pl-spoken-status': PlSpokenStatus;
  }
}
