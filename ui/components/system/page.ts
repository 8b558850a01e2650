/**
 * The System page: verdict, pipeline, actors with a drawer, incidents. It draws what it is given and asks for nothing.
 *
 * Properties
 *   tree        answer of GET /system/tree, as it came; undefined until the first one (a skeleton is shown)
 *   live        channel `system` of the store: laid over the tree, so that the tree may be fetched seldom
 *   incidents   answer of GET /system/incidents
 *   spanMs      the range that incidents are shown of
 *   detail      answer of GET /system/actors/{id} of the actor that is looked at: its events
 *   messages    answer of GET /system/actors/{id}/messages of the same
 *   asked       whether ingest is to be paused or resumed, while its consequences are looked at
 *   audit       answer of GET /system/audit; undefined while the list is not wanted
 *   figures     SystemFigures of verdict-strip.ts; what is undefined is not shown (most come from the tree)
 *   canCommand  whether a token is there
 *   preview     CommandPreview of actor-drawer.ts
 *   outcome     CommandOutcome of actor-drawer.ts: what became of the last command
 *   error       why the tree cannot be had, while it cannot
 *   now         the server's time, ms; set it about once a second, it also draws the page again
 * Events
 *   look {actor}                             the user looks at that actor, or at none
 *   preview {actor, command}                 the consequences of a command are wanted
 *   command {actor, command, reason, more}   confirmed by the user; more goes into the body; actor `ingest` is all lanes
 *   ask         ingest is not to be paused or resumed after all
 *   retry                                    the user asks for the tree again
 */
import './page.css';
import { html, nothing, type TemplateResult } from 'lit';
import type { ChannelData } from '../../data/store.ts';
import { PlElement } from '../element.ts';
import { icon } from '../icons.ts';
import './actor-drawer.ts';
import './actor-tree.ts';
import { type Actor, readActors, readEvents } from './actors.ts';
import './audit-list.ts';
import { type CommandPreview, previewed } from './impact.ts';
import { type CommandOutcome, impactForm, outcomeLine } from './impact-form.ts';
import './incident-timeline.ts';
import { type Incident, readIncidents } from './incidents.ts';
import { MailboxSamples } from './mailbox-samples.ts';
import type { HandledMessage } from './messages.ts';
import './pipeline.ts';
import './verdict-strip.ts';
import type { SystemFigures } from './verdict-strip.ts';
import { say } from './words.ts';

export class PlSystemPage extends PlElement {
  static override properties = {
    tree: { attribute: false },
    live: { attribute: false },
    incidents: { attribute: false },
    spanMs: { type: Number },
    detail: { attribute: false },
    messages: { attribute: false },
    audit: { attribute: false },
    asked: {},
    preview: { attribute: false },
    figures: { attribute: false },
    canCommand: { type: Boolean },
    outcome: { attribute: false },
    error: { attribute: false },
    now: { type: Number },
    _selected: { state: true },
  };
  declare tree: unknown;
  declare live: ChannelData | undefined;
  declare incidents: unknown;
  declare spanMs: number;
  declare detail: unknown;
  declare messages: unknown;
  declare audit: unknown;
  declare asked: 'pause' | 'resume' | undefined;
  declare preview: CommandPreview | undefined;
  declare figures: SystemFigures;
  declare canCommand: boolean;
  declare outcome: CommandOutcome | undefined;
  declare error: string | undefined;
  declare now: number;
  declare _selected: string | undefined;
  readonly #samples = new MailboxSamples();
  /** Where the focus goes back to when the drawer closes. */
  #openedFrom: HTMLElement | undefined;

  protected override render(): TemplateResult {
    const actors = readActors(this.tree, this.live);
    if (actors.length === 0) return this.error === undefined ? skeleton() : this.#failed(this.error);
    this.#samples.sample(actors, this.now);
    const incidents = readIncidents(this.incidents);
    const selected = actors.find(({ id }) => id === this._selected);
    const figures = { ...ratesOf(actors), ...summaryOf(this.tree), ...this.figures };
    return html`<div class="pl-system" @choose=${this.#onChoose}>
      ${this.error === undefined ? nothing : html`<p class="pl-banner">${say('page.error')}: ${this.error}</p>`}
      ${this.#ingest()}
      <pl-verdict-strip .actors=${actors} .figures=${figures} .now=${this.now}></pl-verdict-strip>
      <pl-pipeline .actors=${actors} .clients=${figures.clients}></pl-pipeline>
      <div class="pl-console" ?data-open=${selected !== undefined}>
        <div class="pl-console-main">
          <pl-actor-tree .actors=${actors} .selected=${selected?.id} .samples=${this.#samples} .now=${this.now}></pl-actor-tree>
          <pl-incident-timeline .incidents=${incidents} .spanMs=${this.spanMs} .now=${this.now}></pl-incident-timeline>
          ${this.audit === undefined ? nothing : html`<pl-audit-list .entries=${this.audit}></pl-audit-list>`}
        </div>
        ${selected === undefined ? nothing : this.#drawer(selected, incidents)}
      </div>
    </div>`;
  }

  #ingest(): TemplateResult | typeof nothing {
    const { asked } = this;
    if (asked === undefined) return this.outcome?.actor === 'ingest' ? outcomeLine(this.outcome, 'ingest') : nothing;
    return impactForm({
      title: say(`cmd.${asked}`),
      button: say(`cmd.${asked}`),
      grave: false,
      ...previewed(this.preview, 'ingest', asked),
      submit: (values) =>
        this.emit('command', {
          actor: 'ingest',
          command: asked,
          reason: String(values.get('reason')).trim(),
          more: {},
        }),
      cancel: () => this.emit('ask'),
    });
  }

  #drawer(actor: Actor, incidents: readonly Incident[]): TemplateResult {
    const { id, events } = (this.detail ?? {}) as { id?: unknown; events?: unknown };
    return html`<pl-actor-drawer
      .actor=${actor}
      .events=${id === actor.id ? readEvents(events).reverse() : []}
      .messages=${(this.messages as { items?: readonly HandledMessage[] } | undefined)?.items ?? []}
      .incidents=${incidents.filter((incident) => incident.actor === actor.id)}
      .spanMs=${this.spanMs}
      .canCommand=${this.canCommand}
      .preview=${this.preview}
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
        <button type="button" class="pl-button" @click=${() => this.emit('retry')}>${this.text('state.retry')}</button>
      </div>
    </section>`;
  }

  #onChoose(event: CustomEvent<{ actor: string; from: HTMLElement | null }>): void {
    event.stopPropagation();
    this._selected = event.detail.actor;
    this.emit('look', { actor: this._selected });
    this.#openedFrom = event.detail.from ?? undefined;
    void this.updateComplete.then(async () => {
      const drawer = this.querySelector('pl-actor-drawer');
      await drawer?.updateComplete;
      drawer?.querySelector<HTMLElement>('.pl-drawer')?.focus();
    });
  }

  #close(): void {
    this._selected = undefined;
    this.emit('look', {});
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

type Summary = { readonly paused?: SystemFigures['paused'] | null } & {
  readonly [name in 'clients' | 'hot_bytes' | 'zombies']?: number | null;
};

function summaryOf(tree: unknown): SystemFigures {
  const { clients, hot_bytes, zombies, paused } = (tree as { summary?: Summary }).summary ?? {};
  return {
    clients: clients ?? undefined,
    hotBytes: hot_bytes ?? undefined,
    zombies: zombies ?? undefined,
    paused: paused ?? undefined,
  };
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
