/**
 * What is counted: the dimensions, and the cubes over them, one row each. A cell of a cube is a row of additive
 * numbers; money is cents. Codes name dimensions and cubes in packed windows: a code is never used again, and new
 * measures go to the end of a row (older windows are then read with zeros there).
 */

/** Text that stands for all values above a dimension's cap. */
export const OTHER = '(other)';
/** Text of a dimension that the event does not carry. */
export const UNKNOWN = 'unknown';

type Dimension = {
  readonly code: number;
  /** Distinct values a window of a topic-partition tells apart; text is free, so it must end somewhere. */
  readonly cap: number;
};

export const DIMENSIONS = {
  second: { code: 1, cap: 60 },
  state: { code: 2, cap: 1_000 },
  category: { code: 3, cap: 2_000 },
  payment_type: { code: 4, cap: 200 },
  payment_status: { code: 5, cap: 20 },
  segment: { code: 6, cap: 200 },
  product: { code: 7, cap: 2_000 },
  event_type: { code: 8, cap: 100 },
} as const satisfies Record<string, Dimension>;

export type DimensionName = keyof typeof DIMENSIONS;

type Cube = {
  readonly code: number;
  /** At most two. */
  readonly dims: readonly DimensionName[];
  readonly measures: readonly string[];
  /** Cells a window of a topic-partition holds, where the caps of the dimensions multiply to too many. */
  readonly maxCells?: number;
};

/**
 * `orders` and `items` count every order, failed payments too; `paid_orders`, `sales` (quantity x price of the items)
 * and `revenue` (payment_value) only those whose payment has not failed. `payment.revenue` is the amount of all orders
 * of that status, failed ones too; `payment.earned` leaves those out. The errors of `product` are the part that a cell
 * took over from products it replaced (space-saving.ts): the true value is at least the measure minus its error.
 */
export const CUBES = {
  overall: {
    code: 1,
    dims: [],
    measures: [
      'events',
      'orders',
      'paid_orders',
      'items',
      'sales',
      'revenue',
      'approved',
      'failed',
      'refunds',
      'refund_amount',
    ],
  },
  second: { code: 2, dims: ['second'], measures: ['orders', 'revenue', 'views', 'carts', 'purchases'] },
  state: { code: 3, dims: ['state'], measures: ['orders', 'paid_orders', 'items', 'sales', 'revenue'] },
  category: { code: 4, dims: ['category'], measures: ['orders', 'paid_orders', 'items', 'sales'] },
  state_category: {
    code: 5,
    dims: ['state', 'category'],
    measures: ['orders', 'paid_orders', 'items', 'sales'],
    maxCells: 50_000,
  },
  payment: {
    code: 6,
    dims: ['payment_type', 'payment_status'],
    measures: ['orders', 'revenue', 'paid_orders', 'earned', 'approved', 'failed'],
  },
  segment: { code: 7, dims: ['segment'], measures: ['orders', 'paid_orders', 'items', 'sales', 'revenue'] },
  product: {
    code: 8,
    dims: ['product'],
    measures: ['orders', 'paid_orders', 'items', 'sales', 'error_items', 'error_sales'],
  },
  event_type: { code: 9, dims: ['event_type'], measures: ['events'] },
} as const satisfies Record<string, Cube>;

export type CubeName = keyof typeof CUBES;
export type MeasureOf<C extends CubeName> = (typeof CUBES)[C]['measures'][number];

/** Sketches of the customers who ordered: one of all, one a value of these dimensions. */
export const SKETCHES = {
  overall: { code: 1, dimension: undefined },
  segment: { code: 2, dimension: 'segment' },
  state: { code: 3, dimension: 'state' },
} as const;

export type SketchName = keyof typeof SKETCHES;

export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as DimensionName[];
export const CUBE_NAMES = Object.keys(CUBES) as CubeName[];
export const SKETCH_NAMES = Object.keys(SKETCHES) as SketchName[];

/** Place of a measure in the cells of a cube. */
export function measureAt<C extends CubeName>(cube: C, measure: MeasureOf<C>): number {
  return (CUBES[cube].measures as readonly string[]).indexOf(measure);
}

/** The same row without its literal types, for code that goes over all cubes. */
export function cubeOf(name: CubeName): Cube {
  return CUBES[name];
}

/** Values a dimension can have in a cube of two: both ids share one 32-bit key. */
export const PAIR_IDS = 0x10000;

/** The key of a cell: the id itself, or both ids of a pair. */
export function pairKey(first: number, second: number): number {
  return (first << 16) | second;
}
