/** Which cubes the live view keeps, and which of their measures: a table, and the places it stands for. */
import { CUBES, type CubeName } from '../../kpi/cubes.ts';

export const OVERALL = [
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
] as const;
export const SECOND = ['orders', 'revenue', 'views', 'carts', 'purchases'] as const;
export const SECONDS = 60;

/** Cubes that are summed over the last hour. */
export const ROLLING = {
  state: ['orders', 'items', 'revenue'],
  category: ['orders', 'items', 'sales'],
  payment: ['orders'],
  segment: ['orders', 'paid_orders', 'revenue'],
  product: ['items', 'sales'],
  event_type: ['events'],
} as const;
export type RollingName = keyof typeof ROLLING;

/** Measures in cents: shown as decimals. */
const MONEY = new Set<string>(['sales', 'revenue', 'refund_amount']);

export function isMoney(measure: string): boolean {
  return MONEY.has(measure);
}

export function shown(measure: string, value: number): number {
  return MONEY.has(measure) ? value / 100 : value;
}

/** Where these measures stand among those of the cube. */
export function placesOf(cube: CubeName, measures: readonly string[]): number[] {
  const all = CUBES[cube].measures as readonly string[];
  return measures.map((measure) => {
    const place = all.indexOf(measure);
    if (place < 0) throw new TypeError(`Cannot keep "${measure}" of cube "${cube}" as it has ${all.join(', ')} only`);
    return place;
  });
}
