/** `having` and `order_by`: what a row must fulfil, and in which order rows come. */
import { isMetric, METRIC_NAMES, type MetricName } from './metrics.ts';
import { refuse } from './refuse.ts';

const OPERATORS = {
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '=': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;

export type Condition = {
  readonly metric: MetricName;
  /** Whether a value fulfils it; where there is no value, nothing does. */
  readonly holds: (value: number | null) => boolean;
};

const COMPARISON = /^\s*(\w+)\s*(>=|<=|!=|=|>|<)\s*(-?\d+(?:\.\d+)?)\s*$/;

export function parseHaving(text: string | undefined): Condition[] {
  if (text === undefined) return [];
  return text.split(/\sand\s/i).map((part): Condition => {
    const [, metric = '', operator = '', number = ''] = COMPARISON.exec(part) ?? [];
    if (!isMetric(metric))
      throw refuse('having', `it takes comparisons such as total_sales>1000 of ${METRIC_NAMES}, joined by and`, part);
    const compare = OPERATORS[operator as keyof typeof OPERATORS];
    const wanted = Number(number);
    return { metric, holds: (value) => value !== null && compare(value, wanted) };
  });
}

export type Order = { readonly column: string; readonly descending: boolean };

export function parseOrder(text: string | undefined, columns: readonly string[]): Order[] {
  if (text === undefined) return [];
  return text.split(',').map((part): Order => {
    const descending = part.startsWith('-');
    const column = descending ? part.slice(1) : part;
    if (!columns.includes(column)) throw refuse('order_by', `it takes ${columns}, with - in front for falling`, part);
    return { column, descending };
  });
}
