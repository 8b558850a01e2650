/** What every hot store must answer about raw orders, against a model that holds them all in an array. */
import assert from 'node:assert/strict';
import type { OrderFilter, PartitionState, RawChunk, StoredOrder, StoreReader } from '../../actors/ports/hot-store.ts';
import { commitAfter, deadLetter, orderJson, ordersChunk, rawChunk, type TestOrder } from './commits.ts';
import { CLICKS_0, ORDERS_0, ORDERS_1, type StoreBackend, type StoreFixture, storeChecks } from './hot-store.ts';

const T0 = 1_763_600_000_000;
const STATES = ['SP', 'RJ', 'MG'];
const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1000 };

type Placed = TestOrder & { readonly topic: string; readonly partition: number; readonly offset: number };

/** A small generator of numbers, the same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function commitChunks(
  fixture: StoreFixture,
  partition: { topic: string; partition: number },
  chunks: RawChunk[],
): Promise<void> {
  const store = await fixture.store();
  let state: PartitionState = await store.open(partition);
  for (const chunk of chunks) {
    const commit = commitAfter(state, { raw: [chunk], nextOffset: chunk.next });
    await store.commit([commit]);
    state = commit;
  }
  await store.close();
}

/** Orders of all partitions in chunks of uneven size, event times out of order, some times equal. */
async function fill(fixture: StoreFixture): Promise<Placed[]> {
  const random = numbers(7);
  const all: Placed[] = [];
  for (const partition of [ORDERS_0, ORDERS_1, CLICKS_0]) {
    const chunks: RawChunk[] = [];
    let offset = 0;
    for (let chunk = 0; chunk < 25; chunk++) {
      const orders = Array.from({ length: random(12) }, (_, index) => ({
        id: `${partition.topic}-${partition.partition}-${offset + index}`,
        time: T0 + chunk * 100 + random(20) * 20 - (random(10) === 0 ? 2000 : 0),
        state: STATES[random(3)] as string,
      }));
      if (orders.length === 0) continue;
      all.push(...orders.map((order, index) => ({ ...partition, ...order, offset: offset + index })));
      chunks.push(ordersChunk(offset, orders, { zstd: chunk % 2 === 0 }));
      offset += orders.length;
    }
    await commitChunks(fixture, partition, chunks);
  }
  return all;
}

