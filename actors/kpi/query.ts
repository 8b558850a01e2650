/** A KPI query from its parameters: every wrong or unknown one is refused by name, none is guessed. */
import { parseIsoTime } from '../../protocol/iso-time.ts';
import { chooseCube } from './choose-cube.ts';
import { type Condition, type Order, parseHaving, parseOrder } from './conditions.ts';
import type { CubeName, DimensionName } from './cubes.ts';
import { type Floor, floorOf, GRANULARITIES, type Granularity, utcDayStart } from './granularity.ts';
import {
  ASKED_DIMENSIONS,
  CUSTOMERS,
  combinations,
  isMetric,
  METRIC_NAMES,
  METRICS,
  type MetricName,
  metricOf,
  metricsOf,
  sketchOf,
} from './metrics.ts';
import { refuse } from './refuse.ts';
import type { UnpackOptions } from './unpack.ts';
import { WINDOW_MS, windowStart } from './window.ts';

export { type KpiRows, KpiRun, runKpiQuery } from './run-query.ts';

const HOUR_MS = 3_600_000;
const STANDARD_ROWS = 1_000;
const MOST_ROWS = 100_000;
const STANDARD_METRICS: readonly MetricName[] = ['total_orders', 'total_items', 'total_sales', 'avg_order_value'];
const SOURCES = ['all', 'hot', 'archive'] as const;

export type GroupColumn = 'minute' | DimensionName;

export type KpiQuery = {
  readonly cube: CubeName;
  readonly metrics: readonly MetricName[];
  readonly groupBy: readonly GroupColumn[];
  /** Values a dimension may have, where that matters. */
  readonly filters: ReadonlyMap<DimensionName, ReadonlySet<string>>;
  /** Windows that start at `from` or later and before `to`. */
  readonly from: number;
  readonly to: number;
  readonly granularity: Granularity;
  /** The start of what a window belongs to at the granularity. */
  readonly bucketOf: Floor;
  readonly having: readonly Condition[];
  readonly orderBy: readonly Order[];
  readonly limit: number;
  readonly source: (typeof SOURCES)[number];
  /** What has to be read of each window. */
  readonly read: UnpackOptions;
};

export type QueryTime = {
  /** The largest event time seen, -1 for none: where the last hour ends. */
  readonly watermark: number;
  /** Where days begin; at midnight UTC where nothing is said. */
  readonly dayStart?: Floor;
};

/** `token` belongs to the request, not to the query. */
const KNOWN = [
  ...['metrics', 'group_by', 'from', 'to', 'granularity', 'having', 'order_by', 'limit', 'source', 'token'],
  ...ASKED_DIMENSIONS,
];

export function parseKpiQuery(params: URLSearchParams, time: QueryTime): KpiQuery {
  checkNames(params);
  const filters = parseFilters(params);
  const groupBy = parseGroups(params, filters);
  const having = parseHaving(params.get('having') ?? undefined);
  const dimensions = new Set([...groupBy.filter((column) => column !== 'minute'), ...filters.keys()]);
  const asked = parseMetrics(params);
  const needed = [...(asked ?? []), ...having.map(({ metric }) => metric)];
  const cube = chooseCube([...dimensions], needed);
  const metrics = asked ?? standardMetrics(cube);
  const granularity = parseChoice(params, 'granularity', GRANULARITIES);
  const bucketOf = floorOf(granularity, time.dayStart ?? utcDayStart);
  const sketch = [...metrics, ...needed].some((metric) => metricOf(metric, cube).needs.includes(CUSTOMERS))
    ? sketchOf(cube)
    : undefined;
  return {
    cube,
    metrics,
    groupBy,
    filters,
    ...parseRange(params, bucketOf, time.watermark),
    granularity,
    bucketOf,
    having,
    orderBy: parseOrder(params.get('order_by') ?? undefined, [...groupBy, ...metrics]),
    limit: parseLimit(params),
    source: parseChoice(params, 'source', SOURCES),
    read: { cubes: [cube], sketches: sketch ? [sketch] : [] },
  };
}

/** What can be asked: every combination of dimensions with the metrics that go with it. */
export function kpiSchema() {
  return {
    dimensions: ['minute', ...ASKED_DIMENSIONS],
    metrics: METRIC_NAMES.map((name) => ({ name, type: METRICS[name].type })),
    combinations: combinations(),
    granularities: GRANULARITIES,
    limit: { default: STANDARD_ROWS, max: MOST_ROWS },
  };
}

