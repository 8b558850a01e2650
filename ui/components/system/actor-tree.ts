/**
 * Every supervisor and actor as a treegrid with one tab stop: Up, Down, Home and End move, Right and Left unfold, fold
 * or go to the parent, Enter chooses. Filter and "problems only" keep what stands above a match.
 * Properties: actors, selected (id), samples (mailbox history), now (server time).
 * @fires choose {actor, from} when a row is chosen; `from` is the row
 */
import './actor-tree.css';
import { html, nothing, type TemplateResult } from 'lit';
import { formatDuration, formatMinute, formatNumber, formatShare, NONE } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import { icon } from '../icons.ts';
import { type Actor, isProblem, visibleActors } from './actors.ts';
import { stateTag } from './glyphs.ts';
import type { MailboxSamples } from './mailbox-samples.ts';
import { formatTime } from './messages.ts';
import { HOT_MS } from './pipeline-plan.ts';
import { say, sayOf, type WordKey } from './words.ts';

const SPARK = { width: 46, height: 16 };
/** Pips are drawn up to this budget; above it the numbers say it. */
const MOST_PIPS = 10;

const COLUMNS: readonly { word: WordKey; kind: string }[] = [
  { word: 'col.actor', kind: '' },
  { word: 'col.state', kind: '' },
  { word: 'col.epoch', kind: 'n hide-s' },
  { word: 'col.restarts', kind: 'n hide-s' },
  { word: 'col.mailbox', kind: 'n' },
  { word: 'col.oldest', kind: 'n hide-s' },
  { word: 'col.rate', kind: 'n hide-s' },
  { word: 'fact.p99', kind: 'n hide-s' },
  { word: 'col.busy', kind: 'n hide-s' },
  { word: 'col.lastExit', kind: 'hide-s hide-m' },
  { word: 'col.retry', kind: 'n hide-s' },
];

export class PlActorTree extends PlElement {
  static override properties = {
    actors: { attribute: false },
    selected: { attribute: false },
    samples: { attribute: false },
    now: { type: Number },
    _filter: { state: true },
    _problemsOnly: { state: true },
    _folded: { state: true },
    _current: { state: true },
  };
  declare actors: readonly Actor[];
  declare selected: string | undefined;
  declare samples: MailboxSamples | undefined;
  declare now: number;
  declare _filter: string;
  declare _problemsOnly: boolean;
  declare _folded: ReadonlySet<string>;
  /** The row that holds the one tab stop. */
  declare _current: string | undefined;

  constructor() {
    super();
    this.actors = [];
    this.now = 0;
    this._filter = '';
    this._problemsOnly = false;
    this._folded = new Set();
  }

  protected override render(): TemplateResult {
    const { actors } = this;
    const rows = this.#rows();
    const stop = rows.some(({ id }) => id === this._current) ? this._current : rows[0]?.id;
    const supervisors = actors.filter(({ kind }) => kind === 'supervisor').length;
    return html`<section class="pl-card" aria-labelledby="h-actors">
      <header class="pl-card-head">
        <h2 id="h-actors">${say('tree.title')}</h2>
        <span class="pl-card-note">${say('tree.note', { n: actors.length - supervisors, s: supervisors })}</span>
        <div class="pl-card-tools">${this.#tools(actors.filter(isProblem).length)}</div>
      </header>
      <div class="pl-card-body flush">
        <div class="pl-scroll">
          <table class="pl-table pl-actor-tree" role="treegrid" aria-label=${say('tree.title')} aria-describedby="actors-hint" @keydown=${this.#onKey}>
            <thead>
              <tr role="row">${COLUMNS.map(({ word, kind }) => html`<th role="columnheader" class=${kind}>${say(word)}</th>`)}</tr>
            </thead>
            <tbody>
              ${rows.map((actor) => this.#row(actor, actor.id === stop))}
            </tbody>
          </table>
          ${rows.length === 0 ? html`<p class="pl-none">${say(this._problemsOnly && this._filter === '' ? 'tree.noProblems' : 'tree.none')}</p>` : nothing}
        </div>
        <span class="pl-sr" id="actors-hint">${say('tree.hint')}</span>
      </div>
    </section>`;
  }

