/**
 * What happened to actors in the range, a line per actor; readers and narrow pages get the same as a list. Kept by the
 * server, so it reaches back before the last start of the process.
 * Properties: incidents (newest first), spanMs, now (server time).
 */
import './incident-timeline.css';
import { html, nothing, type TemplateResult } from 'lit';
import { formatClock, formatDuration, formatMinute } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import { incidentMark } from './glyphs.ts';
import {
  INCIDENT_KINDS,
  type Incident,
  type IncidentKind,
  type IncidentLane,
  type IncidentMark,
  kindOf,
  planIncidents,
} from './incidents.ts';
import { say, sayWhat } from './words.ts';

/** Rows of the list. */
const LISTED = 20;
const TICKS = 4;
const DAY_MS = 86_400_000;
/** A bar below this share of the line would be lost beside its mark. */
const LEAST_BAR = 0.004;

export class PlIncidentTimeline extends PlElement {
  static override properties = {
    incidents: { attribute: false },
    spanMs: { type: Number },
    now: { type: Number },
    _kind: { state: true },
  };
  declare incidents: readonly Incident[];
  declare spanMs: number;
  declare now: number;
  declare _kind: IncidentKind;

  constructor() {
    super();
    this._kind = 'all';
  }

  protected override render(): TemplateResult {
    const from = this.now - this.spanMs;
    const shown = this.incidents.filter(
      (incident) => incident.at >= from && (this._kind === 'all' || kindOf(incident) === this._kind),
    );
    return html`<section class="pl-card" aria-labelledby="h-incidents">
      <header class="pl-card-head">
        <h2 id="h-incidents">${say('inc.title')}</h2>
        <span class="pl-card-note">${say('inc.note')}</span>
        <div class="pl-card-tools">
          <div class="pl-segmented" role="group" aria-label=${say('inc.kind')}>
            ${INCIDENT_KINDS.map((kind) => html`<button type="button" aria-pressed=${kind === this._kind} @click=${() => this.#narrow(kind)}>${say(`inc.${kind}`)}</button>`)}
          </div>
        </div>
      </header>
      <div class="pl-card-body">
        ${shown.length === 0 ? html`<p class="pl-card-note">${say('inc.none')}</p>` : this.#draw(shown)}
      </div>
    </section>`;
  }

  #narrow(kind: IncidentKind): void {
    this._kind = kind;
  }

  #draw(incidents: readonly Incident[]): TemplateResult {
    const { now, spanMs } = this;
    const { lanes, hidden } = planIncidents(incidents, now, spanMs);
    return html`<div class="pl-lanes" aria-hidden="true">
        ${lanes.map((lane) => this.#lane(lane))}
        <span></span>
        <div class="ax">
          ${Array.from({ length: TICKS + 1 }, (_, at) => {
            const time = now - spanMs + (at * spanMs) / TICKS;
            return html`<span class="pl-num" style="left: ${(at * 100) / TICKS}%">${tick(time, spanMs)}</span>`;
          })}
        </div>
      </div>
      ${hidden === 0 ? nothing : html`<p class="pl-card-note hide-s">${say('inc.more', { n: hidden })}</p>`}
      <ul class="pl-incident-list">
        ${incidents.slice(0, LISTED).map((incident) => {
          const { tone, draw } = incidentMark(incident);
          return html`<li>
            <span class="pl-state-tag pl-${tone}">${draw()}<span>${nameOf(incident)}</span></span
            ><span class="pl-num pl-muted">${clock(incident.at, spanMs)}</span
            ><span class="who">${incident.actor} <span class="pl-muted">${storyOf(incident)}</span></span>
          </li>`;
        })}
      </ul>`;
  }

  #lane({ actor, marks }: IncidentLane): TemplateResult {
    return html`<span class="ln-name">${actor}</span>
      <div class="ln-row">${marks.map((mark, at) => drawMark(mark, marks[at - 1], this.spanMs))}</div>`;
  }
}

/** The newest mark of a line carries its words, and any other with room to the next one. */
function drawMark(mark: IncidentMark, newer: IncidentMark | undefined, spanMs: number): TemplateResult {
  const { x, width, incident, count } = mark;
  const { tone, draw } = incidentMark(incident);
  const room = x > 0.5 ? x : (newer?.x ?? 1) - x;
  const worded = newer === undefined || (x <= 0.5 && room > 0.25);
  const what = nameOf(incident);
  const words = count > 1 ? say('inc.and', { what, n: count - 1 }) : what;
  const title = [clock(incident.at, spanMs), what, incident.why, storyOf(incident)]
    .filter((text) => text !== '')
    .join(' · ');
  return html`${width < LEAST_BAR ? nothing : html`<span class="bar pl-${tone}" style="left: ${(x * 100).toFixed(1)}%; width: ${(width * 100).toFixed(1)}%"></span>`}<span
      class="pl-ev ${x > 0.5 ? 'r' : 'l'} pl-${tone}" style="left: ${(x * 100).toFixed(1)}%" title=${title}
      >${draw()}${worded ? html`<span class="pl-soft">${words}</span>` : nothing}</span
    >`;
}

/** Of a fault, which. */
function nameOf({ what, why }: Incident): string {
  return what === 'fault' ? `${sayWhat(what)} ${why}` : sayWhat(what);
}

/** How soon it was seen, and how it ended. */
export function storyOf({ detectionMs, recoveryMs, state }: Incident): string {
  const seen = detectionMs ? say('inc.seen', { ms: formatDuration(detectionMs) }) : '';
  const end = recoveryMs === undefined ? '' : say('inc.recovered', { ms: formatDuration(recoveryMs) });
  return [
    seen,
    end ||
      (state === 'noted' || state === 'recovered'
        ? ''
        : say(`inc.${state === 'open' || state === 'cut' ? state : 'down'}`)),
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** Beyond a day the date stands before the time. */
export function clock(at: number, spanMs: number): string {
  return spanMs > DAY_MS ? `${day(at)} ${formatMinute(at, locale.zone)}` : formatClock(at, locale.zone);
}

function tick(at: number, spanMs: number): string {
  return spanMs > DAY_MS ? day(at) : formatMinute(at, locale.zone);
}

function day(at: number): string {
  return new Date(at).toLocaleDateString(locale.language, { timeZone: locale.zone, day: '2-digit', month: '2-digit' });
}

customElements.define('pl-incident-timeline', PlIncidentTimeline);

declare global {
  interface HTMLElementTagNameMap {
    'pl-incident-timeline': PlIncidentTimeline;
  }
}
