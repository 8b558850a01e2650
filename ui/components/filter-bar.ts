/**
 * What the page is filtered by, as chips, and a small form to add a filter without the map or the list.
 * @fires view {state?, category?}
 */
import { html, nothing, type TemplateResult } from 'lit';
import { stateName } from '../data/brazil.ts';
import { locale } from '../data/locale.ts';
import { categoryName } from '../data/names.ts';
import type { View } from '../data/url-state.ts';
import { PlElement } from './element.ts';
import { icon } from './icons.ts';

type Field = 'state' | 'category';

export class PlFilterBar extends PlElement {
  static override properties = {
    view: { attribute: false },
    states: { attribute: false },
    categories: { attribute: false },
  };
  declare view: View;
  /** Keys that can be chosen. */
  declare states: readonly string[];
  declare categories: readonly string[];

  constructor() {
    super();
    this.states = [];
    this.categories = [];
  }

  protected override render(): TemplateResult {
    const { state, category } = this.view;
    return html`<div class="pl-filter-bar">
      ${state === undefined ? nothing : this.#chip('state', `UF: ${state} ${stateName(state)}`.trim())}
      ${category === undefined ? nothing : this.#chip('category', categoryName(category, locale.language))}
      <button type="button" class="pl-button" data-kind="dashed" popovertarget="pl-filters" @click=${this.#place}>
        ${icon('plus')}<span>${this.text('bar.filter')}</span>
      </button>
      <div class="pl-popover" id="pl-filters" popover role="group" aria-label=${this.text('bar.filter')}>
        ${this.#choice('state', this.text('bar.state'), this.states, (key) => `${key} ${stateName(key) === key ? '' : stateName(key)}`)}
        ${this.#choice('category', this.text('bar.category'), this.categories, (key) => categoryName(key, locale.language))}
      </div>
    </div>`;
  }

  #chip(field: Field, label: string): TemplateResult {
    const name = this.text('bar.remove', { what: label });
    return html`<span class="pl-filter-chip" data-chip=${field}
      >${label}<button type="button" aria-label=${name} @click=${() => this.emit('view', { [field]: undefined })}>${icon('x')}</button></span
    >`;
  }

  #choice(field: Field, label: string, keys: readonly string[], name: (key: string) => string): TemplateResult {
    const chosen = this.view[field];
    const all = chosen === undefined || keys.includes(chosen) ? keys : [...keys, chosen];
    const choose = (event: Event) => {
      const { value } = event.target as HTMLSelectElement;
      this.emit('view', { [field]: value === '' ? undefined : value });
    };
    return html`<label
      ><span>${label}</span
      ><select class="pl-input" .value=${chosen ?? ''} @change=${choose}>
        <option value="" ?selected=${chosen === undefined}>${this.text('bar.any')}</option>
        ${[...all].sort().map((key) => html`<option value=${key} ?selected=${key === chosen}>${name(key)}</option>`)}
      </select></label
    >`;
  }

  /** The top layer knows no anchor: the form is put under its button. */
  #place(event: Event): void {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const form = document.getElementById('pl-filters');
    if (form === null) return;
    form.style.top = `${box.bottom + 4}px`;
    form.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - 268))}px`;
  }
}

customElements.define('pl-filter-bar', PlFilterBar);

declare global {
  interface HTMLElementTagNameMap {
    'pl-filter-bar': PlFilterBar;
  }
}
