/** Who did what to the actors, when and why. Properties: entries (answer of GET /system/audit), spanMs. */
import { html, type TemplateResult } from 'lit';
import { PlElement } from '../element.ts';
import { glyph } from '../icons.ts';
import { clock } from './incident-timeline.ts';
import { say, sayOf, sayWhat } from './words.ts';

type Entry = {
  readonly at: number;
  readonly actor: string | null;
  readonly command: string;
  readonly fault?: string | null;
  readonly lanes: number | null;
  readonly partition: string | null;
  readonly job: string | null;
  readonly reason: string;
  readonly from: string;
  readonly outcome: string;
  readonly error: { readonly message: string } | null;
};

const DAY_MS = 86_400_000;

export class PlAuditList extends PlElement {
  static override properties = { entries: { attribute: false } };
  declare entries: unknown;

  protected override render(): TemplateResult {
    const { items = [] } = (this.entries ?? {}) as { items?: readonly Entry[] };
    const heads = (['at', 'what', 'on', 'outcome', 'reason', 'from'] as const).map((name) =>
      say(name === 'reason' ? 'cmd.reason' : `audit.${name}`),
    );
    return html`<section class="pl-card" id="audit" aria-labelledby="h-audit">
      <header class="pl-card-head">
        <h2 id="h-audit">${say('audit.title')}</h2>
      </header>
      <div class="pl-card-body flush">
        <div class="pl-scroll" tabindex="0" role="group" aria-label=${say('audit.title')}>
          <table class="pl-table">
            <thead>
              <tr>${heads.map((head, at) => html`<th scope="col" class=${at > 3 ? 'hide-s' : ''}>${head}</th>`)}</tr>
            </thead>
            <tbody>
              ${items.map(row)}
            </tbody>
          </table>
          ${items.length === 0 ? html`<p class="pl-none">${say('audit.none')}</p>` : ''}
        </div>
      </div>
    </section>`;
  }
}

function row({
  at,
  actor,
  command,
  fault,
  lanes,
  partition,
  job,
  reason,
  from,
  outcome,
  error,
}: Entry): TemplateResult {
  const [tone, mark] =
    outcome === 'accepted'
      ? (['ok', 'ok'] as const)
      : outcome === 'refused'
        ? (['bad', 'fail'] as const)
        : (['info', 'clock'] as const);
  return html`<tr>
    <td class="pl-num">${clock(at, Date.now() - at > DAY_MS / 2 ? DAY_MS + 1 : 0)}</td>
    <td>${sayWhat(command)}${fault ? ` ${fault}` : ''}</td>
    <td>${actor ?? partition ?? job ?? lanes}</td>
    <td title=${error?.message ?? ''}><span class="pl-state-tag pl-${tone}">${glyph(mark)}<span>${sayOf('audit', outcome)}</span></span></td>
    <td class="hide-s">${reason}</td>
    <td class="hide-s pl-muted">${from}</td>
  </tr>`;
}

customElements.define('pl-audit-list', PlAuditList);

declare global {
  interface HTMLElementTagNameMap {
    'pl-audit-list': PlAuditList;
  }
}
