import assert from 'node:assert/strict';
import test from 'node:test';
import { unpackWindow } from '../../../actors/kpi/window.ts';
import { PartitionAggregate } from '../../../actors/window-aggregator/core.ts';
import { AppError } from '../../../protocol/errors.ts';
import { batchOf, emptyState, type OrderEvent, record } from './batches.ts';
import { cellsOf, Holders, randomFrom, randomRecords, run } from './fixture.ts';
import { Model } from './model.ts';

const MINUTE = 60_000;
const START = 1_763_600_040_000;

function order(overrides: Partial<OrderEvent> = {}): OrderEvent {
  return {
    kind: 'order',
    time: START,
    id: 'o1',
    customer: 'c1',
    state: 'SP',
    segment: 'retail',
    paymentType: 'pix',
    paymentStatus: 'approved',
    amount: 5210,
    items: [{ product: 'p1', category: 'toys', quantity: 2, price: 1990 }],
    ...overrides,
  };
}

function aggregateOf(overrides: { latenessMs?: number; dedup?: number } = {}): PartitionAggregate {
  return new PartitionAggregate(emptyState(), { latenessMs: MINUTE, dedup: 0, ...overrides }, ['gateway']);
}

function commit(aggregate: PartitionAggregate, holders = new Holders()): Holders {
  holders.store(aggregate.prepareCommit());
  aggregate.committed();
  return holders;
}

function checkAgainstModel(seed: number, settings: { latenessMs: number; dedup: number }, deaths: number): void {
  const random = randomFrom(seed);
  const records = randomRecords(random, 600);
  const model = new Model(settings.latenessMs, settings.dedup);
  for (const [offset, each] of records.entries()) model.feed(each, offset);
  const holders = run({ records, settings, random, deaths });

  assert.deepEqual(holders.state.ledger, model.ledger);
  assert.deepEqual(holders.state.totals, model.totals);
  assert.equal(holders.state.watermark, model.watermark);
  assert.equal(holders.state.nextOffset, records.length);
  assert.deepEqual(
    holders.raw.flatMap(({ marks }) => marks),
    model.marks,
  );
  assert.equal(
    holders.raw.reduce((sum, chunk) => sum + chunk.records, 0),
    records.length,
  );
  assert.equal(holders.deadLetters.length, model.ledger.dead);
  const stored = new Map([...holders.windows].map(([start, packed]) => [start, unpackWindow(start, packed)]));
  for (const windows of [stored, holders.seen]) {
    assert.deepEqual([...windows.keys()].sort(), [...model.windows.keys()].sort());
    for (const [start, window] of windows) {
      assert.deepEqual(cellsOf(window), model.windows.get(start));
      assert.equal(window.customers.estimate(), model.customers.get(`${start}`)?.size ?? 0);
      const vips = model.customers.get(`${start} segment vip`)?.size;
      assert.equal(window.customersOf('segment', 'vip')?.estimate(), vips);
      assert.equal(window.customersOf('state', 'SP')?.estimate(), model.customers.get(`${start} state SP`)?.size);
    }
  }
  // Nothing is told when the last to start found everything stored.
  assert.deepEqual(holders.told?.totals ?? model.totals, model.totals);
  assert.equal(holders.told?.to ?? holders.state.seq, holders.state.seq);
}

for (let seed = 1; seed <= 6; seed++) {
  test(`aggregate gives what the plain model gives, seed ${seed}`, () => {
    checkAgainstModel(seed, { latenessMs: 120_000, dedup: 0 }, 0);
  });
  test(`aggregate killed at random points gives what the plain model gives, seed ${seed}`, () => {
    checkAgainstModel(seed + 100, { latenessMs: 120_000, dedup: seed % 2 === 0 ? 25 : 5_000 }, 0.2);
  });
}

