/** A change against yesterday: arrow, sign and figure; where up is bad also a word. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Delta } from '../data/compare.ts';
import { locale } from '../data/locale.ts';
import { glyph } from './icons.ts';

export function deltaView(delta: Delta | undefined, withWord = false): TemplateResult | typeof nothing {
  if (delta === undefined) return nothing;
  const word =
    withWord && delta.good !== undefined
      ? ` ${locale.text(delta.good === 'yes' ? 'delta.better' : 'delta.worse')}`
      : '';
  return html`<span class="pl-delta" data-good=${delta.good ?? nothing}
    >${delta.direction === 'flat' ? nothing : glyph(delta.direction)}<span class="pl-num">${delta.text}${word}</span></span
  >`;
}
