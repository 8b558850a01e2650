/** The figures of the Live page in one shape, whether they came by the stream or by a query. */

/** Sums over a range; undefined where the figure is not counted under the filter. */
export type Sums = {
  readonly orders: number;
  readonly paid: number | undefined;
  readonly revenue: number | undefined;
  readonly approved: number | undefined;
  readonly failed: number | undefined;
  readonly customers: number | undefined;
};

/** One bucket of time. */
export type Point = Sums & { readonly at: number };

/** One value of a dimension. */
export type Row = {
  readonly key: string;
  readonly name?: string;
  readonly orders: number;
  readonly paid?: number;
  readonly items?: number;
  /** Money: revenue where the shop keeps it, else what the items sold for. */
  readonly money?: number;
  readonly customers?: number;
};

/** One payment type and how its payments ended. */
export type PaymentRow = {
  readonly key: string;
  readonly total: number;
  readonly failed: number;
  readonly approved: number;
};

/** Clicks by what they were. */
export type Funnel = { readonly views: number; readonly carts: number; readonly purchases: number };

/** One panel's figures: not here yet, here, failed, or not counted under the filter. */
export type Panel<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'absent' };

export type PanelValues = {
  readonly totals: Sums;
  readonly points: readonly Point[];
  readonly states: readonly Row[];
  readonly categories: readonly Row[];
  readonly products: readonly Row[];
  readonly payments: readonly PaymentRow[];
  readonly segments: readonly Row[];
  readonly funnel: Funnel;
};

export type PanelName = keyof PanelValues;
export const PANELS: readonly PanelName[] = [
  'totals',
  'points',
  'states',
  'categories',
  'products',
  'payments',
  'segments',
  'funnel',
];

export type Figures = { readonly [K in PanelName]: Panel<PanelValues[K]> };

export const LOADING: { readonly kind: 'loading' } = { kind: 'loading' };

export function figuresOf<T>(panel: Panel<T>): T | undefined {
  return panel.kind === 'ready' ? panel.value : undefined;
}

/** Approved of those that ended; undefined while none did. */
export function successShare(sums: Pick<Sums, 'approved' | 'failed'> | undefined): number | undefined {
  if (sums?.approved === undefined || sums.failed === undefined) return undefined;
  const ended = sums.approved + sums.failed;
  return ended === 0 ? undefined : sums.approved / ended;
}

export function averageOrder(sums: Pick<Sums, 'paid' | 'revenue'> | undefined): number | undefined {
  if (sums?.revenue === undefined || !sums.paid) return undefined;
  return sums.revenue / sums.paid;
}

export function totalOf<T>(rows: readonly T[], value: (row: T) => number | undefined): number {
  let total = 0;
  for (const row of rows) total += value(row) ?? 0;
  return total;
}