test('aggregate counts an order once in each of its categories and once overall', () => {
  const aggregate = aggregateOf();
  const items = ['toys', 'garden', 'toys'].map((category) => ({
    product: category,
    category,
    quantity: 1,
    price: 100,
  }));
  aggregate.apply(batchOf([record(order({ items }))], 0));
  const window = unpackWindow(START, commit(aggregate).windows.get(START) as Uint8Array);
  assert.deepEqual([...(window.get('category', 'toys') ?? [])], [1, 1, 2, 200]);
  assert.deepEqual([...(window.get('category', 'garden') ?? [])], [1, 1, 1, 100]);
  assert.deepEqual([...(window.get('overall') ?? [])], [1, 1, 1, 3, 300, 5210, 1, 0, 0, 0]);
});

test('aggregate counts a failed payment as an order without sales and revenue', () => {
  const aggregate = aggregateOf();
  aggregate.apply(batchOf([record(order({ paymentStatus: 'failed' }))], 0));
  const window = unpackWindow(START, commit(aggregate).windows.get(START) as Uint8Array);
  assert.deepEqual([...(window.get('overall') ?? [])], [1, 1, 0, 2, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual([...(window.get('payment', 'pix', 'failed') ?? [])], [1, 5210, 0, 0, 0, 1]);
});

test('aggregate calls an event late only when it is older than the lateness', () => {
  const aggregate = aggregateOf();
  const times = [START + 2 * MINUTE, START + MINUTE, START + MINUTE - 1];
  aggregate.apply(
    batchOf(
      times.map((time, index) => record(order({ time, id: `o${index}` }))),
      0,
    ),
  );
  const { state, raw } = commit(aggregate);
  assert.deepEqual(state.ledger, { in: 3, counted: 2, late: 1, dead: 0, duplicates: 0 });
  assert.deepEqual(raw[0]?.marks, [{ offset: 2, element: -1, mark: 'late' }]);
  assert.equal(raw[0]?.minTime, START + MINUTE - 1);
  assert.equal(raw[0]?.maxTime, START + 2 * MINUTE);
});

test('aggregate calls a repeated order a duplicate before it calls it late', () => {
  const aggregate = aggregateOf({ dedup: 10 });
  const times = [START, START + 9 * MINUTE, START];
  aggregate.apply(
    batchOf(
      times.map((time, index) => record(order({ time, id: index === 1 ? 'x' : 'o' }))),
      0,
    ),
  );
  assert.deepEqual(commit(aggregate).state.ledger, { in: 3, counted: 2, late: 0, dead: 0, duplicates: 1 });
});

test('aggregate caps the states of a window and keeps the rest as (other)', () => {
  const aggregate = aggregateOf();
  const orders = Array.from({ length: 1_200 }, (_, index) => record(order({ state: `S${index}`, id: `o${index}` })));
  aggregate.apply(batchOf(orders, 0));
  const window = unpackWindow(START, commit(aggregate).windows.get(START) as Uint8Array);
  assert.equal(window.get('state', '(other)')?.[0], 200);
  assert.equal(window.get('state', 'S999')?.[0], 1);
  assert.equal(window.get('state', 'S1000'), undefined);
});

test('aggregate reads half a surrogate pair the same before and after a restart', () => {
  const aggregate = aggregateOf();
  aggregate.apply(batchOf([record(order({ state: 'a\ud800' }))], 0));
  const holders = commit(aggregate);
  const again = new PartitionAggregate(holders.state, { latenessMs: MINUTE, dedup: 0 });
  const next = batchOf([record(order({ state: 'a\ud800', id: 'o2' }))], 1);
  for (const start of again.needs(next)) again.adopt(start, holders.windows.get(start));
  again.apply(next);
  commit(again, holders);
  const window = unpackWindow(START, holders.windows.get(START) as Uint8Array);
  assert.equal(window.get('state', 'a\ufffd')?.[0], 2);
});

test('aggregate asks only for windows that can be in the store and matter', () => {
  const state = emptyState({ nextOffset: 5, watermark: START + 5 * MINUTE + 1, seq: 3 });
  const aggregate = new PartitionAggregate(state, { latenessMs: 3 * MINUTE, dedup: 0 });
  const times = [0, 3, 4, 4, 5, 6, 7].map((minute) => START + minute * MINUTE + 2);
  const batch = batchOf(
    times.map((time, index) => record(order({ time, id: `o${index}` }))),
    5,
  );
  assert.deepEqual(
    aggregate.needs(batch),
    [3, 4, 5].map((minute) => START + minute * MINUTE),
  );
});

test('aggregate refuses a batch whose windows were not loaded', () => {
  const state = emptyState({ watermark: START + 1 });
  const aggregate = new PartitionAggregate(state, { latenessMs: MINUTE, dedup: 0 });
  assert.throws(() => aggregate.apply(batchOf([record(order())], 0)), /its windows are loaded/);
});

test('aggregate refuses a batch below its offset and takes one above a hole', () => {
  const aggregate = aggregateOf();
  aggregate.apply(batchOf([record(order())], 0));
  const refused = (error: unknown) => error instanceof AppError && error.code === 'internal';
  assert.throws(() => aggregate.apply(batchOf([record(order())], 0)), refused);
  aggregate.apply(batchOf([record(order())], 7));
  assert.equal(aggregate.nextOffset, 8);
});

test('aggregate refuses a batch whose events do not add up', () => {
  const batch = batchOf([record(order())], 0, { events: 2 });
  assert.throws(() => aggregateOf().apply(batch), /every event in it has one outcome/);
});

test('aggregate tells nothing that is not committed', () => {
  const aggregate = aggregateOf();
  aggregate.apply(batchOf([record(order())], 0));
  assert.equal(aggregate.takePartial('gateway'), undefined);
  const first = aggregate.prepareCommit();
  aggregate.apply(batchOf([record(order({ id: 'o2' }))], 1));
  assert.equal(aggregate.takePartial('gateway'), undefined);
  aggregate.committed();
  const update = aggregate.takePartial('gateway');
  assert.deepEqual([update?.from, update?.to, update?.nextOffset], [0, 1, 1]);
  assert.equal(update?.totals.orders, 1);
  assert.equal(unpackWindow(START, update?.windows[0]?.packed as Uint8Array).get('overall')?.[0], 1);
  assert.equal(first.totals.orders, 1);
  assert.equal(aggregate.dirty, true);
});

test('aggregate makes one update of several commits', () => {
  const aggregate = aggregateOf();
  const holders = new Holders();
  for (let offset = 0; offset < 9; offset++) {
    aggregate.apply(batchOf([record(order({ id: `o${offset}`, state: `S${offset}` }))], offset));
    commit(aggregate, holders);
  }
  const update = aggregate.takePartial('gateway');
  assert.deepEqual([update?.from, update?.to, update?.windows.length], [0, 9, 1]);
  const window = unpackWindow(START, update?.windows[0]?.packed as Uint8Array);
  assert.deepEqual(cellsOf(window), cellsOf(unpackWindow(START, holders.windows.get(START) as Uint8Array)));
  assert.equal(aggregate.takePartial('gateway'), undefined);
});

test('aggregate keeps hashes that find its orders again', () => {
  const aggregate = aggregateOf();
  const click = { kind: 'click', time: START, eventType: 'view', product: 'p1' } as const;
  aggregate.apply(batchOf([record(order({ id: 'b' })), record(click), record(order({ id: 'a' }))], 0));
  aggregate.apply(batchOf([record(click)], 3));
  const [first, second] = commit(aggregate).raw;
  assert.equal(first?.orders, 2);
  assert.ok((first?.orderHashes[0] as number) < (first?.orderHashes[1] as number));
  assert.equal(second?.orders, 0);
  assert.ok((second?.minTime as number) > (second?.maxTime as number));
});

test('aggregate forgets quiet windows and loads them again when something comes for them', () => {
  const settings = { latenessMs: 10 * MINUTE, dedup: 0 };
  const aggregate = new PartitionAggregate(emptyState(), settings);
  aggregate.apply(batchOf([record(order())], 0));
  const holders = commit(aggregate);
  aggregate.apply(batchOf([record(order({ time: START + 12 * MINUTE }))], 1));
  commit(aggregate, holders);
  const late = batchOf([record(order({ time: START }))], 2);
  assert.deepEqual(aggregate.needs(late), []);
  aggregate.apply(late);
  assert.equal(commit(aggregate, holders).state.ledger.late, 1);
});
