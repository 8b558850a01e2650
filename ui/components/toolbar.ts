/**
 * Range, comparison, filters, copy and pause, under the header.
 * @fires view {range?, compare?, state?, category?} for what shall be looked at; pause {on}
 */
import { html, type TemplateResult } from 'lit';
import { RANGES, type View } from '../data/url-state.ts';
import { PlElement } from './element.ts';
import './filter-bar.ts';
import { icon } from './icons.ts';
import { pauseButton } from './pause-button.ts';

export class PlToolbar extends PlElement {
  static override properties = {
    view: { attribute: false },
    paused: { type: Boolean },
    states: { attribute: false },
    categories: { attribute: false },
  };
  declare view: View;
  declare paused: boolean;
  declare states: readonly string[];
  declare categories: readonly string[];

  constructor() {
    super();
    this.paused = false;
    this.states = [];
    this.categories = [];
  }

  protected override render(): TemplateResult {
    const { view, paused } = this;
    const compare = this.text(view.compare ? 'bar.yesterday' : 'bar.nothing');
    return html`<section class="pl-toolbar" aria-label=${this.text('bar.label')}>
      <div class="pl-segmented" role="group" aria-label=${this.text('bar.range')}>
        ${RANGES.map(
          (range) =>
            html`<button type="button" aria-pressed=${range === view.range} data-range=${range} @click=${() => this.emit('view', { range })}>${this.text(`range.${range}`)}</button>`,
        )}
      </div>
      <button type="button" class="pl-select" aria-pressed=${view.compare} data-tool="compare" @click=${() => this.emit('view', { compare: !view.compare })}>
        <b>${this.text('bar.compare')}</b> ${compare}
      </button>
      <pl-filter-bar .view=${view} .states=${this.states} .categories=${this.categories}></pl-filter-bar>
      <span class="pl-spacer"></span>
      <button type="button" class="pl-button icon hide-s" data-kind="ghost" aria-label=${this.text('bar.copy')} title=${this.text('bar.copy')} @click=${copyLink}>
        ${icon('link')}
      </button>
      ${pauseButton(paused, () => this.emit('pause', { on: !paused }))}
    </section>`;
  }
}

function copyLink(): void {
  void navigator.clipboard?.writeText(location.href);
}

customElements.define('pl-toolbar', PlToolbar);

declare global {
  interface HTMLElementTagNameMap {
    'pl-toolbar': PlToolbar;
  }
}
