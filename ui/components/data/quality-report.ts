/**
 * What the monitors found, and the ledger: every event that came in with its outcome.
 * Properties: findings (Part of Finding[]), ledgers (Part of Ledgers), asOf.
 * @fires retry
 */
import { html, type TemplateResult } from 'lit';
import { formatMinute, formatNumber } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { errorView, skeletonView, stateView } from '../card.ts';
import { PlElement } from '../element.ts';
import { type GlyphName, glyph } from '../icons.ts';
import { type Finding, LEDGER_FIELDS, type Ledgers } from './answers.ts';
import { LOADING, type Part, partView } from './panel-state.ts';
import { say, sayOf } from './words.ts';

const TONES: Readonly<Record<string, { readonly tone: string; readonly glyph: GlyphName }>> = {
  critical: { tone: 'pl-bad', glyph: 'fail' },
  warning: { tone: 'pl-warn', glyph: 'warn' },
};
const CALM = { tone: 'pl-ok', glyph: 'ok' } as const;

export class PlQualityReport extends PlElement {
  static override properties = {
    findings: { attribute: false },
    ledgers: { attribute: false },
    asOf: { attribute: false },
  };
  declare findings: Part<readonly Finding[]>;
  declare ledgers: Part<Ledgers | undefined>;
  declare asOf: string | undefined;

  constructor() {
    super();
    this.findings = LOADING;
    this.ledgers = LOADING;
  }

  protected override render(): TemplateResult {
    const card = { id: 'h-quality', heading: say('quality.title'), asOf: this.asOf };
    return partView(this.findings, card, {
      retry: () => this.emit('retry'),
      draw: (findings) => {
        const troubled = findings.filter(({ severity }) => severity !== 'ok').length;
        const note =
          findings.length === 0
            ? ''
            : troubled === 0
              ? say('quality.allWell')
              : say('quality.trouble', { n: troubled });
        const content = html`${this.#ledger()} ${findingsTable(findings)}`;
        return { ...card, note, body: 'flush', content };
      },
    });
  }

  #ledger(): TemplateResult {
    const { ledgers } = this;
    if (ledgers.kind === 'loading') return skeletonView('table');
    if (ledgers.kind === 'failed') return errorView(ledgers.why, () => this.emit('retry'));
    const total = ledgers.value?.total;
    if (total === undefined || total.in === 0) return html`<p class="pl-card-note pl-inset">${say('ledger.empty')}</p>`;
    return html`<dl class="pl-ledger">
      ${LEDGER_FIELDS.map(
        (name) =>
          html`<div><dt>${say(`ledger.${name}`)}</dt><dd class="pl-num">${formatNumber(total[name])}</dd></div>`,
      )}
    </dl>`;
  }
}

function findingsTable(findings: readonly Finding[]): TemplateResult {
  if (findings.length === 0) return stateView({ kind: 'empty', title: say('quality.none') });
  return html`<ul class="pl-findings">
    ${findings.map(({ severity, text, since, id }) => {
      const mark = TONES[severity] ?? CALM;
      return html`<li data-finding=${id}>
        <span class="pl-state-tag ${mark.tone}">${glyph(mark.glyph)}<span>${sayOf('severity', severity)}</span></span>
        <span class="what">${text}</span>
        <span class="when pl-num">${say('quality.since')} ${formatMinute(since, locale.zone)}</span>
      </li>`;
    })}
  </ul>`;
}

customElements.define('pl-quality-report', PlQualityReport);

declare global {
  interface HTMLElementTagNameMap {
    'pl-quality-report': PlQualityReport;
  }
}
