/** The key figures of the Live page, from sums and points, as the tiles show them. */
import { type Delta, pointsDelta, relativeDelta } from './compare.ts';
import { averageOrder, type Point, type Sums, successShare } from './figures.ts';
import { type Compact, compactNumber, currencySymbol, formatMoney, formatNumber, formatShare } from './format.ts';
import type { Language } from './text.ts';

export type TileName = 'revenue' | 'orders' | 'average' | 'customers' | 'success';

export type TileFigures = {
  readonly name: TileName;
  readonly value: Compact | undefined;
  readonly exact: string;
  readonly delta: Delta | undefined;
  readonly previous: string | undefined;
  readonly points: readonly (number | undefined)[];
  readonly previousPoints: readonly (number | undefined)[];
};

export type TileInput = {
  readonly totals: Sums | undefined;
  readonly before: Sums | undefined;
  readonly points: readonly Point[];
  readonly pointsBefore: readonly Point[];
  readonly elapsed: number;
  readonly language: Language;
  readonly currency: string;
};

/** Below this a sum of money keeps its cents in the tile. */
const WITH_CENTS = 10_000;

type Recipe = {
  readonly name: TileName;
  readonly read: (sums: Sums | undefined) => number | undefined;
  /** Grows as the span passes, so yesterday's is cut to the same part of it. */
  readonly grows: boolean;
  readonly show: (value: number, input: TileInput) => Compact;
  readonly exact: (value: number, input: TileInput) => string;
};

const money = (value: number, { language, currency }: TileInput): Compact => {
  const { text, unit } = compactNumber(value, language);
  const digits = unit !== '' ? text : formatNumber(value, value < WITH_CENTS ? 2 : 0);
  return { text: `${currencySymbol(currency)} ${digits}`, unit };
};
const exactMoney = (value: number, { currency }: TileInput) => formatMoney(value, currency);
const count = (value: number, { language }: TileInput) => compactNumber(value, language);
const exactCount = (value: number) => formatNumber(value);

const RECIPES: readonly Recipe[] = [
  { name: 'revenue', read: (sums) => sums?.revenue, grows: true, show: money, exact: exactMoney },
  { name: 'orders', read: (sums) => sums?.orders, grows: true, show: count, exact: exactCount },
  {
    name: 'average',
    read: averageOrder,
    grows: false,
    show: (value, { currency }) => ({ text: formatMoney(value, currency), unit: '' }),
    exact: exactMoney,
  },
  { name: 'customers', read: (sums) => sums?.customers, grows: true, show: count, exact: exactCount },
  {
    name: 'success',
    read: successShare,
    grows: false,
    show: (value) => ({ text: formatShare(value), unit: '' }),
    exact: (value) => formatShare(value, 2),
  },
];

export function tileFigures(input: TileInput): TileFigures[] {
  return RECIPES.map((recipe) => tileOf(recipe, input));
}

function tileOf({ name, read, grows, show, exact }: Recipe, input: TileInput): TileFigures {
  const now = read(input.totals);
  const whole = read(input.before);
  const before = whole === undefined ? undefined : grows ? whole * input.elapsed : whole;
  // A day without anything is nothing to compare with.
  const shown = before === undefined || (grows && before === 0) ? undefined : show(before, input);
  return {
    name,
    value: now === undefined ? undefined : show(now, input),
    exact: now === undefined ? '' : exact(now, input),
    delta: name === 'success' ? pointsDelta(now, before) : relativeDelta(now, before),
    previous: shown === undefined ? undefined : [shown.text, shown.unit].filter(Boolean).join(' '),
    points: input.points.slice(0, -1).map(read),
    previousPoints: input.pointsBefore.slice(0, -1).map(read),
  };
}
