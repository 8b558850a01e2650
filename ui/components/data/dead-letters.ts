/**
 * The newest events that could not be read, with why.
 * Properties: letters (Part of DeadLetter[]), asOf.
 * @fires retry
 */
import { html, type TemplateResult } from 'lit';
import { formatClock, formatNumber, NONE } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { stateView } from '../card.ts';
import { PlElement } from '../element.ts';
import { countReasons, type DeadLetter } from './answers.ts';
import { LOADING, type Part, partView } from './panel-state.ts';
import { say, sayOf } from './words.ts';

const SHOWN = 8;

export class PlDeadLetters extends PlElement {
  static override properties = { letters: { attribute: false }, asOf: { attribute: false } };
  declare letters: Part<readonly DeadLetter[]>;
  declare asOf: string | undefined;

  constructor() {
    super();
    this.letters = LOADING;
  }

  protected override render(): TemplateResult {
    const card = { id: 'h-letters', heading: say('letters.title'), asOf: this.asOf };
    return partView(this.letters, card, {
      retry: () => this.emit('retry'),
      draw: (letters) => {
        if (letters.length === 0) return { ...card, content: stateView({ kind: 'empty', title: say('letters.none') }) };
        const note = say('letters.note', { n: formatNumber(letters.length) });
        return { ...card, note, body: 'flush', content: html`${reasons(letters)} ${table(letters.slice(0, SHOWN))}` };
      },
    });
  }
}

function reasons(letters: readonly DeadLetter[]): TemplateResult {
  return html`<p class="pl-reasons">
    ${countReasons(letters).map(([reason, count]) => html`<span class="pl-chip"><b class="pl-num">${formatNumber(count)}</b> ${sayOf('reason', reason)}</span>`)}
  </p>`;
}

function table(letters: readonly DeadLetter[]): TemplateResult {
  return html`<div class="pl-scroll" tabindex="0" role="group" aria-label=${say('letters.title')}>
    <table class="pl-table">
      <thead>
        <tr>
          <th>${say('letters.at')}</th>
          <th>${say('letters.reason')}</th>
          <th class="hide-s">${say('letters.field')}</th>
          <th class="hide-s">${say('letters.place')}</th>
          <th class="grow">${say('letters.excerpt')}</th>
        </tr>
      </thead>
      <tbody>
        ${letters.map(
          ({ at, reason, field, topic, partition, offset, excerpt }) => html`<tr>
            <td class="pl-num">${formatClock(at, locale.zone)}</td>
            <td>${sayOf('reason', reason)}</td>
            <td class="hide-s">${field ?? NONE}</td>
            <td class="pl-mono sec hide-s">${topic}/${partition}:${offset}</td>
            <td class="pl-mono grow" title=${excerpt}>${excerpt}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

customElements.define('pl-dead-letters', PlDeadLetters);

declare global {
  interface HTMLElementTagNameMap {
    'pl-dead-letters': PlDeadLetters;
  }
}
