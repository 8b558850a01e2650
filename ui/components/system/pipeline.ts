/**
 * The way of the data through the live actors: edges as SVG behind, every actor a button.
 * Properties: actors, clients (undefined = not known). Narrow pages list the same buttons in order.
 * @fires choose {actor, from} when an actor is pressed; `from` is the button, for the focus to come back to
 */
import './pipeline.css';
import { html, nothing, svg, type TemplateResult } from 'lit';
import { compactNumber, formatDuration, formatNumber, formatShare } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import { glyph } from '../icons.ts';
import { type Actor, isProblem } from './actors.ts';
import { stateGlyph, stateTone } from './glyphs.ts';
import { HOT_MS, isUp, type PipeEdge, type PipeNode, planPipeline } from './pipeline-plan.ts';
import { say, sayOf } from './words.ts';

/** Height of a node with the gap below it, px, and of the least picture. */
const ROW_PX = 64;
const LEAST_PX = 132;

export class PlPipeline extends PlElement {
  static override properties = { actors: { attribute: false }, clients: { attribute: false } };
  declare actors: readonly Actor[];
  declare clients: number | undefined;

  constructor() {
    super();
    this.actors = [];
  }

  protected override render(): TemplateResult {
    const plan = planPipeline(this.actors, this.clients !== undefined);
    const height = Math.max(LEAST_PX, plan.rows * ROW_PX);
    return html`<section class="pl-card" aria-labelledby="h-pipeline">
      <header class="pl-card-head">
        <h2 id="h-pipeline">${say('pipe.title')}</h2>
        <span class="pl-card-note">${say('pipe.note')}</span>
      </header>
      <div class="pl-card-body">
        <div class="pl-pipeline" style="--h: ${height}px">
          <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">${plan.edges.map(drawEdge)}</svg>
          ${plan.nodes.map((node) => this.#node(node))}${plan.edges.map(drawRate)}
        </div>
      </div>
    </section>`;
  }

  #node(node: PipeNode): TemplateResult {
    const place = `left: ${percent(node.x)}; top: ${percent(node.y)}`;
    const { actor } = node;
    if (actor === undefined)
      return html`<div class="pl-node" style=${place}>
        <span class="t"><span class="pl-ok">${glyph('live')}</span><span>${this.clients === 1 ? say('pipe.client') : say('pipe.clients', { n: this.clients ?? 0 })}</span></span>
      </div>`;
    return html`<button type="button" class="pl-node" data-load=${loadOf(actor)} style=${place}
      @click=${(event: Event) => this.emit('choose', { actor: actor.id, from: event.currentTarget })}>
      ${actor.rate === undefined ? nothing : html`<span class="in pl-num">↓ ${formatNumber(actor.rate)} /s</span>`}
      <span class="t"
        ><span class="pl-${stateTone(actor.state)}">${stateGlyph(actor.state)}</span><span>${actor.id}</span><span class="pl-sr">${isUp(actor) ? sayOf('state', actor.state) : nothing}</span></span
      >
      <span class="m"
        ><span class="pl-num">${isUp(actor) ? say('pipe.waiting', { n: short(actor.depth) }) : sayOf('state', actor.state)}</span
        ><span class="pl-num">${actor.depth > 0 ? formatDuration(actor.oldestMs) : nothing}</span></span
      >
      ${
        actor.busy === undefined
          ? nothing
          : html`<span class="pl-meter ${actor.busy > 0.9 ? 'warn' : ''}" title="${say('col.busy')} ${formatShare(actor.busy, 0)}"
            ><i style="width: ${percent(actor.busy)}"></i></span
          >`
      }
    </button>`;
  }
}

function loadOf(actor: Actor): 'ok' | 'high' | 'fault' {
  if (isProblem(actor)) return 'fault';
  return actor.depth > 0 && actor.oldestMs > HOT_MS ? 'high' : 'ok';
}

/** A line gets thicker with the logarithm of what runs along it. */
function drawEdge({ from, to, rate, kind }: PipeEdge): TemplateResult {
  const [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map((share) => Math.round(share * 1000)) as [
    number,
    number,
    number,
    number,
  ];
  const middle = (x1 + x2) / 2;
  const width = 1.25 + Math.log10(1 + (rate ?? 0)) * 0.5;
  const path = `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
  return svg`<path class="edge ${kind === 'flow' ? '' : kind}" stroke-width=${width.toFixed(2)} d=${path} />`;
}

function drawRate({ from, to, rate, kind }: PipeEdge): TemplateResult | typeof nothing {
  if (rate === undefined && kind !== 'cut') return nothing;
  const place = `left: ${percent((from.x + to.x) / 2)}; top: ${percent((from.y + to.y) / 2)}`;
  const tone = kind === 'cut' ? 'pl-bad' : kind === 'hot' ? 'pl-warn' : '';
  return html`<span class="pl-rate pl-num ${tone}" aria-hidden="true" style=${place}
    >${kind === 'cut' ? say('pipe.held') : formatNumber(rate ?? 0)}</span
  >`;
}

/** Above ten thousand in three digits and a unit word: a node is narrow. */
function short(depth: number): string {
  const { text, unit } = compactNumber(depth, locale.language, 10_000);
  return unit === '' ? text : `${text} ${unit}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)}%`;
}

customElements.define('pl-pipeline', PlPipeline);

declare global {
  interface HTMLElementTagNameMap {
    'pl-pipeline': PlPipeline;
  }
}