  /** Rows are places, and actors move: the focus stays with the actor. */
  override updated(): void {
    const row = document.activeElement?.closest<HTMLElement>('tr[data-id]');
    if (row && this.contains(row) && this._current !== undefined && row.dataset.id !== this._current)
      this.#rowOf(this._current)?.focus();
  }

  #rows(): Actor[] {
    return visibleActors(this.actors, { filter: this._filter, problemsOnly: this._problemsOnly, folded: this._folded });
  }

  #tools(problems: number): TemplateResult {
    const choice = (only: boolean, text: string) =>
      html`<button type="button" aria-pressed=${this._problemsOnly === only} @click=${() => this.#narrow(only)}>${text}</button>`;
    return html`<input class="pl-input pl-actor-filter" type="search" aria-label=${say('tree.filter')} placeholder=${say('tree.filter')} .value=${this._filter}
        @input=${this.#onFilter} />
      <div class="pl-segmented" role="group" aria-label=${say('tree.rows')}>
        ${choice(false, say('tree.all'))}${choice(true, say('tree.problems', { n: problems }))}
      </div>`;
  }

  #narrow(problemsOnly: boolean): void {
    this._problemsOnly = problemsOnly;
  }

  #onFilter(event: Event): void {
    this._filter = (event.currentTarget as HTMLInputElement).value;
  }

  #row(actor: Actor, stop: boolean): TemplateResult {
    const supervisor = actor.kind === 'supervisor';
    const open = !this._folded.has(actor.id);
    return html`<tr
      role="row"
      data-id=${actor.id}
      ?data-sup=${supervisor}
      aria-level=${actor.level}
      aria-expanded=${supervisor ? open : nothing}
      aria-selected=${actor.id === this.selected}
      tabindex=${stop ? 0 : -1}
      @click=${(event: MouseEvent) => this.#onClick(event, actor)}
    >
      <td role="gridcell">
        <span class="nm" style="--lv: ${actor.level}"
          ><span class="tw">${supervisor ? html`<span class=${open ? '' : 'folded'}>${icon('chevron-down')}</span>` : nothing}</span
          ><b>${actor.id}</b>${actor.strategy ? html`<span class="strat hide-m">${actor.strategy}</span>` : nothing}</span
        >
      </td>
      <td role="gridcell">${stateTag(actor.state)}</td>
      <td role="gridcell" class="n hide-s">${actor.epoch}</td>
      <td role="gridcell" class="n hide-s">${restartCell(actor)}</td>
      ${supervisor ? emptyCells : this.#loadCells(actor)}
      <td role="gridcell" class="hide-s hide-m">${exitCell(actor)}</td>
      <td role="gridcell" class="n hide-s">${this.#retry(actor)}</td>
    </tr>`;
  }

  #loadCells(actor: Actor): TemplateResult {
    const hot = actor.depth > 0 && actor.oldestMs > HOT_MS;
    const path = this.samples?.path(actor.id, SPARK.width, SPARK.height);
    return html`<td role="gridcell" class="n">
        <span class="pl-mbx"
          ><span class="hide-s"
            >${
              path === undefined
                ? nothing
                : html`<svg class="spark-s" viewBox="0 0 ${SPARK.width} ${SPARK.height}" preserveAspectRatio="none" aria-hidden="true"><path class="ln ${hot ? 'hot' : ''}" d=${path} /></svg>`
            }</span
          ><span class=${hot ? 'pl-warn strong' : ''}>${formatNumber(actor.depth)}</span></span
        >
      </td>
      <td role="gridcell" class="n hide-s sec">${actor.depth > 0 ? formatDuration(actor.oldestMs) : NONE}</td>
      <td role="gridcell" class="n hide-s">${actor.rate === undefined ? NONE : formatNumber(actor.rate)}</td>
      <td role="gridcell" class="n hide-s">${actor.p99 === undefined ? NONE : formatTime(actor.p99)}</td>
      <td role="gridcell" class="n hide-s">${actor.busy === undefined ? NONE : busyCell(actor.busy)}</td>`;
  }

  #retry({ nextRetryAt }: Actor): TemplateResult {
    if (nextRetryAt === undefined) return html`<span class="sec">${NONE}</span>`;
    return html`<span class="pl-warn strong">${formatDuration(Math.max(0, nextRetryAt - this.now))}</span>`;
  }

  #onClick(event: MouseEvent, actor: Actor): void {
    this._current = actor.id;
    if ((event.target as Element).closest('.tw') && actor.kind === 'supervisor') this.#fold(actor.id);
    else this.#choose(actor.id);
  }

  #onKey(event: KeyboardEvent): void {
    const rows = this.#rows();
    const at = Math.max(
      0,
      rows.findIndex(({ id }) => id === (event.target as Element).closest<HTMLElement>('tr')?.dataset.id),
    );
    const actor = rows[at];
    if (actor === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (step !== undefined) void this.#moveTo(rows[Math.min(rows.length - 1, Math.max(0, step))]?.id);
    else if (event.key === 'Enter' || event.key === ' ') this.#choose(actor.id);
    else if (event.key === 'ArrowRight') this.#unfoldOrEnter(actor, rows[at + 1]);
    else if (event.key === 'ArrowLeft') this.#foldOrLeave(actor);
    else return;
    event.preventDefault();
  }

  #unfoldOrEnter(actor: Actor, next: Actor | undefined): void {
    if (actor.kind !== 'supervisor') return;
    if (this._folded.has(actor.id)) this.#fold(actor.id);
    else if (next?.path.includes(actor.id)) void this.#moveTo(next.id);
  }

  #foldOrLeave(actor: Actor): void {
    if (actor.kind === 'supervisor' && !this._folded.has(actor.id)) this.#fold(actor.id);
    else void this.#moveTo(actor.path.at(-1));
  }

  #fold(id: string): void {
    const folded = new Set(this._folded);
    if (!folded.delete(id)) folded.add(id);
    this._folded = folded;
  }

  #choose(id: string): void {
    this._current = id;
    this.emit('choose', { actor: id, from: this.#rowOf(id) });
  }

  async #moveTo(id: string | undefined): Promise<void> {
    if (id === undefined) return;
    this._current = id;
    await this.updateComplete;
    this.#rowOf(id)?.focus();
  }

  #rowOf(id: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(id)}"]`);
  }
}

