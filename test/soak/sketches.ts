/**
 * What a sketch errs by is no excuse for a customer that was lost: the sketch of all customers of the model is made at
 * once, and what is answered has to be just that, however many windows, partitions and deaths it came through.
 */
import { HyperLogLog } from '../../actors/kpi/hll.ts';
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';
import type { ModelResult } from '../model/model.ts';
import { type Answer, ask } from '../model/questions.ts';

type Order = Extract<ModelResult['counted'][number], { kind: 'order' }>;

const KEYS = { '': () => '', segment: (order: Order) => order.segment, state: (order: Order) => order.state };
const encoder = new TextEncoder();

export async function compareSketches(url: string, { counted }: ModelResult): Promise<string[]> {
  const orders = counted.filter((event): event is Order => event.kind === 'order');
  const differences: string[] = [];
  for (const [dimension, keyOf] of Object.entries(KEYS)) {
    const got = await answered(url, dimension);
    for (const [key, own] of Map.groupBy(orders, keyOf)) {
      const expected = sketchOf(own.map(({ customer }) => customer)).estimate();
      if (got.get(key) === expected) continue;
      differences.push(`sketch of customers {${dimension} ${key}}: ${got.get(key)} instead of ${expected}`);
    }
  }
  return differences;
}

function sketchOf(customers: Iterable<string>): HyperLogLog {
  const sketch = new HyperLogLog();
  for (const customer of customers) {
    const bytes = encoder.encode(customer);
    const [low, high] = [ID_SEEDS.low, ID_SEEDS.high].map((seed) => murmur3(bytes, 0, bytes.length, seed));
    sketch.add(low as number, high as number);
  }
  return sketch;
}

async function answered(url: string, dimension: string): Promise<Map<string, number>> {
  const search = new URLSearchParams({
    metrics: 'unique_customers',
    from: '0',
    to: '4102444800000',
    granularity: '1d',
  });
  if (dimension !== '') search.set('group_by', dimension);
  const { rows } = (await ask(url, `/kpi/query?${search}`)) as Answer;
  return new Map(rows.map((row) => [dimension === '' ? '' : String(row[0]), Number(row.at(-1))]));
}
