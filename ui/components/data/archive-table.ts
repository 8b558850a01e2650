/**
 * The newest batches of the archive, with how far each has come.
 * Properties: batches (Part of Batch[]; undefined where this server has no archive to ask), asOf.
 * @fires retry
 */
import { html, type TemplateResult } from 'lit';
import { formatMinute, formatNumber, NONE } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { cardView, stateView } from '../card.ts';
import { PlElement } from '../element.ts';
import { glyph } from '../icons.ts';
import type { Batch } from './answers.ts';
import { LOADING, type Part, partView } from './panel-state.ts';
import { megabytes, say } from './words.ts';

const STEPS = ['PLANNED', 'WRITTEN', 'VERIFIED', 'COMMITTED', 'DELETED'] as const;
const SHOWN = 12;

export class PlArchiveTable extends PlElement {
  static override properties = { batches: { attribute: false }, asOf: { attribute: false } };
  declare batches: Part<readonly Batch[]> | undefined;
  declare asOf: string | undefined;

  constructor() {
    super();
    this.batches = LOADING;
  }

  protected override render(): TemplateResult {
    const card = { id: 'h-archive', heading: say('archive.title'), asOf: this.asOf };
    if (this.batches === undefined) return cardView(card, stateView({ kind: 'empty', title: say('archive.absent') }));
    return partView(this.batches, card, {
      retry: () => this.emit('retry'),
      draw: (batches) => {
        if (batches.length === 0) {
          const content = stateView({ kind: 'empty', title: say('archive.none'), why: say('archive.noneWhy') });
          return { ...card, content };
        }
        const mb = megabytes(batches.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0));
        const note = say('archive.note', { n: formatNumber(batches.length), mb });
        return { ...card, note, body: 'flush', foot: say('archive.foot'), content: table(batches.slice(0, SHOWN)) };
      },
    });
  }
}

function table(batches: readonly Batch[]): TemplateResult {
  return html`<div class="pl-scroll" tabindex="0" role="group" aria-label=${say('archive.title')}>
    <table class="pl-table">
      <thead>
        <tr>
          <th>${say('archive.batch')}</th>
          <th>${say('archive.state')}</th>
          <th class="n">${say('archive.rows')}</th>
          <th class="n">MB</th>
          <th class="hide-s">${say('archive.window')}</th>
          <th class="hide-s hide-m">${say('archive.day')}</th>
          <th class="hide-s">${say('archive.verified')}</th>
        </tr>
      </thead>
      <tbody>
        ${batches.map(
          (batch) => html`<tr>
            <td class="pl-mono" title=${`${batch.id}: ${batch.fromOffset} – ${batch.toOffset}`}>${shortId(batch)}</td>
            <td>${steps(batch)}</td>
            <td class="n">${batch.rows === undefined ? NONE : formatNumber(batch.rows)}</td>
            <td class="n">${batch.bytes === undefined ? NONE : megabytes(batch.bytes)}</td>
            <td class="pl-num hide-s">${span(batch)}</td>
            <td class="pl-num sec hide-s hide-m">${days(batch)}</td>
            <td class="hide-s">${verified(batch)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A batch that failed stops at the step after the last it had done. */
function steps(batch: Batch): TemplateResult {
  const failed = batch.state === 'FAILED';
  const done = failed ? 0 : STEPS.indexOf(batch.state as (typeof STEPS)[number]);
  const tone = failed ? 'pl-bad' : done === 0 ? 'pl-idle' : done < 3 ? 'pl-info' : '';
  return html`<span class="pl-batch-state"
    ><span class="pl-steps hide-s" aria-hidden="true">${STEPS.map(
      (_, at) => html`<i class=${failed && at === 1 ? 'x' : at <= done ? 'd' : ''}></i>`,
    )}</span><span class="pl-state-tag ${tone}">${batch.state}</span></span
  >`;
}

function span({ from, to }: Batch): string {
  if (from === undefined || to === undefined) return NONE;
  return `${formatMinute(from, locale.zone)} – ${formatMinute(to, locale.zone)}`;
}

/** A file's folder names its day; the whole path is one hover away. */
function days({ paths }: Batch): TemplateResult | string {
  const found = [...new Set(paths.flatMap((path) => /=(\d{4}-\d{2}-\d{2})\//.exec(path)?.[1] ?? []))];
  if (found.length === 0) return NONE;
  const more = found.length === 1 ? '' : ` ${say('archive.more', { n: found.length - 1 })}`;
  return html`<span title=${paths.join('\n')}>${found[0]}${more}</span>`;
}

/** Offsets without the zeros that make ids sort. */
function shortId({ topic, partition, fromOffset, id }: Batch): string {
  return topic === '' ? id : `${topic}-${partition} ${formatNumber(fromOffset)}`;
}

function verified({ state, verifiedAt, error }: Batch): TemplateResult {
  if (state === 'FAILED')
    return html`<span class="pl-state-tag pl-bad" title=${error ?? ''}>${glyph('fail')}<span class="why">${error ?? state}</span></span>`;
  if (verifiedAt !== undefined)
    return html`<span class="pl-state-tag pl-ok">${glyph('ok')}<span class="pl-soft">${say('archive.equal')}</span></span>`;
  if (state === 'WRITTEN')
    return html`<span class="pl-state-tag pl-info">${glyph('clock')}<span>${say('archive.reading')}</span></span>`;
  return html`<span class="sec">${NONE}</span>`;
}

customElements.define('pl-archive-table', PlArchiveTable);

declare global {
  interface HTMLElementTagNameMap {
    'pl-archive-table': PlArchiveTable;
  }
}
