/**
 * Which metric can be asked of which cube: one table, served as the schema and quoted when a query asks for something
 * else. A metric is a value worked out from sums of a cube's measures, so it stands wherever the measures do.
 */
import { CUBE_NAMES, type CubeName, cubeOf, type DimensionName, type SketchName } from './cubes.ts';

export type ColumnType = 'time' | 'text' | 'integer' | 'money' | 'number';

/** The sums of a row by name, and the distinct customers where the cube has sketches. */
export type Sums = (measure: string) => number;

type Metric = {
  readonly type: ColumnType;
  readonly needs: readonly string[];
  readonly value: (sum: Sums) => number | null;
};

/** Stands for the sketch of customers among the measures. */
export const CUSTOMERS = 'customers';

const sumOf = (measure: string, type: ColumnType): Metric => ({
  type,
  needs: [measure],
  value: (sum) => sum(measure),
});
const ratio = (type: ColumnType, over: string, under: readonly string[]): Metric => ({
  type,
  needs: [over, ...under],
  value: (sum) => {
    const divisor = under.reduce((total, measure) => total + sum(measure), 0);
    return divisor === 0 ? null : sum(over) / divisor;
  },
});

export const METRICS = {
  events: sumOf('events', 'integer'),
  total_orders: sumOf('orders', 'integer'),
  paid_orders: sumOf('paid_orders', 'integer'),
  total_items: sumOf('items', 'integer'),
  total_sales: sumOf('sales', 'money'),
  revenue: sumOf('revenue', 'money'),
  /** By items where only items tell what a category or product brought in (`metricOf`). */
  avg_order_value: ratio('money', 'revenue', ['paid_orders']),
  unique_customers: sumOf(CUSTOMERS, 'integer'),
  payments_approved: sumOf('approved', 'integer'),
  payments_failed: sumOf('failed', 'integer'),
  payment_success_rate: ratio('number', 'approved', ['approved', 'failed']),
  /** The amounts of all orders, failed payments too. */
  payment_value: sumOf('payment_value', 'money'),
  refunds: sumOf('refunds', 'integer'),
  refund_amount: sumOf('refund_amount', 'money'),
  /** How far total_items can be off, above or below, where a window had more products than it tells apart. */
  total_items_error: sumOf('error_items', 'integer'),
  /** The part of total_sales that may belong to other products. */
  total_sales_error: sumOf('error_sales', 'money'),
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

export function isMetric(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** Dimensions of items: an order stands in several of their cells. */
export const BY_ITEMS: readonly DimensionName[] = ['category', 'product'];
const AVERAGE_BY_ITEMS = ratio('money', 'sales', ['paid_orders']);

/** How a metric is worked out on a cube. A cube of items knows no revenue of orders: their average is that of the sales. */
export function metricOf(name: MetricName, cube: CubeName): Metric {
  const byItems = cubeOf(cube).dims.some((dimension) => BY_ITEMS.includes(dimension));
  return name === 'avg_order_value' && byItems ? AVERAGE_BY_ITEMS : METRICS[name];
}

/** Cubes whose names for sums are others. */
const RENAMED: Partial<Record<CubeName, Readonly<Record<string, string>>>> = {
  payment: { revenue: 'earned', payment_value: 'revenue' },
};

/** Place of a metric's sum among a cube's measures, -1 where it has none. */
export function sumPlace(cube: CubeName, sum: string): number {
  return cubeOf(cube).measures.indexOf(RENAMED[cube]?.[sum] ?? sum);
}

/** Cubes that have sketches of the customers: those of the same name. */
const SKETCHED: Partial<Record<CubeName, SketchName>> = { overall: 'overall', segment: 'segment', state: 'state' };

export function sketchOf(cube: CubeName): SketchName | undefined {
  return SKETCHED[cube];
}

function holds(cube: CubeName, sum: string): boolean {
  return sum === CUSTOMERS ? sketchOf(cube) !== undefined : sumPlace(cube, sum) >= 0;
}

export function metricsOf(cube: CubeName): MetricName[] {
  return METRIC_NAMES.filter((name) => metricOf(name, cube).needs.every((sum) => holds(cube, sum)));
}

/** Cubes that can be asked, the smallest first; seconds are for the live view only. */
export const ASKED_CUBES: readonly CubeName[] = CUBE_NAMES.filter((cube) => cube !== 'second').sort(
  (a, b) => cubeOf(a).dims.length - cubeOf(b).dims.length,
);
export const ASKED_DIMENSIONS: readonly DimensionName[] = [
  ...new Set(ASKED_CUBES.flatMap((cube) => cubeOf(cube).dims)),
];

/** The sets of dimensions that go together, with `minute` beside any of them. */
export function combinations(): { dimensions: readonly DimensionName[]; metrics: readonly MetricName[] }[] {
  return ASKED_CUBES.map((cube) => ({ dimensions: cubeOf(cube).dims, metrics: metricsOf(cube) }));
}