function checkNames(params: URLSearchParams): void {
  for (const name of new Set(params.keys())) {
    if (!KNOWN.includes(name)) throw refuse(name, `a query takes only ${KNOWN.join(', ')}`, params.get(name) ?? '');
    const isFilter = ASKED_DIMENSIONS.some((dimension) => dimension === name);
    if (!isFilter && params.getAll(name).length > 1)
      throw refuse(name, 'it may be given once', params.getAll(name).join());
  }
}

function parseFilters(params: URLSearchParams): Map<DimensionName, Set<string>> {
  const filters = new Map<DimensionName, Set<string>>();
  for (const dimension of ASKED_DIMENSIONS) {
    const given = params.getAll(dimension);
    if (given.includes('')) throw refuse(dimension, 'it takes one value or more, with commas between', '');
    if (given.length > 0) filters.set(dimension, new Set(given.flatMap((values) => values.split(','))));
  }
  return filters;
}

/** A bare `?state=SP` or `?category=toys` asks for the minutes by state and category. */
function parseGroups(params: URLSearchParams, filters: ReadonlyMap<DimensionName, unknown>): GroupColumn[] {
  const given = params.get('group_by');
  if (given === null) {
    const bare = !params.has('metrics') && filters.size > 0;
    return bare && [...filters.keys()].every((each) => each === 'state' || each === 'category')
      ? ['minute', 'state', 'category']
      : [];
  }
  const known: readonly string[] = ['minute', ...ASKED_DIMENSIONS];
  return parseList('group_by', given, known) as GroupColumn[];
}

function parseMetrics(params: URLSearchParams): MetricName[] | undefined {
  const given = params.get('metrics');
  return given === null ? undefined : parseList('metrics', given, METRIC_NAMES).filter(isMetric);
}

function standardMetrics(cube: CubeName): readonly MetricName[] {
  const all = metricsOf(cube);
  return STANDARD_METRICS.every((metric) => all.includes(metric)) ? STANDARD_METRICS : all;
}

function parseList(field: string, given: string, known: readonly string[]): string[] {
  const list = given.split(',');
  const wrong = list.find((name, place) => !known.includes(name) || list.indexOf(name) !== place);
  if (wrong !== undefined) throw refuse(field, `it takes ${known.join(', ')}, each once`, given);
  return list;
}

function parseChoice<T extends string>(params: URLSearchParams, field: string, choices: readonly [T, ...T[]]): T {
  const given = params.get(field) ?? choices[0];
  const found = choices.find((choice) => choice === given);
  if (!found) throw refuse(field, `it takes ${choices.join(', ')}`, given);
  return found;
}

function parseLimit(params: URLSearchParams): number {
  const given = params.get('limit') ?? String(STANDARD_ROWS);
  const limit = Number(given);
  if (/^\d+$/.test(given) && limit >= 1 && limit <= MOST_ROWS) return limit;
  throw refuse('limit', `it takes a whole number from 1 to ${MOST_ROWS}`, given);
}

/** What is given is cut to the granularity; the last hour ends with the watermark's minute, however far that has come. */
function parseRange(params: URLSearchParams, floor: Floor, watermark: number): { from: number; to: number } {
  const from = parseTime(params, 'from');
  const to = parseTime(params, 'to');
  if (from !== undefined && to !== undefined && from >= to)
    throw refuse('from', 'it must be before "to"', `${params.get('from')} to ${params.get('to')}`);
  const end = windowStart(watermark) + WINDOW_MS;
  return { from: floor(from ?? (to ?? end) - HOUR_MS), to: to === undefined ? end : floor(to) };
}

function parseTime(params: URLSearchParams, field: string): number | undefined {
  const given = params.get(field);
  if (given === null) return undefined;
  // A + that was not percent-encoded arrives as a space.
  const time = /^-?\d{1,16}$/.test(given) ? Number(given) : parseIsoTime(given.replace(/(T[\d:.]+) (?=\d)/, '$1+'));
  if (Math.abs(time) <= MOST_TIME) return time;
  throw refuse(field, 'it takes epoch milliseconds or an ISO 8601 time', given);
}

/** The furthest a Date goes, less what any granularity adds. */
const MOST_TIME = 8.64e15 - 2 * 86_400_000;
