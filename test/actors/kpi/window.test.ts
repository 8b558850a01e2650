import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { CUBE_NAMES, type CubeName, cubeOf } from '../../../actors/kpi/cubes.ts';
import { unpackWindow, WindowState, windowStart } from '../../../actors/kpi/window.ts';
import { AppError } from '../../../protocol/errors.ts';
import { cellsOf } from '../window-aggregator/fixture.ts';

const START = 1_763_600_040_000;
const SP = 'SP';

type Cell = { cube: CubeName; keys: string[]; values: number[] };
type Content = { cells: Cell[]; customers: number[]; byState: [string, number][]; names: [string, string][] };

const text = fc.oneof(
  fc.constantFrom('SP', 'toys', '', '(other)', '\ufeffx', 'são paulo'),
  fc.string({ unit: 'grapheme' }),
);
const value = fc.oneof(fc.nat(300), fc.maxSafeNat());
const cell = fc.constantFrom(...CUBE_NAMES).chain((cube) => {
  const { dims, measures } = cubeOf(cube);
  const keys = dims.map((dimension) => (dimension === 'second' ? fc.nat(59).map(String) : text));
  const values = measures.map((_, place) => (place === 0 ? fc.integer({ min: 1, max: 1e6 }) : value));
  return fc.record({ cube: fc.constant(cube), keys: fc.tuple(...keys), values: fc.tuple(...values) });
});
const content: fc.Arbitrary<Content> = fc.record({
  cells: fc.array(cell, { maxLength: 30 }),
  customers: fc.array(fc.nat(), { maxLength: 30 }),
  byState: fc.array(fc.tuple(text, fc.nat()), { maxLength: 10 }),
  names: fc.array(fc.tuple(text, fc.string({ minLength: 1 })), { maxLength: 5 }),
});

function fill(window: WindowState, { cells, customers, byState, names }: Content): void {
  for (const { cube, keys, values } of cells) window.set(cube, keys, values);
  for (const customer of customers) window.customers.add(customer, customer);
  const { parts } = window;
  for (const [state, customer] of byState) parts.sketch('state', parts.texts('state').intern(state)).add(customer, 1);
  for (const [product, name] of names) {
    window.set('product', [product], [1, 1, 1, 1, 0, 0]);
    parts.nameProduct(parts.texts('product').find(product) as number, name);
  }
}

function windowOf(...contents: readonly Content[]): WindowState {
  const window = new WindowState(START);
  for (const each of contents) fill(window, each);
  return window;
}

/** All that a window says, in a form that two windows can be compared by. */
function contentOf(window: WindowState) {
  const states = Object.keys(cellsOf(window).state ?? {}).map((key) => JSON.parse(key)[0] as string);
  const products = Object.keys(cellsOf(window).product ?? {}).map((key) => JSON.parse(key)[0] as string);
  return {
    cells: cellsOf(window),
    customers: window.customers.registers(),
    byState: new Map(states.map((state) => [state, window.customersOf('state', state)?.estimate() ?? 0])),
    names: new Map(products.map((product) => [product, window.productName(product)])),
  };
}

test('window is the same after being packed and unpacked', () => {
  fc.assert(
    fc.property(content, (given) => {
      const window = windowOf(given);
      const packed = window.pack();
      const read = unpackWindow(START, packed);
      assert.deepEqual(contentOf(read), contentOf(window));
      assert.deepEqual(read.pack(), packed);
      assert.equal(read.dirty, false);
    }),
    { numRuns: 200 },
  );
});

test('window of which changes were taken over is the one they were made in', () => {
  fc.assert(
    fc.property(content, fc.array(content, { maxLength: 3 }), (first, rest) => {
      const source = windowOf(first);
      const copy = unpackWindow(START, source.pack());
      source.clearChanges();
      for (const more of rest) {
        fill(source, more);
        copy.overwrite(unpackWindow(START, source.packChanges()));
        source.clearChanges();
      }
      assert.deepEqual(contentOf(copy), contentOf(source));
    }),
    { numRuns: 100 },
  );
});

