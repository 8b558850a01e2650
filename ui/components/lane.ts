/** One lane of the chart around its canvas: name and readout, grid, axis text, unfinished bucket, cursor, end labels. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatMinute } from '../data/format.ts';
import type { Lane } from '../data/lanes.ts';
import { locale } from '../data/locale.ts';
import { keepApart, type Scale, type TimeTick, timeTicks } from '../data/scale.ts';
import { glyph } from './icons.ts';

export type LaneMark = { readonly share: number; readonly text: string };

export type LaneOptions = {
  readonly lane: Lane;
  readonly name: string;
  readonly times: readonly number[];
  readonly cursor: number | undefined;
  /** Height of the lane, px. */
  readonly height: number;
  readonly timeAxis: boolean;
  /** Places along the buckets (0 to 1) where something happened, and what. */
  readonly marks?: readonly LaneMark[];
};

/** Room of the plot above and below, px; below the last lane stand the times. */
const TOP = 6;
const BOTTOM = 8;
const BOTTOM_WITH_TIMES = 22;
/** End labels are two lines high and must not touch. */
const LABEL_GAP = 30;

export function laneView({ lane, name, times, cursor, height, timeAxis, marks = [] }: LaneOptions): TemplateResult {
  const bottom = timeAxis ? BOTTOM_WITH_TIMES : BOTTOM;
  const area = height - TOP - bottom;
  return html`<div class="pl-lane-label" style=${lane.kind === 'columns' ? 'margin-top: 8px' : nothing}>
      <span>${name}</span>${cursor === undefined ? nothing : readout(lane, times, cursor)}
    </div>
    <div class="pl-plot" style="--h: ${height}px; --mb: ${bottom}px">
      <div class="pl-plot-area">
        ${grid(lane.scale)}
        <div class="pl-canvas"></div>
        ${partial(lane, times.length)} ${marks.map((mark, index) => markLine(mark, index === marks.length - 1))} ${cursor === undefined ? nothing : cursorLine(cursor, times.length)}
        ${lane.scale.ticks.map((value) => html`<span class="yt" style="top: ${percent(value, lane.scale)}%">${lane.tick(value)}</span>`)}
        ${endLabels(lane, area)} ${timeAxis ? timeTicks(times).map((tick) => timeLabel(tick, times.length)) : nothing}
      </div>
    </div>`;
}

function percent(value: number, { low, high }: Scale): number {
  return Math.round((1 - (value - low) / (high - low)) * 1000) / 10;
}

function grid(scale: Scale): TemplateResult {
  return html`<svg class="pl-plot-grid" viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">
    <path class="base" d="M0 100H1000" />
    ${scale.ticks.slice(1).map((value) => svg`<path class="gl" d="M0 ${percent(value, scale)}H1000" />`)}
  </svg>`;
}

/** The bucket that is still being filled: a hatched zone behind a line, a hatched column among columns. */
function partial({ kind, partial: value, scale }: Lane, buckets: number): TemplateResult {
  const width = 100 / Math.max(1, buckets);
  if (kind === 'line') return html`<span class="partial" style="width: ${width}%"></span>`;
  const height = Math.max(0, 100 - percent(value, scale));
  return html`<i class="pl-partial-column f-hatch" style="width: ${width * 0.84}%; right: ${width * 0.08}%; height: ${height}%"></i>`;
}

function cursorLine(cursor: number, buckets: number): TemplateResult {
  return html`<span class="cursor" style="left: ${((cursor + 0.5) / buckets) * 100}%"></span>`;
}

/** Only the newest mark carries its words: two of them would write over each other. */
function markLine({ share, text }: LaneMark, named: boolean): TemplateResult {
  return html`<span class="mark ${share > 0.5 ? 'flip' : ''}" style="left: ${share * 100}%" title=${text}
    ><span>${glyph('restart')}${named ? html`<span class="hide-s">${text}</span>` : nothing}</span></span
  >`;
}

function readout(lane: Lane, times: readonly number[], cursor: number): TemplateResult {
  const last = cursor === times.length - 1;
  const now = last ? lane.partial : (lane.now[cursor] ?? 0);
  const before = lane.before[cursor];
  return html`<span class="pl-readout">
    <span class="pl-num">${formatMinute(times[cursor] ?? 0, locale.zone)} <b>${lane.label(now)}</b>${last ? ` ${locale.text('chart.partial')}` : nothing}</span>
    ${
      before === undefined || before === null
        ? nothing
        : html`<span class="pl-num">${locale.text('chart.yesterdayLow')} <b>${lane.label(before)}</b></span>`
    }
  </span>`;
}

/** The last finished bucket of today, and yesterday's beside it, kept apart. */
function endLabels(lane: Lane, area: number): TemplateResult | typeof nothing {
  const now = lane.now.at(-2);
  if (now === undefined || now === null) return nothing;
  const y = (value: number) => (percent(value, lane.scale) / 100) * area;
  const before = lane.before.at(-2);
  if (before === undefined || before === null) return endLabel(y(now), lane.label(now), 'chart.todayLow');
  const [top, bottom] = keepApart(y(now), y(before), LABEL_GAP, area);
  return html`${endLabel(top, lane.label(now), 'chart.todayLow')}${endLabel(bottom, lane.label(before), 'chart.yesterdayLow')}`;
}

function endLabel(top: number, value: string, word: 'chart.todayLow' | 'chart.yesterdayLow'): TemplateResult {
  return html`<span class="end" style="top: ${Math.round(top)}px"><b class="pl-num">${value}</b><span>${locale.text(word)}</span></span>`;
}

function timeLabel({ at, index, minor }: TimeTick, buckets: number): TemplateResult {
  const edge = index === 0 ? 'first' : index === buckets - 1 ? 'last' : '';
  const left = edge === 'first' ? 0 : edge === 'last' ? 100 : ((index + 0.5) / buckets) * 100;
  return html`<span class="xt ${edge} ${minor ? 'hide-s' : ''}" style="left: ${left}%">${formatMinute(at, locale.zone)}</span>`;
}
