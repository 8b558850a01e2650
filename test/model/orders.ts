/**
 * The raw orders that a running pulso shows, hot and archived together, against the model: each exactly once, at its
 * place, with its time and mark.
 */
import type { ModelResult } from './model.ts';
import { askPages } from './questions.ts';

type Shown = { _id: string; time: number; mark: string | null; archived: boolean };

export type OrderCount = {
  readonly differences: string[];
  readonly hot: number;
  readonly archived: ReadonlySet<string>;
};

export async function compareOrders(url: string, model: ModelResult): Promise<OrderCount> {
  const shown = (await askPages(url, '/orders')) as unknown as Shown[];
  const left = new Map(model.orders.map((expected) => [expected.id, expected]));
  const differences: string[] = [];
  let before = Number.POSITIVE_INFINITY;
  for (const { _id, time, mark } of shown) {
    const expected = left.get(_id);
    if (expected === undefined) differences.push(`order ${_id} is shown twice, or should not be there`);
    else if (time !== expected.order.time || mark !== expected.mark)
      differences.push(`order ${_id}: ${time} ${mark} instead of ${expected.order.time} ${expected.mark}`);
    if (time > before) differences.push(`order ${_id} of ${time} stands behind one of ${before}`);
    before = time;
    left.delete(_id);
  }
  for (const id of left.keys()) differences.push(`order ${id} is missing`);
  const archived = new Set(shown.filter((order) => order.archived).map(({ _id }) => _id));
  return { differences, archived, hot: shown.length - archived.size };
}
