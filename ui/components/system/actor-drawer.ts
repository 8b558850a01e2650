/**
 * One actor in detail: commands with their consequences, its history, its figures.
 * Properties: actor, events (of this actor, newest first), messages and incidents (the same), spanMs, canCommand, now,
 * preview (what the command that is looked at would do), outcome (of the last command to it).
 * @fires preview {actor, command} when the consequences of a command are wanted
 * @fires command {actor, command, reason, more} when a command is confirmed; of a fault more has kind and order_id
 * @fires dismiss when the drawer is to go
 */
import './actor-drawer.css';
import { html, nothing, type TemplateResult } from 'lit';
import { formatClock, formatDuration, formatNumber, formatShare } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { PlElement } from '../element.ts';
import { icon } from '../icons.ts';
import type { Actor, SystemEvent } from './actors.ts';
import { eventMark, stateTag } from './glyphs.ts';
import { COMMANDS, type Command, type CommandPreview, FAULTS, type Fault, previewed } from './impact.ts';
import { type CommandOutcome, impactForm, outcomeLine } from './impact-form.ts';
import { downtimes, type Incident } from './incidents.ts';
import { formatTime, type HandledMessage, messagesTable } from './messages.ts';
import { formatBytes, formatUptime } from './verdict-strip.ts';
import { say, sayOf } from './words.ts';

const SHOWN_EVENTS = 12;

export class PlActorDrawer extends PlElement {
  static override properties = {
    actor: { attribute: false },
    events: { attribute: false },
    messages: { attribute: false },
    incidents: { attribute: false },
    spanMs: { type: Number },
    canCommand: { type: Boolean },
    preview: { attribute: false },
    outcome: { attribute: false },
    now: { type: Number },
    _asked: { state: true },
    _fault: { state: true },
  };
  declare actor: Actor | undefined;
  declare events: readonly SystemEvent[];
  declare messages: readonly HandledMessage[];
  declare incidents: readonly Incident[];
  declare spanMs: number;
  declare canCommand: boolean;
  declare preview: CommandPreview | undefined;
  declare outcome: CommandOutcome | undefined;
  declare now: number;
  /** The command whose consequences are shown. */
  declare _asked: Command | undefined;
  declare _fault: Fault | undefined;

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
        <h3>${say('inc.strip')}</h3>
        ${this.#strip()} ${this.#history()}
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
      ${
        this.messages.length === 0
          ? nothing
          : html`<section>
            <h3>${say('drawer.messages')}</h3>
            ${messagesTable(this.messages, actor)}
          </section>`
      }
      <section>
        <h3>${say('drawer.facts')}</h3>
        <dl class="pl-kv">${this.#facts(actor)}</dl>
      </section>
    </aside>`;
  }

  #commands(actor: Actor): TemplateResult {
    if (actor.commands.length === 0) return html`<p class="pl-card-note">${say('drawer.supervisor')}</p>`;
    if (!this.canCommand) return html`<p class="pl-card-note">${say('drawer.noToken')}</p>`;
    const can = (command: Command) => actor.commands.includes(command);
    const asked = this._asked;
    return html`<div class="pl-commands">
        ${COMMANDS.map(
          (command) =>
            html`<button type="button" class="pl-button" data-kind=${command === 'kill' ? 'danger' : 'default'} data-command=${command}
              aria-pressed=${asked === command} ?disabled=${!can(command)}
              @click=${() => this.#ask(command)}>${say(`cmd.${command}`)}</button>`,
        )}
      </div>
      ${can('fault') ? this.#faults() : nothing}
      ${asked === undefined ? nothing : this.#impact(asked, actor)}
      ${outcomeLine(this.outcome, actor.id)}`;
  }

  /** Behind a disclosure: nobody breaks an actor by a slip of the hand. */
  #faults(): TemplateResult {
    return html`<details class="pl-faults">
      <summary>${say('cmd.faults')}</summary>
      <div class="pl-commands">
        ${FAULTS.map(
          (fault) =>
            html`<button type="button" class="pl-button" data-fault=${fault} aria-pressed=${this._asked === 'fault' && this._fault === fault}
              @click=${() => this.#ask('fault', fault)}>${fault}</button>`,
        )}
      </div>
    </details>`;
  }

  #impact(command: Command, actor: Actor): TemplateResult {
    const fault = command === 'fault' ? this._fault : undefined;
    const name = fault === undefined ? say(`cmd.${command}`) : `${say('cmd.fault')} (${fault})`;
    const grave = command === 'kill' || command === 'fault';
    const { lines, possible } = previewed(this.preview, actor.id, command, fault);
    return impactForm({
      title: name,
      button: say(`cmd.${command}`),
      grave,
      lines,
      possible,
      order: fault === 'poison',
      submit: (values) => this.#confirm(values, command, actor),
      cancel: () => this.#ask(undefined),
    });
  }

  #strip(): TemplateResult {
    const times = downtimes(this.incidents, this.now, this.spanMs);
    const label = say('inc.stripSays', { n: times.length });
    const share = (value: number) => `${(value * 100).toFixed(2)}%`;
    return html`<div class="pl-state-strip" role="img" aria-label=${label} title=${label}>
      ${times.map(({ from, to, open }) => html`<i class=${open ? 'open' : ''} style="left: ${share(from)}; width: ${share(to - from)}"></i>`)}
    </div>`;
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
      ['fact.restart', actor.restartType],
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

  #ask(command: Command | undefined, fault?: Fault): void {
    const again = this._asked === command && this._fault === fault;
    this._asked = again ? undefined : command;
    this._fault = fault;
    if (this._asked === undefined || this.actor === undefined) return;
    this.emit('preview', { actor: this.actor.id, command });
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.pl-impact input')?.focus());
  }

  #confirm(values: FormData, command: Command, actor: Actor): void {
    const text = (name: string) => String(values.get(name) ?? '').trim();
    const kind = command === 'fault' ? this._fault : undefined;
    const order = text('order');
    this._asked = undefined;
    const more = kind === undefined ? {} : { kind, ...(order === '' ? {} : { order_id: order }) };
    this.emit('command', { actor: actor.id, command, reason: text('reason'), more });
    const from = kind === undefined ? `[data-command="${command}"]` : `[data-fault="${kind}"]`;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(from)?.focus());
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
    ['fact.p99', optional(actor.p99, formatTime)],
    ['fact.handling', optional(actor.handlingMs || undefined, formatDuration)],
    ['fact.limits', actor.limits?.map((ms) => (ms === 0 ? '∞' : formatDuration(ms))).join(' / ')],
    ['fact.heap', optional(actor.heapBytes || undefined, formatBytes)],
    ['fact.external', optional(actor.externalBytes || undefined, formatBytes)],
  ];
}

customElements.define('pl-actor-drawer', PlActorDrawer);

declare global {
  interface HTMLElementTagNameMap {
    'pl-actor-drawer': PlActorDrawer;
  }
}
