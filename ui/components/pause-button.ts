/** Freezes the screen, or lets it go on; the same button on every page. */
import { html, type TemplateResult } from 'lit';
import { locale } from '../data/locale.ts';
import { icon } from './icons.ts';

export function pauseButton(paused: boolean, press: () => void): TemplateResult {
  return html`<button type="button" class="pl-button pl-pause" data-tool="pause" aria-pressed=${paused} @click=${press}>
    ${icon(paused ? 'play' : 'pause')}<span>${locale.text(paused ? 'bar.resume' : 'bar.pause')}</span>
  </button>`;
}
