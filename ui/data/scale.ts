/** Axes in round steps: at most four labels upwards, and times that people would write. */

export type Scale = { readonly low: number; readonly high: number; readonly ticks: readonly number[] };

/** Steps that read well, within a decade. */
const STEPS = [1, 2, 2.5, 3, 4, 5, 10];

/** The smallest round scale with `parts` equal steps that holds every value; `fromZero` for columns. */
export function roundScale(values: readonly number[], parts: number, fromZero: boolean): Scale {
  const largest = Math.max(0, ...values);
  // Nothing but zeros still gets labels that can be told apart.
  const most = values.length === 0 || (largest === 0 && Math.min(...values) === 0) ? parts : Math.max(...values);
  const least = fromZero || values.length === 0 ? 0 : Math.min(...values);
  // Figures that hardly differ get some room, so that noise does not fill the height.
  const spread = Math.max(most - least, most * 0.1, Number.EPSILON);
  for (let decade = Math.floor(Math.log10(spread / parts)); ; decade++) {
    for (const factor of STEPS) {
      const step = factor * 10 ** decade;
      const low = Math.floor(least / step + 1e-9) * step;
      if (low + step * parts < most - step * 1e-9) continue;
      const ticks = Array.from({ length: parts + 1 }, (_, index) => clean(low + index * step));
      return { low: clean(low), high: clean(low + parts * step), ticks };
    }
  }
}

/** Takes off what binary arithmetic leaves behind the twelfth digit. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

export type TimeTick = { readonly at: number; readonly index: number; readonly minor: boolean };

const MINUTE_MS = 60_000;
/** Distances between labels in ms, by what suits a range. */
const TIME_STEPS = [1, 5, 10, 15, 30, 60, 120, 180, 240, 360].map((minutes) => minutes * MINUTE_MS);
/** No label stands closer to the first or last one than this share of the width. */
const MARGIN = 0.1;

/** First and last bucket, and round times between them; `minor` ones go first when the width is small. */
export function timeTicks(times: readonly number[], most = 6): TimeTick[] {
  const last = times.length - 1;
  if (last < 1) return times.map((at, index) => ({ at, index, minor: false }));
  const span = (times[last] as number) - (times[0] as number);
  const step = TIME_STEPS.find((candidate) => span / candidate <= most) ?? (TIME_STEPS.at(-1) as number);
  const inner = times
    .map((at, index) => ({ at, index, minor: false }))
    .filter(({ at, index }) => at % step === 0 && index / last > MARGIN && index / last < 1 - MARGIN)
    .map((tick, order) => ({ ...tick, minor: order % 2 === 0 }));
  return [
    { at: times[0] as number, index: 0, minor: false },
    ...inner,
    { at: times[last] as number, index: last, minor: false },
  ];
}

/** Positions in px that keep their order and stay `gap` apart, inside 0..height. */
export function keepApart(a: number, b: number, gap: number, height: number): [number, number] {
  const distance = Math.abs(a - b);
  if (distance >= gap) return [a, b];
  const push = (gap - distance) / 2;
  const [top, bottom] = a <= b ? [a - push, b + push] : [b - push, a + push];
  const shift = Math.max(0, -top) - Math.max(0, bottom - height);
  return a <= b ? [top + shift, bottom + shift] : [bottom + shift, top + shift];
}