const emptyCells = html`<td role="gridcell" class="n"></td>
  <td role="gridcell" class="n hide-s"></td>
  <td role="gridcell" class="n hide-s"></td>
  <td role="gridcell" class="n hide-s"></td>
  <td role="gridcell" class="n hide-s"></td>`;

/** A supervisor's budget as pips once some of it is used; an actor's own restarts as a number. */
function restartCell(actor: Actor): TemplateResult {
  if (actor.kind === 'worker') return html`<span class=${actor.restarts ? '' : 'sec'}>${actor.restarts ?? NONE}</span>`;
  if (actor.budget === undefined) return html`<span class="sec">${NONE}</span>`;
  const { used, max, periodMs } = actor.budget;
  const title = say('tree.budget', { used, budget: max, period: formatDuration(periodMs) });
  const pips =
    used > 0 && max <= MOST_PIPS
      ? Array.from({ length: max }, (_, at) => html`<i class=${at < used ? 'u' : ''}></i>`)
      : nothing;
  return html`<span class="pl-budget ${used >= max ? 'max' : ''}" title=${title}
    ><span class="p">${pips}</span><span class=${used > 0 ? '' : 'sec'}>${used}/${max}</span></span
  >`;
}

function busyCell(busy: number): TemplateResult {
  return html`<span class="pl-busy"
    ><span class="pl-meter ${busy > 0.9 ? 'warn' : ''}"><i style="width: ${Math.round(busy * 100)}%"></i></span><span>${formatShare(busy, 0)}</span></span
  >`;
}

function exitCell({ lastExit }: Actor): TemplateResult {
  if (lastExit === undefined) return html`<span class="sec">${NONE}</span>`;
  const asked = lastExit.reason === 'normal' || lastExit.reason === 'shutdown';
  const at =
    lastExit.at === undefined
      ? nothing
      : html` <span class="sec pl-num">${formatMinute(lastExit.at, locale.zone)}</span>`;
  return html`<span class=${asked ? 'pl-soft' : 'pl-bad'} title=${lastExit.detail}>${sayOf('exit', lastExit.reason)}</span>${at}`;
}

customElements.define('pl-actor-tree', PlActorTree);

declare global {
  interface HTMLElementTagNameMap {
    'pl-actor-tree': PlActorTree;
  }
}
