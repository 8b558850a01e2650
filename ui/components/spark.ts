/** A small line without axes: the shape of a figure over its range, with yesterday behind it. */
import { html, nothing, svg, type TemplateResult } from 'lit';

const WIDTH = 200;
const HEIGHT = 40;
/** Room above and below, so that the line's width is never cut. */
const PAD = 2.8;

type Values = readonly (number | undefined)[];

export type SparkOptions = { readonly points: Values; readonly previous?: Values };

/** Both lines share one scale; nothing is drawn while there are not two points to join. */
export function sparkView({ points, previous = [] }: SparkOptions): TemplateResult | typeof nothing {
  const known = [...points, ...previous].filter((value) => value !== undefined);
  if (points.filter((value) => value !== undefined).length < 2) return nothing;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (value: number) => HEIGHT - PAD - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * PAD);
  const line = linePath(points, y);
  const last = points.findLast((value) => value !== undefined) as number;
  return html`<svg class="pl-spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
      <path class="ar" d="${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z" />
      ${previous.length < 2 ? nothing : svg`<path class="ln prev" d=${linePath(previous, y)} />`}
      <path class="ln" d=${line} /></svg
    ><span class="pl-spark-dot" style="top: calc(var(--pl-spark-top, 8px) + ${round((y(last) / HEIGHT) * 100)}% * var(--pl-spark-part, 0.78) - 2.5px)"></span>`;
}

/** One line over `width` x `height`, for a table cell. */
export function miniSpark(points: Values, width: number, height: number): TemplateResult | typeof nothing {
  const known = points.filter((value) => value !== undefined);
  if (known.length < 2) return nothing;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const y = (value: number) => height - 1.5 - ((value - low) / (high - low || 1)) * (height - 3);
  return html`<svg class="spark-s" style="width: ${width}px" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
    <path class="ln" d=${linePath(points, y, width)} />
  </svg>`;
}

/** A gap in the values is a gap in the line. */
function linePath(values: Values, y: (value: number) => number, width = WIDTH): string {
  const step = width / Math.max(1, values.length - 1);
  let path = '';
  let pen = 'M';
  values.forEach((value, index) => {
    if (value === undefined) {
      pen = 'M';
      return;
    }
    path += `${pen}${round(index * step)} ${round(y(value))}`;
    pen = 'L';
  });
  return path;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
