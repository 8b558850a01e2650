/**
 * One actor in detail: commands with their consequences, its history, its figures.
 * Properties: actor, events (of this actor, newest first), canCommand, outcome (of the last command to it), now.
 * @fires command {actor, command, reason} when a command is confirmed
 * @fires dismiss when the drawer is to go
 */
import './actor-drawer.css';
import { html, nothing, type TemplateResult } from 'lit';
import { formatClock, formatDuration, formatNumber, formatShare } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import { glyph, icon } from '../icons.ts';
import type { Actor, SystemEvent } from './actors.ts';
import { eventMark, stateTag } from './glyphs.ts';
import { COMMANDS, type Command, impactOf, isPossible } from './impact.ts';
import { formatUptime } from './verdict-strip.ts';
import { say, sayOf } from './words.ts';

/** What became of a command: asked for, then taken or refused by the supervisor. */
export type CommandOutcome = {
  readonly actor: string;
  readonly command: string;
  readonly phase: 'requested' | 'done' | 'refused';
  readonly why?: string | undefined;
};

const SHOWN_EVENTS = 12;

export class PlActorDrawer extends PlElement {
  static override properties = {
    actor: { attribute: false },
    events: { attribute: false },
    canCommand: { type: Boolean },
    outcome: { attribute: false },
    now: { type: Number },
    _asked: { state: true },
  };
  declare actor: Actor | undefined;
  declare events: readonly SystemEvent[];
  declare canCommand: boolean;
  declare outcome: CommandOutcome | undefined;
  declare now: number;
  /** The command whose consequences are shown. */
  declare _asked: Command | undefined;

  constructor() {
    super();
    this.actor = undefined;
    this.events = [];
    this.canCommand = false;
    this.outcome = undefined;
    this.now = 0;
    this._asked = undefined;
  }

  override willUpdate(changed: Map<string, unknown>): void {
    const before = changed.get('actor') as Actor | undefined;
    if (before !== undefined && before.id !== this.actor?.id) this._asked = undefined;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { actor } = this;
    if (actor === undefined) return nothing;
    return html`<aside class="pl-drawer" aria-labelledby="h-drawer" tabindex="-1" @keydown=${this.#onKey}>
      <header class="pl-drawer-head">
        <div class="top">
          <h2 id="h-drawer">${actor.id}</h2>
          ${stateTag(actor.state)}<span class="pl-spacer"></span>
          <button type="button" class="pl-button icon" data-kind="ghost" aria-label=${say('drawer.close')} @click=${() => this.emit('dismiss')}>${icon('x')}</button>
        </div>
        <p class="path">${[...actor.path, actor.id].join(' / ')}</p>
      </header>
      <section>
        <h3>${say('drawer.commands')}</h3>
        ${this.#commands(actor)}
      </section>
      <section>
        <h3>${say('drawer.history')}</h3>
        ${this.#history()}
      </section>
      ${
        actor.lastExit?.detail
          ? html`<section>
            <h3>${say('drawer.lastError')}</h3>
            <pre class="pl-code" tabindex="0" aria-label=${say('drawer.lastError')}><b>${sayOf('exit', actor.lastExit.reason)}</b>
${actor.lastExit.detail}</pre>
          </section>`
          : nothing
      }
      <section>
        <h3>${say('drawer.facts')}</h3>
        <dl class="pl-kv">${this.#facts(actor)}</dl>
      </section>
    </aside>`;
  }

