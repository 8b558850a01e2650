/** The share of payments that failed, bucket by bucket, as a small line from zero with its top labelled. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatShare } from '../data/format.ts';
import { roundScale } from '../data/scale.ts';

const WIDTH = 1_000;
const HEIGHT = 100;

/** `times` are the first and the last bucket as text. */
export function failureLane(
  shares: readonly (number | undefined)[],
  times: readonly [string, string],
  label: string,
): TemplateResult | typeof nothing {
  const known = shares.filter((share) => share !== undefined);
  if (known.length < 2) return nothing;
  const { high } = roundScale(known, 1, true);
  return html`<div class="pl-plot pl-failures" style="--h: 78px; --mr: 4px; --ml: 34px" role="img" aria-label=${label} title=${label}>
    <div class="pl-plot-area">
      <svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
        <path class="base" d="M0 100H1000" />
        <path class="gl" d="M0 0H1000" />
        <path class="ln bad" d=${path(shares, high)} />
      </svg>
      <span class="yt" style="top: 0%">${formatShare(high, high < 0.1 ? 1 : 0)}</span>
      <span class="yt" style="top: 100%">0</span>
      <span class="xt first" style="left: 0%">${times[0]}</span>
      <span class="xt last" style="left: 100%">${times[1]}</span>
    </div>
  </div>`;
}

function path(shares: readonly (number | undefined)[], high: number): string {
  const step = WIDTH / (shares.length - 1);
  let text = '';
  let pen = 'M';
  shares.forEach((share, index) => {
    if (share === undefined) {
      pen = 'M';
      return;
    }
    text += `${pen}${Math.round(index * step)} ${Math.round((1 - share / high) * HEIGHT * 10) / 10}`;
    pen = 'L';
  });
  return text;
}
