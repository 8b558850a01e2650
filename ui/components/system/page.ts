/**
 * The System page: verdict, pipeline, actors with a drawer, incidents. It draws what it is given and asks for nothing.
 *
 * Properties
 *   tree        answer of GET /system/tree, as it came; undefined until the first one (a skeleton is shown)
 *   live        channel `system` of the store: laid over the tree, so that the tree may be fetched seldom
 *   events      answer of GET /system/events ({items: [..]} or the list)
 *   figures     SystemFigures of verdict-strip.ts; what is undefined is not shown (event rates come from the tree)
 *   canCommand  whether a token is there
 *   outcome     CommandOutcome of actor-drawer.ts: what became of the last command
 *   error       why the tree cannot be had, while it cannot
 *   now         the server's time, ms; set it about once a second, it also draws the page again
 * Events
 *   command {actor, command: 'restart'|'stop'|'start'|'kill', reason}   confirmed by the user
 *   retry                                                               the user asks for the tree again
 */
import './page.css';
import { html, nothing, type TemplateResult } from 'lit';
import type { ChannelData } from '../../data/store.ts';
import { PlElement } from '../element.ts';
import { icon } from '../icons.ts';
import './actor-drawer.ts';
import type { CommandOutcome } from './actor-drawer.ts';
import './actor-tree.ts';
import { type Actor, readActors, readEvents, type SystemEvent } from './actors.ts';
import './incident-timeline.ts';
import { MailboxSamples } from './mailbox-samples.ts';
import './pipeline.ts';
import './verdict-strip.ts';
import type { SystemFigures } from './verdict-strip.ts';
import { say } from './words.ts';

export class PlSystemPage extends PlElement {
  static override properties = {
    tree: { attribute: false },
    live: { attribute: false },
    events: { attribute: false },
    figures: { attribute: false },
    canCommand: { type: Boolean },
    outcome: { attribute: false },
    error: { attribute: false },
    now: { type: Number },
    _selected: { state: true },
  };
  declare tree: unknown;
  declare live: ChannelData | undefined;
  declare events: unknown;
  declare figures: SystemFigures;
  declare canCommand: boolean;
  declare outcome: CommandOutcome | undefined;
  declare error: string | undefined;
  declare now: number;
  declare _selected: string | undefined;
  readonly #samples = new MailboxSamples();
  /** Where the focus goes back to when the drawer closes. */
  #openedFrom: HTMLElement | undefined;

  constructor() {
    super();
    this.tree = undefined;
    this.live = undefined;
    this.events = undefined;
    this.figures = {};
    this.canCommand = false;
    this.outcome = undefined;
    this.error = undefined;
    this.now = 0;
    this._selected = undefined;
  }

  protected override render(): TemplateResult {
    const actors = readActors(this.tree, this.live);
    if (actors.length === 0) return this.error === undefined ? skeleton() : this.#failed(this.error);
    this.#samples.sample(actors, this.now);
    const events = readEvents(this.events);
    const selected = actors.find(({ id }) => id === this._selected);
    const figures = { ...ratesOf(actors), ...this.figures };
    return html`<div class="pl-system" @choose=${this.#onChoose}>
      ${this.error === undefined ? nothing : html`<p class="pl-banner">${say('page.error')}: ${this.error}</p>`}
      <pl-verdict-strip .actors=${actors} .figures=${figures} .now=${this.now}></pl-verdict-strip>
      <pl-pipeline .actors=${actors} .clients=${figures.clients}></pl-pipeline>
      <div class="pl-console" ?data-open=${selected !== undefined}>
        <div class="pl-console-main">
          <pl-actor-tree .actors=${actors} .selected=${selected?.id} .samples=${this.#samples} .now=${this.now}></pl-actor-tree>
          <pl-incident-timeline .events=${events} .now=${this.now}></pl-incident-timeline>
        </div>
        ${selected === undefined ? nothing : this.#drawer(selected, events)}
      </div>
    </div>`;
  }

  #drawer(actor: Actor, events: readonly SystemEvent[]): TemplateResult {
    const own = events.filter((event) => event.actor === actor.id).reverse();
    return html`<pl-actor-drawer
      .actor=${actor}
      .events=${own}
      .canCommand=${this.canCommand}
      .outcome=${this.outcome}
      .now=${this.now}
      @dismiss=${this.#close}
    ></pl-actor-drawer>`;
  }

  #failed(why: string): TemplateResult {
    return html`<section class="pl-card">
      <div class="pl-state" data-kind="error">
        ${icon('circle-alert')}<b>${say('page.error')}</b>
        <p>${why}</p>
        <button type="button" class="pl-button" @click=${() => this.emit('retry')}>${say('page.retry')}</button>
      </div>
    </section>`;
  }

  #onChoose(event: CustomEvent<{ actor: string; from: HTMLElement | null }>): void {
    event.stopPropagation();
    this._selected = event.detail.actor;
    this.#openedFrom = event.detail.from ?? undefined;
    void this.updateComplete.then(async () => {
      const drawer = this.querySelector('pl-actor-drawer');
      await drawer?.updateComplete;
      drawer?.querySelector<HTMLElement>('.pl-drawer')?.focus();
    });
  }

  #close(): void {
    this._selected = undefined;
    void this.updateComplete.then(() => this.#openedFrom?.focus());
  }
}

/** Events a second into the log, and out of the aggregators. */
function ratesOf(actors: readonly Actor[]): SystemFigures {
  const sum = (pattern: RegExp) => {
    const rates = actors.filter(({ id }) => pattern.test(id)).map(({ rate }) => rate);
    return rates.length === 0 || rates.includes(undefined)
      ? undefined
      : rates.reduce<number>((all, rate) => all + (rate ?? 0), 0);
  };
  return { eventsIn: sum(/^log-writer$/), eventsOut: sum(/^aggregator-\d+$/) };
}

function skeleton(): TemplateResult {
  const rows = Array.from({ length: 8 }, (_, at) => html`<i style="width: ${92 - ((at * 17) % 40)}%"></i>`);
  return html`<div class="pl-system" aria-busy="true">
    <div class="pl-card"><div class="pl-card-body"><div class="pl-skel">${rows.slice(0, 2)}</div></div></div>
    <div class="pl-card"><div class="pl-card-body"><div class="pl-skel chart"></div></div></div>
    <div class="pl-card"><div class="pl-card-body"><div class="pl-skel">${rows}</div></div></div>
  </div>`;
}

customElements.define('pl-system-page', PlSystemPage);

declare global {
  interface HTMLElementTagNameMap {
    'pl-system-page': PlSystemPage;
  }
}
