import assert from 'node:assert/strict';
import test from 'node:test';
import { measureAt } from '../../../actors/kpi/cubes.ts';
import { missedItems } from '../../../actors/kpi/space-saving.ts';
import { unpackWindow } from '../../../actors/kpi/window.ts';
import { record, type TestRecord } from './batches.ts';
import { cellsOf, type Random, randomFrom, run } from './fixture.ts';

const START = 1_763_600_040_000;
const CAP = 2_000;
const ITEMS = measureAt('product', 'items');
const SALES = measureAt('product', 'sales');
const ERROR_ITEMS = measureAt('product', 'error_items');
const ERROR_SALES = measureAt('product', 'error_sales');
const SETTINGS = { latenessMs: 60_000, dedup: 0 };

/** Orders of far more products than a window tells apart; low numbers sell most. */
function manyProducts(random: Random, count: number): TestRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const product = Math.floor(random() ** 3 * 6_000);
    const items = [
      {
        product: `p${product}`,
        category: 'toys',
        quantity: 1 + (index % 3),
        price: 100 + product,
        name: `N${product}`,
      },
    ];
    const who = { customer: 'c', state: 'SP', segment: 'retail', paymentType: 'pix', paymentStatus: 'approved' };
    return record({ kind: 'order', time: START + index, id: `o${index}`, amount: 1, items, ...who });
  });
}

const records = manyProducts(randomFrom(11), 12_000);
const truth = new Map<string, { items: number; sales: number }>();
for (const { events } of records)
  for (const event of events)
    for (const { product, quantity, price } of event.kind === 'order' ? event.items : []) {
      const { items, sales } = truth.get(product) ?? { items: 0, sales: 0 };
      truth.set(product, { items: items + quantity, sales: sales + quantity * price });
    }
const plain = run({ records, settings: SETTINGS, random: randomFrom(1), batchRecords: 900 });
const window = unpackWindow(START, plain.windows.get(START) as Uint8Array);

test('products above the cap keep the sums exact', () => {
  let [items, sales, cells] = [0, 0, 0];
  window.forEach('product', (_, values) => {
    cells++;
    items += values[ITEMS] as number;
    sales += values[SALES] as number;
  });
  assert.ok(truth.size > CAP);
  assert.equal(cells, CAP);
  assert.equal(items, window.get('overall')?.[3]);
  assert.equal(sales, window.get('overall')?.[4]);
});

test('products above the cap are never further off than their error says', () => {
  window.forEach('product', ([product], values) => {
    const { items, sales } = truth.get(product as string) as { items: number; sales: number };
    assert.ok((values[ITEMS] as number) >= items);
    assert.ok((values[ITEMS] as number) - (values[ERROR_ITEMS] as number) <= items);
    assert.ok((values[SALES] as number) - (values[ERROR_SALES] as number) <= sales);
    assert.equal(window.productName(product as string), `N${product?.slice(1)}`);
  });
});

test('products without a cell have sold no more than the smallest cell', () => {
  const missed = missedItems(window.parts.cells('product'));
  assert.ok(missed > 0);
  for (const [product, { items }] of truth) if (!window.get('product', product)) assert.ok(items <= missed);
});

test('products that sell most are exact', () => {
  for (let number = 0; number < 20; number++) {
    const values = window.get('product', `p${number}`);
    assert.equal(values?.[ERROR_ITEMS], 0);
    assert.equal(values?.[ITEMS], truth.get(`p${number}`)?.items);
  }
});

test('products above the cap are the same whatever dies on the way and however batches are cut', () => {
  const killed = run({ records, settings: SETTINGS, random: randomFrom(2), batchRecords: 700, deaths: 0.3 });
  const other = unpackWindow(START, killed.windows.get(START) as Uint8Array);
  assert.deepEqual(cellsOf(other), cellsOf(window));
});

test('products that lost their cell are gone for the gateway too', () => {
  assert.deepEqual(cellsOf(plain.seen.get(START) as typeof window), cellsOf(window));
});