  #commands(actor: Actor): TemplateResult {
    if (actor.kind === 'supervisor' && !/^lane-\d+$/.test(actor.id))
      return html`<p class="pl-card-note">${say('drawer.supervisor')}</p>`;
    if (!this.canCommand) return html`<p class="pl-card-note">${say('drawer.noToken')}</p>`;
    return html`<div class="pl-commands">
        ${COMMANDS.map(
          (command) =>
            html`<button type="button" class="pl-button" data-kind=${command === 'kill' ? 'danger' : 'default'} data-command=${command}
              aria-pressed=${this._asked === command} ?disabled=${!isPossible(command, actor)}
              @click=${() => this.#ask(command)}>${say(`cmd.${command}`)}</button>`,
        )}
      </div>
      ${this._asked === undefined ? nothing : this.#impact(this._asked, actor)}
      <p class="pl-outcome" role="status">${this.#outcome(actor)}</p>`;
  }

  #impact(command: Command, actor: Actor): TemplateResult {
    const name = say(`cmd.${command}`);
    return html`<form class="pl-impact" @submit=${(event: Event) => this.#confirm(event, command, actor)}>
      <h4>${say('impact.title', { command: name })}</h4>
      <ul>
        ${impactOf(command, actor).map((line) => html`<li>${glyph('info')}<span>${line}</span></li>`)}
      </ul>
      <div class="row">
        <input class="pl-input" name="reason" maxlength="200" aria-label=${say('cmd.reason')} placeholder=${say('cmd.reason')} autocomplete="off" />
        <button type="submit" class="pl-button" data-kind=${command === 'kill' ? 'danger-solid' : 'primary'}>${name}</button>
        <button type="button" class="pl-button" data-kind="ghost" @click=${() => this.#ask(undefined)}>${say('cmd.cancel')}</button>
      </div>
    </form>`;
  }

  #outcome(actor: Actor): TemplateResult | typeof nothing {
    const { outcome } = this;
    if (outcome === undefined || outcome.actor !== actor.id) return nothing;
    const command = say(`cmd.${outcome.command as Command}`);
    const tone = { requested: 'pl-info', done: 'pl-ok', refused: 'pl-bad' }[outcome.phase];
    const mark = glyph(({ requested: 'clock', done: 'ok', refused: 'fail' } as const)[outcome.phase]);
    return html`<span class="pl-state-tag ${tone}">${mark}<span>${say(`cmd.${outcome.phase}`, { command, why: outcome.why ?? '' })}</span></span>`;
  }

  #history(): TemplateResult {
    if (this.events.length === 0) return html`<p class="pl-card-note">${say('drawer.noHistory')}</p>`;
    return html`<ol class="pl-state-log">
      ${this.events.slice(0, SHOWN_EVENTS).map((event) => {
        const { tone, draw } = eventMark(event.kind, event.text);
        return html`<li>
          <span class="pl-num">${formatClock(event.at, locale.zone)}</span
          ><span class="pl-state-tag pl-${tone}">${draw()}<span>${sayOf('event', event.kind)}</span></span
          ><span>${withoutName(event)}</span>
        </li>`;
      })}
    </ol>`;
  }

  #facts(actor: Actor): TemplateResult[] {
    const { budget } = actor;
    const facts: (readonly [Parameters<typeof say>[0], string | undefined])[] = [
      ['fact.kind', say(`fact.${actor.kind}`)],
      ['fact.strategy', actor.strategy],
      ['fact.epoch', String(actor.epoch)],
      ['fact.running', actor.startedAt === undefined ? undefined : formatUptime(this.now - actor.startedAt)],
      ['fact.restarts', actor.restarts === undefined ? undefined : String(actor.restarts)],
      [
        'fact.budget',
        budget &&
          say('fact.budgetValue', { used: budget.used, budget: budget.max, period: formatDuration(budget.periodMs) }),
      ],
      [
        'fact.retry',
        actor.nextRetryAt === undefined ? undefined : formatDuration(Math.max(0, actor.nextRetryAt - this.now)),
      ],
      ['fact.waiting', actor.waitingFor],
      ['fact.children', actor.kind === 'supervisor' ? String(actor.children) : undefined],
      ...(actor.kind === 'supervisor' ? [] : workerFacts(actor)),
    ];
    return facts.flatMap(([key, value]) =>
      value === undefined ? [] : [html`<dt>${say(key)}</dt><dd class="pl-num">${value}</dd>`],
    );
  }

  #ask(command: Command | undefined): void {
    this._asked = this._asked === command ? undefined : command;
    if (this._asked !== undefined)
      void this.updateComplete.then(() => this.querySelector<HTMLElement>('.pl-impact input')?.focus());
  }

  #confirm(event: Event, command: Command, actor: Actor): void {
    event.preventDefault();
    const reason = new FormData(event.currentTarget as HTMLFormElement).get('reason');
    this._asked = undefined;
    this.emit('command', { actor: actor.id, command, reason: String(reason ?? '').trim() });
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[data-command="${command}"]`)?.focus());
  }

  /** Escape first puts the question away, then the drawer. */
  #onKey(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    if (this._asked !== undefined) this.#ask(undefined);
    else this.emit('dismiss');
  }
}

/** The drawer's head says whose events these are. */
function withoutName({ actor, text }: SystemEvent): string {
  return text.startsWith(`${actor} `) ? text.slice(actor.length + 1) : text;
}

function workerFacts(actor: Actor): (readonly [Parameters<typeof say>[0], string | undefined])[] {
  const optional = (value: number | undefined, tell: (value: number) => string) =>
    value === undefined ? undefined : tell(value);
  return [
    ['fact.mailbox', formatNumber(actor.depth)],
    ['fact.oldest', actor.depth > 0 ? formatDuration(actor.oldestMs) : undefined],
    ['fact.bytes', optional(actor.bytes, formatBytes)],
    ['fact.rate', optional(actor.rate, formatNumber)],
    ['fact.handled', optional(actor.handled, formatNumber)],
    ['fact.busy', optional(actor.busy, (busy) => formatShare(busy, 0))],
    ['fact.heap', optional(actor.heapBytes || undefined, formatBytes)],
  ];
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${formatNumber(bytes)} B`;
  if (bytes < 1024 * 1024) return `${formatNumber(bytes / 1024)} KB`;
  return `${formatNumber(bytes / 1024 / 1024, 1)} MB`;
}

customElements.define('pl-actor-drawer', PlActorDrawer);

declare global {
  interface HTMLElementTagNameMap {
    'pl-actor-drawer': PlActorDrawer;
  }
}
