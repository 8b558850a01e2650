/** Customer segments: how many bought, their share, and what an order of theirs is worth. @fires retry, widen (see panel) */
import { html, nothing, type TemplateResult } from 'lit';
import { relativeDelta } from '../data/compare.ts';
import { averageOrder, type Row, totalOf } from '../data/figures.ts';
import { formatNumber, formatShare, NONE } from '../data/format.ts';
import { locale } from '../data/locale.ts';
import { colourSlots, plainName } from '../data/names.ts';
import { deltaView } from './delta.ts';
import { PlPanel } from './panel.ts';

export class PlSegments extends PlPanel<readonly Row[]> {
  protected override render(): TemplateResult {
    const heading = this.text('seg.title');
    const note = this.context.range;
    return this.card({ id: 'h-segments', heading, note, body: 'flush', skeleton: 'table', minHeight: 150 }, (rows) =>
      this.#body(rows),
    );
  }

  #body(all: readonly Row[]): TemplateResult {
    const rows = [...all].sort((a, b) => (b.customers ?? 0) - (a.customers ?? 0) || (a.key < b.key ? -1 : 1));
    const slots = colourSlots(all.map((row) => row.key));
    const total = totalOf(all, (row) => row.customers);
    const before = new Map((this.previous ?? []).map((row) => [row.key, row]));
    const averages = rows.some((row) => row.paid !== undefined);
    return html`<div style="padding: 6px var(--pl-card-padding) 8px" aria-hidden="true">
        <div class="pl-split-bar" style="height: 10px">
          ${rows.map((row) => html`<i class="f${slots.get(row.key) ?? 0}" style="width: ${total === 0 ? 0 : ((row.customers ?? 0) / total) * 100}%"></i>`)}
        </div>
      </div>
      <div class="pl-scroll" tabindex="0" role="group" aria-label=${this.text('seg.title')}>
        <table class="pl-table" data-density="roomy">
          <thead>
            <tr>
              <th scope="col">${this.text('seg.segment')}</th>
              <th scope="col" class="n">${this.text('seg.customers')}</th>
              <th scope="col" class="n hide-s">${this.text('seg.share')}</th>
              <th scope="col" class="n">${averages ? this.text('seg.average') : this.text('kpi.orders')}</th>
              ${this.yesterday === undefined ? nothing : html`<th scope="col" class="n">${this.text('vs.yesterday')}</th>`}
            </tr>
          </thead>
          <tbody>
            ${rows.map((row) => this.#row(row, slots.get(row.key) ?? 0, total, averages, before.get(row.key)))}
          </tbody>
        </table>
      </div>`;
  }

  #row(row: Row, slot: number, total: number, averages: boolean, before: Row | undefined): TemplateResult {
    const average = averageOrder({ paid: row.paid, revenue: row.money });
    const figure = averages ? (average === undefined ? NONE : formatNumber(average, 2)) : formatNumber(row.orders);
    const delta = relativeDelta(row.customers, this.expected(before?.customers));
    return html`<tr>
      <td class="grow"><i class="pl-swatch f${slot}"></i>${plainName(row.key, locale.language)}</td>
      <td class="n">${formatNumber(row.customers ?? 0)}</td>
      <td class="n hide-s">${total === 0 ? NONE : formatShare((row.customers ?? 0) / total)}</td>
      <td class="n">${figure}</td>
      ${this.yesterday === undefined ? nothing : html`<td class="n">${deltaView(delta)}</td>`}
    </tr>`;
  }
}

customElements.define('pl-segments', PlSegments);

declare global {
  interface HTMLElementTagNameMap {
    'pl-segments': PlSegments;
  }
}
