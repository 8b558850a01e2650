/**
 * How payments end: approved share, failures over the range, and every type with its share and its failures.
 * @fires retry, widen (see panel)
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { Panel, PaymentRow, Point } from '../data/figures.ts';
import { figuresOf, successShare, totalOf } from '../data/figures.ts';
import { formatMinute, formatNumber, formatShare, NONE } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { colourSlots, plainName } from '../data/names.ts';
import type { Granularity } from '../data/query-plan.ts';
import { failureLane } from './failure-lane.ts';
import { PlPanel } from './panel.ts';

/** Types with a line of their own; the drawn order never changes with their rank. */
const SHOWN = 6;

export class PlPayments extends PlPanel<readonly PaymentRow[]> {
  static override properties = { ...PlPanel.properties, points: { attribute: false }, granularity: {} };
  declare points: Panel<readonly Point[]> | undefined;
  declare granularity: Granularity;

  constructor() {
    super();
    this.granularity = '1m';
  }

  protected override render(): TemplateResult {
    return this.card({ id: 'h-payments', heading: this.text('pay.title'), skeleton: 'list', minHeight: 324 }, (rows) =>
      this.#body(rows),
    );
  }

  #body(all: readonly PaymentRow[]): TemplateResult {
    const rows = [...all].sort((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1)).slice(0, SHOWN);
    const total = totalOf(all, (row) => row.total);
    const failed = totalOf(all, (row) => row.failed);
    const share = successShare({ approved: totalOf(all, (row) => row.approved), failed });
    const slots = colourSlots(all.map((row) => row.key));
    return html`<div class="pl-pay-head">
        <span class="pl-figure pl-num">${share === undefined ? NONE : formatShare(share)}</span
        ><span class="pl-card-note">${this.text('pay.approved')}</span><span class="pl-spacer"></span
        ><span class="pl-card-note pl-num">${this.text('pay.failed', { n: formatNumber(failed) })}</span>
      </div>
      ${this.#failures()}
      <div class="pl-sub">${this.text('pay.byType')}</div>
      <div class="pl-split-bar" style="margin: 6px 0 8px" aria-hidden="true">
        ${rows.map((row) => html`<i class="f${slots.get(row.key) ?? 0}" style="width: ${total === 0 ? 0 : (row.total / total) * 100}%"></i>`)}
      </div>
      <table class="pl-pay-types">
        <thead>
          <tr>
            <th scope="col"><span class="pl-sr">${this.text('pay.type')}</span></th>
            <th scope="col">${this.text('pay.share')}</th>
            <th scope="col">${this.text('pay.failedShare')}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => this.#row(row, total, slots.get(row.key) ?? 0))}
        </tbody>
      </table>`;
  }

  #row(row: PaymentRow, total: number, slot: number): TemplateResult {
    const success = successShare(row);
    return html`<tr>
      <th scope="row"><i class="pl-swatch f${slot}"></i>${plainName(row.key, locale.language)}</th>
      <td>${total === 0 ? NONE : formatShare(row.total / total)}</td>
      <td>${success === undefined ? NONE : formatShare(1 - success)}</td>
    </tr>`;
  }

  #failures(): TemplateResult | typeof nothing {
    const points = this.points === undefined ? undefined : figuresOf(this.points);
    if (points === undefined || points.length < 3) return nothing;
    const complete = points.slice(0, -1);
    const shares = complete.map((point) => {
      const success = successShare(point);
      return success === undefined ? undefined : 1 - success;
    });
    const times = [points[0], points.at(-1)].map((point) => formatMinute(point?.at ?? 0, locale.zone)) as [
      string,
      string,
    ];
    return failureLane(shares, times, this.text('pay.failures', { per: this.text(`per.${this.granularity}`) }));
  }
}

customElements.define('pl-payments', PlPayments);

declare global {
  interface HTMLElementTagNameMap {
    'pl-payments': PlPayments;
  }
}
