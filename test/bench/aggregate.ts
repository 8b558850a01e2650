/** How many orders a partition's aggregate takes per CPU second, and what a commit of a busy minute costs. */
import { PartitionAggregate } from '../../actors/window-aggregator/core.ts';
import type { BatchMessage } from '../../protocol/message.ts';
import { batchOf, emptyState, type OrderEvent, record, type TestRecord } from '../actors/window-aggregator/batches.ts';
import type { Figure } from './figures.ts';

const BATCHES = 300;
const ROWS = 2_000;
const STATES = 27;
const CATEGORIES = 72;
const PRODUCTS = 1_800;
const START = 1_763_600_000_000;

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Few values are common and many are rare, as in a shop. */
function skewed(random: () => number, count: number): number {
  return Math.floor(random() ** 2 * count);
}

function makeOrder(random: () => number, number: number): OrderEvent {
  const items = Array.from({ length: random() < 0.9 ? 1 : 2 }, () => {
    const product = skewed(random, PRODUCTS);
    return {
      product: `product-${product}`,
      category: `category-${product % CATEGORIES}`,
      quantity: 1 + Math.floor(random() * 3),
      price: 990 + product,
      name: `Name of product ${product}`,
    };
  });
  return {
    kind: 'order',
    time: START + Math.floor(number / 10) + Math.floor(random() * 2_000),
    id: `o${number}`,
    customer: `c${skewed(random, 50_000)}`,
    state: `S${skewed(random, STATES)}`,
    segment: ['retail', 'business', 'vip'][skewed(random, 3)] as string,
    paymentType: ['credit_card', 'pix', 'boleto', 'voucher'][skewed(random, 4)] as string,
    paymentStatus: random() < 0.95 ? 'approved' : 'failed',
    amount: 5_210,
    items,
  };
}

function makeBatches(): BatchMessage[] {
  const random = randomFrom(7);
  let number = 0;
  return Array.from({ length: BATCHES }, (_, index) => {
    const records = Array.from({ length: ROWS }, (): TestRecord => record(makeOrder(random, number++)));
    return batchOf(records, index * ROWS);
  });
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

export async function benchAggregate(): Promise<Figure[]> {
  const batches = makeBatches();
  const newAggregate = () => new PartitionAggregate(emptyState(), { latenessMs: 3_600_000, dedup: 0 }, ['gateway']);
  const run = (aggregate: PartitionAggregate) => {
    for (const batch of batches) {
      aggregate.needs(batch);
      aggregate.apply(batch);
    }
  };
  run(newAggregate());
  const applied = newAggregate();
  const applySeconds = cpuSeconds(() => run(applied));
  const committing = newAggregate();
  let bytes = 0;
  const allSeconds = cpuSeconds(() => {
    for (const batch of batches) {
      committing.apply(batch);
      const commit = committing.prepareCommit();
      bytes += commit.windows.reduce((sum, { packed }) => sum + packed.length, 0);
      committing.committed();
      committing.takePartial('gateway');
    }
  });
  const orders = BATCHES * ROWS;
  return [
    { name: 'aggregate: orders applied', value: Math.round(orders / applySeconds), unit: '1/CPU s' },
    { name: 'aggregate: orders applied, commit every 2,000', value: Math.round(orders / allSeconds), unit: '1/CPU s' },
    { name: 'aggregate: one commit', value: ((allSeconds - applySeconds) / BATCHES) * 1000, unit: 'CPU ms' },
    { name: 'aggregate: packed windows a commit', value: Math.round(bytes / BATCHES / 1024), unit: 'KiB' },
  ];
}