async function pages(reader: StoreReader, filter: OrderFilter): Promise<StoredOrder[]> {
  const items: StoredOrder[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.orders({ ...filter, cursor });
    assert.ok(page.items.length <= filter.limit);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}

const place = ({ topic, partition, offset }: { topic: string; partition: number; offset: number }) =>
  `${topic}/${partition}/${offset}`;

export function hotStoreOrdersContract(backend: StoreBackend): void {
  const check = storeChecks(backend);

  check('pages orders newest first, each exactly once, like the model', async (fixture) => {
    const all = await fill(fixture);
    const reader = await fixture.reader();
    const filters = [
      { ...ALL, limit: 1 },
      { ...ALL, limit: 7 },
      ALL,
      { from: T0 + 500, to: T0 + 1500, limit: 10 },
      { from: T0, to: T0 + 1, limit: 10 },
      { ...ALL, state: 'RJ', limit: 9 },
      { from: T0 - 5000, to: T0 + 800, state: 'MG', limit: 4 },
      { ...ALL, state: 'AC', limit: 5 },
    ];
    for (const filter of filters) {
      const expected = all.filter(
        ({ time, state }) =>
          time >= filter.from && time < filter.to && (!('state' in filter) || filter.state === state),
      );
      const found = await pages(reader, filter);
      assert.deepEqual(found.map(place).sort(), expected.map(place).sort(), JSON.stringify(filter));
      assert.ok(found.every(({ time }, index) => index === 0 || time <= (found[index - 1]?.time as number)));
    }
  });

  check('answers an order as it came, with where it stands', async (fixture) => {
    const order = { id: 'o1', time: T0, state: 'SP' };
    await commitChunks(fixture, ORDERS_1, [ordersChunk(40, [{ ...order, id: 'other' }, order])]);
    const reader = await fixture.reader();
    const expected = {
      ...ORDERS_1,
      offset: 41,
      element: -1,
      time: T0,
      event: orderJson(order),
      mark: null,
      archived: false,
    };
    assert.deepEqual(await reader.order('o1'), expected);
    assert.deepEqual(
      (await reader.orders(ALL)).items.find(({ offset }) => offset === 41),
      expected,
    );
  });

  check('finds every order by its id and none by another', async (fixture) => {
    const all = await fill(fixture);
    const reader = await fixture.reader();
    for (const order of all.filter((_, index) => index % 5 === 0)) {
      const found = await reader.order(order.id);
      assert.equal(found && place(found), place(order));
      assert.equal(found?.event.order_id, order.id);
    }
    assert.equal(await reader.order('nobody'), undefined);
    assert.equal(await reader.order(''), undefined);
  });

  check('finds orders inside arrays and nested records', async (fixture) => {
    const [a, b, c] = ['a', 'b', 'c'].map((id, index) => ({ id, time: T0 + index, state: 'SP' })) as [
      TestOrder,
      TestOrder,
      TestOrder,
    ];
    const nested = {
      order: {
        order_id: 'c',
        user_id: 'u1',
        order_time: T0 + 2,
        total_amount: 12.5,
        discount: 0,
        quantity: 1,
        payment_type: 'boleto',
      },
      order_items: [{ order_item_id: 'i1', order_id: 'c', product_id: 'p', quantity: 1, price: 12.5 }],
      delivery: {
        delivery_id: 'd',
        order_id: 'c',
        status: 'pending',
        expected_time: T0,
        actual_time: null,
        courier_id: 'k',
      },
    };
    const chunk = rawChunk(0, [
      { text: JSON.stringify([orderJson(a), { type: 'click' }, orderJson(b)]), orders: [a, b] },
      { text: JSON.stringify(nested), orders: [c] },
    ]);
    await commitChunks(fixture, ORDERS_0, [chunk]);
    const reader = await fixture.reader();
    const { items } = await reader.orders(ALL);
    assert.deepEqual(
      items.map(({ offset, element }) => [offset, element]),
      [
        [1, -1],
        [0, 2],
        [0, 0],
      ],
    );
    assert.deepEqual(
      items.map(({ event }) => event),
      [nested, orderJson(b), orderJson(a)],
    );
    assert.equal((await reader.order('b'))?.element, 2);
    assert.deepEqual((await reader.order('c'))?.event, nested);
  });

  check('filters by state however the record writes it, and where it names none', async (fixture) => {
    const [escaped, plain] = [0, 1].map((index) => ({ id: `o${index}`, time: T0 + index, state: 'SP' })) as [
      TestOrder,
      TestOrder,
    ];
    const nameless = { id: 'o2', time: T0 + 2, state: 'unknown' };
    const inner = { order_id: 'o2', user_id: 'u1', order_time: T0 + 2, total_amount: 1, discount: 0, quantity: 1 };
    const chunk = rawChunk(0, [
      { text: JSON.stringify(orderJson(escaped)).replace('"SP"', '"\\u0053P"'), orders: [escaped] },
      { text: JSON.stringify(orderJson(plain)), orders: [plain] },
      { text: JSON.stringify({ ...inner, payment_type: 'boleto' }), orders: [nameless] },
    ]);
    await commitChunks(fixture, ORDERS_0, [chunk]);
    const reader = await fixture.reader();
    const offsetsOf = async (state: string) =>
      (await reader.orders({ ...ALL, state })).items.map(({ offset }) => offset);
    assert.deepEqual(await offsetsOf('SP'), [1, 0]);
    assert.deepEqual(await offsetsOf('unknown'), [2]);
    assert.deepEqual(await offsetsOf('S'), []);
  });

  check('shows marks, and prefers the order that counts when an id stands there twice', async (fixture) => {
    const orders = [0, 1, 2].map((index) => ({ id: 'twice', time: T0 + index, state: 'SP' }));
    const records = orders.map((order) => ({ text: JSON.stringify(orderJson(order)), orders: [order] }));
    const marks = [
      { offset: 0, element: -1, mark: 'late' as const },
      { offset: 2, element: -1, mark: 'duplicate' as const },
    ];
    await commitChunks(fixture, ORDERS_0, [rawChunk(0, records, { marks })]);
    const reader = await fixture.reader();
    assert.deepEqual(
      (await reader.orders(ALL)).items.map(({ mark }) => mark),
      ['duplicate', null, 'late'],
    );
    assert.equal((await reader.order('twice'))?.offset, 1);
  });

  check('does not show as an order what became a dead letter', async (fixture) => {
    const orders = [0, 1].map((index) => ({ id: `o${index}`, time: T0 + index, state: 'SP' }));
    const store = await fixture.store();
    const deadLetters = [deadLetter(0, 1, { reason: 'bad-value', field: 'timestamp' })];
    await store.commit([commitAfter(await store.open(ORDERS_0), { raw: [ordersChunk(0, orders)], deadLetters })]);
    const reader = await fixture.reader();
    assert.deepEqual(
      (await reader.orders(ALL)).items.map(({ offset }) => offset),
      [0],
    );
    assert.equal(await reader.order('o1'), undefined);
  });

  check('refuses a cursor that it did not make', async (fixture) => {
    const reader = await fixture.reader();
    for (const cursor of [
      'nonsense',
      '',
      Buffer.from('[1,2]').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
    ]) {
      await assert.rejects(reader.orders({ ...ALL, cursor }), { code: 'bad-parameter', field: 'cursor' });
    }
  });
}
