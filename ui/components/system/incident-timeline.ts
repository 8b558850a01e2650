/**
 * What went wrong in the last hour, a line per actor; readers and narrow pages get the same as a list.
 * Properties: events (of GET /system/events), now (server time).
 * @fires choose {actor, from} when an actor's name is pressed
 */
import './incident-timeline.css';
import { html, nothing, type TemplateResult } from 'lit';
import { formatClock, formatMinute } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import type { SystemEvent } from './actors.ts';
import { eventMark } from './glyphs.ts';
import { type IncidentLane, type IncidentMark, incidentsOf, planIncidents, SPAN_MS } from './incident-plan.ts';
import { say, sayOf } from './words.ts';

/** Rows of the list. */
const LISTED = 20;
const TICKS = 4;

export class PlIncidentTimeline extends PlElement {
  static override properties = { events: { attribute: false }, now: { type: Number } };
  declare events: readonly SystemEvent[];
  declare now: number;

  constructor() {
    super();
    this.events = [];
    this.now = 0;
  }

  protected override render(): TemplateResult {
    const incidents = incidentsOf(this.events, this.now);
    return html`<section class="pl-card" aria-labelledby="h-incidents">
      <header class="pl-card-head">
        <h2 id="h-incidents">${say('inc.title')}</h2>
        <span class="pl-card-note">${say('inc.note')}</span>
      </header>
      <div class="pl-card-body">
        ${incidents.length === 0 ? html`<p class="pl-card-note">${say('inc.none')}</p>` : this.#draw(incidents)}
      </div>
    </section>`;
  }

  #draw(incidents: readonly SystemEvent[]): TemplateResult {
    const { lanes, hidden } = planIncidents(incidents, this.now);
    return html`<div class="pl-lanes" aria-hidden="true">
        ${lanes.map((lane) => this.#lane(lane))}
        <span></span>
        <div class="ax">
          ${Array.from({ length: TICKS + 1 }, (_, at) => {
            const time = this.now - SPAN_MS + (at * SPAN_MS) / TICKS;
            return html`<span class="pl-num" style="left: ${(at * 100) / TICKS}%">${formatMinute(time, locale.zone)}</span>`;
          })}
        </div>
      </div>
      ${hidden === 0 ? nothing : html`<p class="pl-card-note hide-s">${say('inc.more', { n: hidden })}</p>`}
      <ul class="pl-incident-list">
        ${incidents.slice(0, LISTED).map((event) => {
          const { tone, draw } = eventMark(event.kind, event.text);
          return html`<li>
            <span class="pl-state-tag pl-${tone}">${draw()}<span>${sayOf('event', event.kind)}</span></span
            ><span class="pl-num pl-muted">${formatClock(event.at, locale.zone)}</span><span class="who">${event.actor}</span>
          </li>`;
        })}
      </ul>`;
  }

  #lane({ actor, marks }: IncidentLane): TemplateResult {
    return html`<span class="ln-name">${actor}</span>
      <div class="ln-row">${marks.map((mark, at) => drawMark(mark, marks[at - 1]))}</div>`;
  }
}

/** The newest mark of a line carries its words, and any other with room to the next one. */
function drawMark({ x, event, count }: IncidentMark, newer: IncidentMark | undefined): TemplateResult {
  const { tone, draw } = eventMark(event.kind, event.text);
  const room = x > 0.5 ? x : (newer?.x ?? 1) - x;
  const worded = newer === undefined || (x <= 0.5 && room > 0.25);
  const words =
    count > 1 ? say('inc.and', { what: sayOf('event', event.kind), n: count - 1 }) : sayOf('event', event.kind);
  return html`<span class="pl-ev ${x > 0.5 ? 'r' : 'l'} pl-${tone}" style="left: ${(x * 100).toFixed(1)}%" title="${formatClock(event.at, locale.zone)} ${event.text}"
    >${draw()}${worded ? html`<span class="pl-soft">${words}</span>` : nothing}</span
  >`;
}

customElements.define('pl-incident-timeline', PlIncidentTimeline);

declare global {
  interface HTMLElementTagNameMap {
    'pl-incident-timeline': PlIncidentTimeline;
  }
}
