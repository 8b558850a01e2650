/**
 * One line that says how the system is: a word with its reason, then the figures that are known.
 * Properties: actors, figures (what is undefined is not shown), now (server time).
 */
import './verdict-strip.css';
import { html, type TemplateResult } from 'lit';
import { formatDuration, formatMinute, formatNumber, formatSeconds } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import { type GlyphName, glyph } from '../icons.ts';
import { type Actor, isProblem, type SystemVerdict, systemVerdict } from './actors.ts';
import { say, sayOf } from './words.ts';

export type SystemFigures = {
  /** Events a second that are appended, and that are counted. */
  readonly eventsIn?: number | undefined;
  readonly eventsOut?: number | undefined;
  /** From the append to this page, ms. */
  readonly p50?: number | undefined;
  readonly p99?: number | undefined;
  readonly watermarkLagMs?: number | undefined;
  readonly clients?: number | undefined;
  readonly hotBytes?: number | undefined;
  /** Terminated threads that have not ended. */
  readonly zombies?: number | undefined;
  /** Set while an operator keeps the lanes from reading. */
  readonly paused?: { readonly at: number; readonly reason: string } | undefined;
};

const GLYPHS: Readonly<Record<SystemVerdict | 'paused', GlyphName>> = {
  ok: 'ok',
  degraded: 'warn',
  failing: 'fail',
  unknown: 'off',
  paused: 'clock',
};

export class PlVerdictStrip extends PlElement {
  static override properties = { actors: { attribute: false }, figures: { attribute: false }, now: { type: Number } };
  declare actors: readonly Actor[];
  declare figures: SystemFigures;
  declare now: number;

  protected override render(): TemplateResult {
    const health = systemVerdict(this.actors);
    const verdict = health === 'ok' && this.figures.paused !== undefined ? 'paused' : health;
    return html`<section class="pl-verdict-strip" data-v=${verdict} aria-label=${say('verdict.title')}>
      <div class="lead">
        <b>${glyph(GLYPHS[verdict])}<span>${say(`verdict.${verdict}`)}</span></b><span>${this.#reason()}</span>
      </div>
      <dl class="pl-stats">${this.#stats()}</dl>
    </section>`;
  }

  #reason(): string {
    if (this.actors.length === 0) return say('verdict.noNews');
    const counts = new Map<string, number>();
    for (const actor of this.actors)
      if (isProblem(actor) || (actor.state !== 'running' && actor.state !== 'waiting'))
        counts.set(actor.state, (counts.get(actor.state) ?? 0) + 1);
    const words = [...counts].map(([state, n]) => `${n} ${sayOf('state', state).toLowerCase()}`);
    const { paused } = this.figures;
    if (paused !== undefined)
      words.unshift(
        say('verdict.ingest', { at: formatMinute(paused.at, locale.zone), why: paused.reason && `: ${paused.reason}` }),
      );
    return words.join(', ') || say('verdict.allRunning');
  }

  #stats(): TemplateResult[] {
    const { eventsIn, eventsOut, p50, p99, watermarkLagMs, clients, hotBytes, zombies } = this.figures;
    const workers = this.actors.filter(({ kind }) => kind === 'worker');
    const running = workers.filter(({ state }) => state === 'running' || state === 'waiting').length;
    const [root] = this.actors;
    const stats: TemplateResult[] = [];
    const add = (name: string, value: TemplateResult | string) =>
      stats.push(html`<div><dt>${name}</dt><dd class="pl-num">${value}</dd></div>`);
    if (root !== undefined)
      add(say('stat.actors'), html`${running} <small>${say('stat.ofRunning', { n: workers.length })}</small>`);
    if (root?.startedAt !== undefined)
      add(
        say('stat.uptime'),
        html`${formatUptime(this.now - root.startedAt)} <small>${say('stat.epoch', { n: root.epoch })}</small>`,
      );
    if (eventsIn !== undefined && eventsOut !== undefined)
      add(
        say('stat.events'),
        html`${formatNumber(eventsIn)} <small>/s</small> · ${formatNumber(eventsOut)} <small>/s</small>`,
      );
    if (p50 !== undefined && p99 !== undefined)
      add(
        say('stat.endToEnd'),
        html`${formatDuration(p50)} <small>p50</small> · ${formatDuration(p99)} <small>p99</small>`,
      );
    if (watermarkLagMs !== undefined) add(say('stat.watermark'), formatSeconds(watermarkLagMs));
    if (clients !== undefined)
      add(say('stat.clients'), html`${formatNumber(clients)} <small>${say('stat.webSocket')}</small>`);
    if (hotBytes !== undefined) add(say('stat.hot'), formatBytes(hotBytes));
    if (zombies) add(say('stat.zombies'), formatNumber(zombies));
    return stats;
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${formatNumber(bytes)} B`;
  if (bytes < 1024 * 1024) return `${formatNumber(bytes / 1024)} KB`;
  return `${formatNumber(bytes / 1024 / 1024, 1)} MB`;
}

/** `6 d 04 h`, `3 h 07 min`, `4 min`, `12 s`. */
export function formatUptime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (minutes >= 1440) return `${Math.floor(minutes / 1440)} d ${pad(Math.floor((minutes % 1440) / 60))} h`;
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
  return minutes >= 1 ? `${minutes} min` : `${Math.max(0, Math.floor(ms / 1000))} s`;
}

customElements.define('pl-verdict-strip', PlVerdictStrip);

declare global {
  interface HTMLElementTagNameMap {
    'pl-verdict-strip': PlVerdictStrip;
  }
}
