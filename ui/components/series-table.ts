/** The chart's figures as a table, newest first: the same numbers for whoever would rather read than look. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Point } from '../data/figures.ts';
import { currencySymbol, formatMinute, formatNumber } from '../data/format.ts';
import { locale } from '../data/locale.ts';

export function seriesTable(
  points: readonly Point[],
  before: readonly Point[],
  moneyIs: 'revenue' | 'sales',
): TemplateResult {
  const money = `${locale.text(`kpi.${moneyIs}`)}, ${currencySymbol(locale.currency)}`;
  const orders = locale.text('kpi.orders');
  const yesterday = locale.text('chart.yesterday');
  const compared = before.length > 0;
  return html`<div class="pl-scroll pl-series-table" tabindex="0" role="group" aria-label=${locale.text('chart.time')}>
    <table class="pl-table">
      <thead>
        <tr>
          <th scope="col">${locale.text('chart.time')}</th>
          <th scope="col" class="n">${money}</th>
          ${compared ? html`<th scope="col" class="n hide-s">${yesterday}</th>` : nothing}
          <th scope="col" class="n">${orders}</th>
          ${compared ? html`<th scope="col" class="n hide-s">${yesterday}</th>` : nothing}
        </tr>
      </thead>
      <tbody>
        ${points.map((point, index) => row(point, compared ? before[index] : undefined, index === points.length - 1)).reverse()}
      </tbody>
    </table>
  </div>`;
}

function row(point: Point, before: Point | undefined, unfinished: boolean): TemplateResult {
  const money = (value: number | undefined) => formatNumber(value ?? 0, 2);
  return html`<tr>
    <td>${formatMinute(point.at, locale.zone)}${unfinished ? html` <span class="sec">${locale.text('chart.partial')}</span>` : nothing}</td>
    <td class="n">${money(point.revenue)}</td>
    ${before === undefined ? nothing : html`<td class="n hide-s">${money(before.revenue)}</td>`}
    <td class="n">${formatNumber(point.orders)}</td>
    ${before === undefined ? nothing : html`<td class="n hide-s">${formatNumber(before.orders)}</td>`}
  </tr>`;
}
