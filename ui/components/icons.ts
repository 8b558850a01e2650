/** Outline icons (Lucide, ISC licence) and the page's own 12 px state glyphs, told apart by outline alone. */
import { html, svg, type TemplateResult } from 'lit';

const ICONS = {
  activity: svg`<path d="M22 12h-2.48a2 2 0 0 0-1.93 1.46l-2.35 8.36a.25.25 0 0 1-.48 0L9.24 2.18a.25.25 0 0 0-.48 0l-2.35 8.36A2 2 0 0 1 4.49 12H2" />`,
  network: svg`<rect x="16" y="16" width="6" height="6" rx="1" /><rect x="2" y="16" width="6" height="6" rx="1" /><rect x="9" y="2" width="6" height="6" rx="1" /><path d="M5 16v-3a1 1 0 0 1 1-1h12a1 1 0 0 1 1 1v3" /><path d="M12 12V8" />`,
  database: svg`<ellipse cx="12" cy="5" rx="9" ry="3" /><path d="M3 5V19A9 3 0 0 0 21 19V5" /><path d="M3 12A9 3 0 0 0 21 12" />`,
  languages: svg`<path d="m5 8 6 6" /><path d="m4 14 6-6 2-3" /><path d="M2 5h12" /><path d="M7 2h1" /><path d="m22 22-5-10-5 10" /><path d="M14 18h6" />`,
  moon: svg`<path d="M20.985 12.486a9 9 0 1 1-9.473-9.472c.405-.022.617.46.402.803a6 6 0 0 0 8.268 8.268c.344-.215.825-.004.803.401" />`,
  sun: svg`<circle cx="12" cy="12" r="4" /><path d="M12 2v2" /><path d="M12 20v2" /><path d="m4.93 4.93 1.41 1.41" /><path d="m17.66 17.66 1.41 1.41" /><path d="M2 12h2" /><path d="M20 12h2" /><path d="m6.34 17.66-1.41 1.41" /><path d="m19.07 4.93-1.41 1.41" />`,
  maximize: svg`<path d="M8 3H5a2 2 0 0 0-2 2v3" /><path d="M21 8V5a2 2 0 0 0-2-2h-3" /><path d="M3 16v3a2 2 0 0 0 2 2h3" /><path d="M16 21h3a2 2 0 0 0 2-2v-3" />`,
  'chevron-down': svg`<path d="m6 9 6 6 6-6" />`,
  'table-2': svg`<path d="M3 9h18" /><path d="M9 3v18" /><rect x="3" y="3" width="18" height="18" rx="2" />`,
  link: svg`<path d="M10 13a5 5 0 0 0 7.54.54l3-3a5 5 0 0 0-7.07-7.07l-1.72 1.71" /><path d="M14 11a5 5 0 0 0-7.54-.54l-3 3a5 5 0 0 0 7.07 7.07l1.71-1.71" />`,
  pause: svg`<rect x="14" y="3" width="5" height="18" rx="1" /><rect x="5" y="3" width="5" height="18" rx="1" />`,
  play: svg`<path d="M5 5a2 2 0 0 1 3.008-1.728l11.997 6.998a2 2 0 0 1 .003 3.458l-12 7A2 2 0 0 1 5 19z" />`,
  plus: svg`<path d="M5 12h14" /><path d="M12 5v14" />`,
  x: svg`<path d="M18 6 6 18" /><path d="m6 6 12 12" />`,
  inbox: svg`<polyline points="22 12 16 12 14 15 10 15 8 12 2 12" /><path d="M5.45 5.11 2 12v6a2 2 0 0 0 2 2h16a2 2 0 0 0 2-2v-6l-3.45-6.89A2 2 0 0 0 16.76 4H7.24a2 2 0 0 0-1.79 1.11z" />`,
  'circle-alert': svg`<circle cx="12" cy="12" r="10" /><line x1="12" x2="12" y1="8" y2="12" /><line x1="12" x2="12.01" y1="16" y2="16" />`,
  monitor: svg`<rect width="20" height="14" x="2" y="3" rx="2" /><path d="M8 21h8" /><path d="M12 17v4" />`,
} as const;

const GLYPHS = {
  up: svg`<path d="M6 2l5 8H1z" fill="currentColor" />`,
  down: svg`<path d="M6 10L1 2h10z" fill="currentColor" />`,
  ok: svg`<circle cx="6" cy="6" r="5.25" fill="currentColor" /><path d="M3.6 6.2l1.7 1.7 3.1-3.6" fill="none" stroke="var(--pl-surface)" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" />`,
  warn: svg`<path d="M6 .9l5.4 9.7H.6z" fill="currentColor" /><path d="M6 4.4v2.7" stroke="var(--pl-surface)" stroke-width="1.3" stroke-linecap="round" /><circle cx="6" cy="8.8" r=".8" fill="var(--pl-surface)" />`,
  fail: svg`<path d="M6 .4L11.6 6 6 11.6.4 6z" fill="currentColor" /><path d="M4.5 4.5l3 3m0-3l-3 3" stroke="var(--pl-surface)" stroke-width="1.3" stroke-linecap="round" />`,
  info: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M6 5.6v2.8" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" /><circle cx="6" cy="3.6" r=".85" fill="currentColor" />`,
  clock: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M6 3.4V6l1.8 1.3" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" />`,
  live: svg`<path d="M.8 6.4h2.3l1.4-4 2.6 7.6 1.5-3.6h2.6" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />`,
  lag: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M6 1.5v9a4.5 4.5 0 0 0 0-9z" fill="currentColor" />`,
  off: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M2.7 2.7l6.6 6.6" stroke="currentColor" stroke-width="1.5" />`,
  skip: svg`<path d="M2 2l4 4-4 4M6.4 2l4 4-4 4" fill="none" stroke="currentColor" stroke-width="1.5" />`,
  run: svg`<path d="M3 1.6l6.6 4.4L3 10.4z" fill="currentColor" />`,
  restart: svg`<path d="M10.2 6A4.2 4.2 0 1 1 8.6 2.7M8.4.8l.5 2.2-2.2.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />`,
} as const;

export type IconName = keyof typeof ICONS;
export type GlyphName = keyof typeof GLYPHS;

/** Decoration beside words or a label, so hidden from readers. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="pl-icon" viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;
}

export function glyph(name: GlyphName): TemplateResult {
  return html`<svg class="pl-glyph" viewBox="0 0 12 12" aria-hidden="true">${GLYPHS[name]}</svg>`;
}
