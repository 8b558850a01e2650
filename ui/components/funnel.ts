/** From view to purchase, as counts of clicks and the share that goes on. @fires retry, widen (see panel) */
import { html, type TemplateResult } from 'lit';
import { type Delta, pointsDelta } from '../data/compare.ts';
import type { Funnel } from '../data/figures.ts';
import { formatNumber, formatShare, NONE } from '../data/format.ts';
import { deltaView } from './delta.ts';
import { PlPanel } from './panel.ts';

export class PlFunnel extends PlPanel<Funnel> {
  protected override render(): TemplateResult {
    const heading = this.text('fun.title');
    const note = this.text('fun.note', { range: this.context.range });
    return this.card({ id: 'h-funnel', heading, note, skeleton: 'list', minHeight: 150 }, (now) => this.#steps(now));
  }

  #steps(now: Funnel): TemplateResult {
    const old = this.previous;
    const rate = (part: number, whole: number) => (whole === 0 ? undefined : part / whole);
    const toCart = rate(now.carts, now.views);
    const toPurchase = rate(now.purchases, now.carts);
    const before = old === undefined ? [] : [rate(old.carts, old.views), rate(old.purchases, old.carts)];
    return html`<div class="pl-funnel">
      ${step(this.text('fun.view'), now.views, now.views)}
      ${rateRow(toCart, this.text('fun.toCart'), pointsDelta(toCart, before[0]))}
      ${step(this.text('fun.cart'), now.carts, now.views)}
      ${rateRow(toPurchase, this.text('fun.toPurchase'), pointsDelta(toPurchase, before[1]))}
      ${step(this.text('fun.purchase'), now.purchases, now.views)}
    </div>`;
  }
}

function step(name: string, count: number, most: number): TemplateResult {
  const width = most === 0 ? 0 : Math.min(100, (count / most) * 100);
  return html`<div class="step">
    <span>${name}</span><span class="tr"><i style="width: ${width}%"></i></span><span class="n pl-num">${formatNumber(count)}</span>
  </div>`;
}

function rateRow(share: number | undefined, words: string, change: Delta | undefined): TemplateResult {
  return html`<div class="rate">
    <span></span><span><b class="pl-num">${share === undefined ? NONE : formatShare(share)}</b> ${words}</span><span class="n">${deltaView(change)}</span>
  </div>`;
}

customElements.define('pl-funnel', PlFunnel);

declare global {
  interface HTMLElementTagNameMap {
    'pl-funnel': PlFunnel;
  }
}
