/** What the two lanes of the main chart show: values, scale, labels. Pure, so that the chart only draws. */
import type { Point } from './figures.ts';
import { compactNumber, currencySymbol, formatNumber, unitWord } from './format.ts';
import { roundScale, type Scale } from './scale.ts';
import type { Language } from './text.ts';

export type Lane = {
  readonly kind: 'line' | 'columns';
  readonly now: readonly (number | null)[];
  readonly before: readonly (number | null)[];
  readonly scale: Scale;
  /** Unit of the axis: `R$ k`, `R$` or nothing. */
  readonly unit: string;
  readonly tick: (value: number) => string;
  /** A value with its unit, as it stands at the end of a line. */
  readonly label: (value: number) => string;
  /** The unfinished bucket so far. */
  readonly partial: number;
};

type LaneInput = {
  readonly points: readonly Point[];
  readonly before: readonly Point[];
  readonly language: Language;
  readonly currency: string;
};

/** Upwards of these the axis of money counts in thousands or millions. */
const THOUSANDS = 10_000;
const MILLIONS = 2_000_000;

export function moneyLane({ points, before, language, currency }: LaneInput): Lane {
  const values = split(points, before, (point) => point.revenue ?? 0);
  const scale = roundScale(values.all, 3, false);
  const symbol = currencySymbol(currency);
  const [divisor, word] =
    scale.high >= MILLIONS
      ? [1e6, unitWord(language, 'million')]
      : scale.high >= THOUSANDS
        ? [1e3, unitWord(language, 'thousand')]
        : [1, ''];
  const step = ((scale.ticks[1] ?? 1) - scale.low) / divisor;
  const digits = step >= 1 && Number.isInteger(step) ? 0 : 1;
  const unit = word === '' ? symbol : `${symbol} ${word}`;
  return {
    kind: 'line',
    ...values,
    scale,
    unit,
    tick: (value) => formatNumber(value / divisor, digits),
    label: (value) => {
      const compact = compactNumber(value, language, THOUSANDS);
      return [symbol, compact.text, compact.unit].filter(Boolean).join(' ');
    },
  };
}

export function orderLane({ points, before }: LaneInput): Lane {
  const values = split(points, before, (point) => point.orders);
  const scale = roundScale([...values.all, values.partial], 2, true);
  const digits = Number.isInteger(scale.ticks[1] ?? 0) ? 0 : 1;
  return {
    kind: 'columns',
    ...values,
    scale,
    unit: '',
    tick: (value) => formatNumber(value, digits),
    label: (value) => formatNumber(value),
  };
}

function split(points: readonly Point[], before: readonly Point[], read: (point: Point) => number) {
  const all = points.map(read);
  // A day without an order draws no line along the floor.
  const old = before.some((point) => point.orders > 0) ? before.map(read) : [];
  return {
    now: all.map((value, index) => (index === all.length - 1 ? null : value)),
    before: old,
    partial: all.at(-1) ?? 0,
    all: [...all.slice(0, -1), ...old],
  };
}