test('window packs as changes only what changed', () => {
  const window = new WindowState(START);
  for (let number = 0; number < 500; number++) window.set('category', [`category ${number}`], [1, 1, 1, 1]);
  window.clearChanges();
  assert.equal(window.dirty, false);
  window.set('category', ['category 7'], [2, 2, 2, 2]);
  assert.equal(window.dirty, true);
  const changes = window.packChanges();
  assert.deepEqual(cellsOf(unpackWindow(START, changes)), { category: { '["category 7"]': [2, 2, 2, 2] } });
  assert.ok(changes.length < 50);
});

test('windows merge to the same in any order and grouping', () => {
  fc.assert(
    fc.property(content, content, content, (first, second, third) => {
      const merge = (...windows: readonly WindowState[]) => {
        const all = new WindowState(START);
        for (const window of windows) all.merge(window);
        return all;
      };
      const [a, b, c] = [windowOf(first), windowOf(second), windowOf(third)];
      assert.deepEqual(contentOf(merge(merge(a, b), c)), contentOf(merge(c, merge(b, a))));
      assert.deepEqual(contentOf(merge(merge(), a)), contentOf(a));
    }),
    { numRuns: 100 },
  );
});

test('window reads only the cubes and sketches asked for', () => {
  const window = new WindowState(START);
  window.set('state', [SP], [1, 1, 1, 1, 1]);
  window.set('product', ['p1'], [1, 1, 1, 1, 0, 0]);
  window.customers.add(1, 1);
  const read = unpackWindow(START, window.pack(), { cubes: ['state'], sketches: [] });
  assert.deepEqual(Object.keys(cellsOf(read)), ['state']);
  assert.equal(read.customers.estimate(), 0);
});

test('window holds sums beyond 2^53', () => {
  const window = new WindowState(START);
  const values = [1, 1, 1e9, 1e21, 2 ** 53 + 2];
  window.set('state', [SP], values);
  assert.deepEqual([...(unpackWindow(START, window.pack()).get('state', SP) ?? [])], values);
});

test('window refuses to be packed with numbers that cannot be', () => {
  for (const wrong of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 84]) {
    const window = new WindowState(START);
    window.set('state', [SP], [1, wrong, 0, 0, 0]);
    assert.throws(() => window.pack(), RangeError);
  }
});

test('window refuses a cell with the wrong number of keys', () => {
  assert.throws(() => new WindowState(START).set('state_category', [SP], [1, 1, 1, 1]), /takes 2 keys/);
});

function refusedOrRead(packed: Uint8Array): void {
  try {
    contentOf(unpackWindow(START, packed));
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'data-mismatch', String(error));
    assert.match(error.message, /^Cannot unpack the bytes of a window as /);
  }
}

test('unpacking any bytes gives a window or a named error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      refusedOrRead(bytes);
      refusedOrRead(Uint8Array.from([1, ...bytes]));
    }),
    { numRuns: 500 },
  );
});

test('unpacking damaged bytes gives a window or a named error', () => {
  fc.assert(
    fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, place, flip) => {
      const packed = windowOf(given).pack();
      refusedOrRead(packed.subarray(0, place % packed.length));
      const damaged = packed.slice();
      damaged[place % packed.length] = (damaged[place % packed.length] as number) ^ flip;
      refusedOrRead(damaged);
    }),
    { numRuns: 300 },
  );
});

test('unpacking refuses no bytes, another version, an unknown part and a part that comes twice', () => {
  for (const wrong of [[], [2], [1, 0x3f, 0, 0, 0, 0], [1, 2, 1, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0]])
    assert.throws(() => unpackWindow(START, Uint8Array.from(wrong)), AppError);
});

test('windowStart is the minute of a time', () => {
  assert.deepEqual([START, START + 59_999, START + 60_000, -1].map(windowStart), [
    START,
    START,
    START + 60_000,
    -60_000,
  ]);
});
