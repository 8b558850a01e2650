/** The frame around a panel, and what it shows while there is nothing to show. */
import { html, nothing, type TemplateResult } from 'lit';
import { locale } from '../data/locale.ts';
import { glyph, type IconName, icon } from './icons.ts';

type Content = TemplateResult | typeof nothing | string;

export type CardOptions = {
  readonly id: string;
  readonly heading: string;
  readonly note?: string;
  /** Time the figures are of, shown once they are stale. */
  readonly asOf?: string | undefined;
  readonly tools?: Content | undefined;
  readonly foot?: Content | undefined;
  /** `fill` stretches the body, `flush` leaves out its padding. */
  readonly body?: 'fill' | 'flush' | '';
  readonly busy?: boolean;
  /** Height that the body keeps in every state, px. */
  readonly minHeight?: number;
};

export function cardView(options: CardOptions, content: Content): TemplateResult {
  const { id, heading, note, asOf, tools, foot, body = '', busy = false, minHeight } = options;
  return html`<section class="pl-card" aria-labelledby=${id} aria-busy=${busy ? 'true' : nothing}>
    <header class="pl-card-head">
      <h2 id=${id}>${heading}</h2>
      ${note ? html`<span class="pl-card-note">${note}</span>` : nothing}
      ${asOf === undefined ? nothing : html`<span class="pl-age">${glyph('clock')}<span>${asOf}</span></span>`}
      ${tools === undefined || tools === nothing ? nothing : html`<div class="pl-card-tools">${tools}</div>`}
    </header>
    <div class="pl-card-body ${body}" style=${minHeight === undefined ? nothing : `min-height: ${minHeight}px`}>${content}</div>
    ${foot === undefined || foot === nothing ? nothing : html`<footer class="pl-card-foot push">${foot}</footer>`}
  </section>`;
}

export type StateOptions = {
  readonly kind: 'empty' | 'error';
  readonly title: string;
  readonly why?: string;
  readonly button?: string;
  readonly press?: () => void;
};

/** A sentence in the middle of an empty panel, with the way out when there is one. */
export function stateView({ kind, title, why, button, press }: StateOptions): TemplateResult {
  const picture: IconName = kind === 'error' ? 'circle-alert' : 'inbox';
  return html`<div class="pl-state" data-kind=${kind}>
    ${icon(picture)}<b>${title}</b>${why ? html`<p>${why}</p>` : nothing}${
      button ? html`<button type="button" class="pl-button" @click=${press}>${button}</button>` : nothing
    }
  </div>`;
}

const WIDTHS = [92, 70, 84, 58, 76, 64, 88, 52];

/** Grey bars in the shape of a list, or the grid of a chart. */
export function skeletonView(shape: 'list' | 'table' | 'chart'): TemplateResult {
  if (shape === 'chart') return html`<div class="pl-skel chart" aria-hidden="true"></div>`;
  const bars = html`<div class="pl-skel" aria-hidden="true">${WIDTHS.map((width) => html`<i style="width: ${width}%"></i>`)}</div>`;
  return shape === 'list' ? bars : html`<div style="padding: 8px var(--pl-card-padding)">${bars}</div>`;
}

export function errorView(why: string, retry: () => void): TemplateResult {
  return stateView({
    kind: 'error',
    title: locale.text('state.error'),
    why,
    button: locale.text('state.retry'),
    press: retry,
  });
}
