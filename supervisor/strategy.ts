/** Which siblings go down and up with a failed child. Pure: ids in, ids out, both in start order. */

import { assertNever } from '../protocol/errors.ts';
import type { Strategy } from './child-spec.ts';

export type RestartPlan = {
  /** Siblings to stop first, last started first. */
  readonly stop: readonly string[];
  /** Children to start afterwards, in start order; the failed one is among them. */
  readonly start: readonly string[];
};

/**
 * @example planRestart('rest_for_one', 'b', ['a', 'b', 'c']); // { stop: ['c'], start: ['b', 'c'] }
 */
export function planRestart(strategy: Strategy, failed: string, ids: readonly string[]): RestartPlan {
  switch (strategy) {
    case 'one_for_one':
      return { stop: [], start: [failed] };
    case 'one_for_all':
      return { stop: ids.filter((id) => id !== failed).reverse(), start: [...ids] };
    case 'rest_for_one': {
      const rest = ids.slice(ids.indexOf(failed));
      return { stop: rest.slice(1).reverse(), start: rest };
    }
    default:
      return assertNever(strategy);
  }
}
