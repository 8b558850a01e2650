/** One key figure: value, change against yesterday, and its shape over the range. A changed value is tinted briefly. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Delta } from '../data/compare.ts';
import { type Compact, NONE } from '../data/format.ts';
import { deltaView } from './delta.ts';
import { PlElement } from './element.ts';
import { sparkView } from './spark.ts';

export type Tile = {
  readonly key: string;
  readonly label: string;
  /** undefined: not counted or not there. */
  readonly value: Compact | undefined;
  /** All digits, shown on hover. */
  readonly exact: string;
  readonly delta: Delta | undefined;
  readonly previous: string | undefined;
  /** Stands where the comparison would, for a figure that is not counted. */
  readonly note: string | undefined;
  readonly points: readonly (number | undefined)[];
  readonly previousPoints: readonly (number | undefined)[];
};

/** A figure that changes ten times a second would only flicker: at most one tint in this time, ms. */
const FLASH_EVERY_MS = 2_000;

export class PlKpiTile extends PlElement {
  static override properties = { tile: { attribute: false }, loading: { type: Boolean } };
  declare tile: Tile;
  declare loading: boolean;
  #shown = '';
  #flashedAt = 0;

  constructor() {
    super();
    this.loading = false;
  }

  protected override render(): TemplateResult {
    const { tile } = this;
    return html`<div class="pl-kpi-label">${tile.label}</div>
      ${this.loading ? skeleton() : this.#figure()}`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const text = this.tile.value?.text ?? '';
    const now = performance.now();
    const flash = this.#shown !== '' && text !== this.#shown && now - this.#flashedAt > FLASH_EVERY_MS;
    this.#shown = text;
    if (!flash) return;
    this.#flashedAt = now;
    const value = this.querySelector('.pl-kpi-value');
    value?.classList.add('pl-flash');
    value?.addEventListener('animationend', () => value.classList.remove('pl-flash'), { once: true });
  }

  #figure(): TemplateResult {
    const { value, exact, delta, previous, note, points, previousPoints } = this.tile;
    return html`<div class="pl-kpi-value pl-num" title=${exact || nothing}>
        ${value === undefined ? html`<span class="pl-muted">${NONE}</span>` : value.text}${value?.unit ? html` <small>${value.unit}</small>` : nothing}
      </div>
      <div class="pl-kpi-compare">
        ${note === undefined ? deltaView(delta) : note}${previous === undefined ? nothing : html`<span class="pl-num">${this.text('vs')} ${previous}</span>`}
      </div>
      <div class="pl-spark-wrap">${sparkView({ points, previous: previousPoints })}</div>`;
  }
}

function skeleton(): TemplateResult {
  return html`<div class="pl-kpi-value">
      <div class="pl-skel" aria-hidden="true"><i style="width: 60%; height: 20px"></i><i style="width: 42%"></i></div>
    </div>
    <div class="pl-spark-wrap"></div>`;
}

customElements.define('pl-kpi-tile', PlKpiTile);

declare global {
  interface HTMLElementTagNameMap {
    'pl-kpi-tile': PlKpiTile;
  }
}
