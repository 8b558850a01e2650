/** Sums the cells of many windows into the groups of a query, without ever merging what the query does not ask for. */
import { CellTable } from './cells.ts';
import { cubeOf, type DimensionName, OTHER, PAIR_IDS, pairKey } from './cubes.ts';
import { HyperLogLog } from './hll.ts';
import { sketchOf } from './metrics.ts';
import type { KpiQuery } from './query.ts';
import { Dictionary } from './texts.ts';
import type { WindowState } from './window.ts';

export type Group = {
  /** In the order of the query's `groupBy`. */
  readonly keys: readonly (string | number)[];
  /** Sums, in the order of the cube's measures. */
  readonly values: Float64Array;
  readonly customers: HyperLogLog | undefined;
  /** Items at most that a product without a cell had in the windows of this group. */
  readonly missedItems: number;
};

/** All groups of one stretch of time. */
type Bucket = {
  readonly time: number;
  readonly cells: CellTable;
  /** By cell. */
  readonly customers: HyperLogLog[];
  missedItems: number;
};

const FILTERED_OUT = -1;

export class Grouping {
  readonly #query: KpiQuery;
  readonly #dims: readonly DimensionName[];
  /** The dimensions grouped by, each with the numbers of its texts over all windows. */
  readonly #grouped: readonly { readonly dimension: DimensionName; readonly texts: Dictionary }[];
  readonly #buckets = new Map<number, Bucket>();
  /** Sketches that are no window's. */
  readonly #ownSketches = new Set<HyperLogLog>();

  constructor(query: KpiQuery) {
    this.#query = query;
    this.#dims = cubeOf(query.cube).dims;
    this.#grouped = query.groupBy
      .filter((column) => column !== 'minute')
      .map((dimension) => ({ dimension, texts: new Dictionary() }));
    // The question for one row has an answer even where nothing happened.
    if (query.groupBy.length === 0) this.#bucket(0).cells.at(0);
  }

  add(window: WindowState): void {
    const cells = window.parts.cellsIfAny(this.#query.cube);
    if (!cells || cells.count === 0) return;
    const bucket = this.#bucket(this.#query.groupBy.includes('minute') ? this.#query.bucketOf(window.start) : 0);
    const groupIds = this.#dims.map((dimension) => this.#groupIds(dimension, window));
    const [first, second] = groupIds;
    for (let cell = 0; cell < cells.count; cell++) {
      const key = cells.key(cell);
      const a = first === undefined ? 0 : (first[second ? key >>> 16 : key] as number);
      const b = second === undefined ? 0 : (second[key & (PAIR_IDS - 1)] as number);
      if (a !== FILTERED_OUT && b !== FILTERED_OUT) addCell(cells, cell, bucket.cells, this.#key(a, b));
    }
    this.#addCustomers(window, bucket, first);
    if (this.#query.cube === 'product') bucket.missedItems += window.missedItems;
  }

  /** In the order of time. */
  buckets(falling: boolean): Bucket[] {
    return [...this.#buckets.values()].sort((a, b) => (falling ? b.time - a.time : a.time - b.time));
  }

  *groups({ time, cells, customers, missedItems }: Bucket): Generator<Group> {
    for (let cell = 0; cell < cells.count; cell++)
      yield {
        keys: this.#keys(time, cells.key(cell)),
        values: cells.values.subarray(cell * cells.width, (cell + 1) * cells.width),
        customers: customers[cell],
        missedItems,
      };
  }

  #bucket(time: number): Bucket {
    let bucket = this.#buckets.get(time);
    if (!bucket) {
      const cells = new CellTable(cubeOf(this.#query.cube).measures.length);
      bucket = { time, cells, customers: [], missedItems: 0 };
      this.#buckets.set(time, bucket);
    }
    return bucket;
  }

  /** For each text of a window's dimension: the number of its group (0 where not grouped by), or that it is filtered out. */
  #groupIds(dimension: DimensionName, window: WindowState): Int32Array {
    const { texts } = window.parts.texts(dimension);
    const allowed = this.#query.filters.get(dimension);
    const group = this.#grouped.find((each) => each.dimension === dimension);
    const idOf = (text: string): number => {
      if (allowed && !allowed.has(text)) return FILTERED_OUT;
      return group ? this.#intern(group.texts, text) : 0;
    };
    return Int32Array.from(texts, idOf);
  }

  /** Two numbers share a key, so above 65,535 of them the rest is one. */
  #intern(texts: Dictionary, text: string): number {
    const full = this.#grouped.length > 1 && texts.size >= PAIR_IDS - 1;
    return full ? (texts.find(text) ?? texts.intern(OTHER)) : texts.intern(text);
  }

  /** The key of a group from the numbers of the cube's dimensions, those not grouped by being 0. */
  #key(a: number, b: number): number {
    if (this.#grouped.length < 2) return a + b;
    return this.#grouped[0]?.dimension === this.#dims[0] ? pairKey(a, b) : pairKey(b, a);
  }

  #keys(time: number, key: number): (string | number)[] {
    const paired = this.#grouped.length > 1;
    let place = 0;
    return this.#query.groupBy.map((column) => {
      if (column === 'minute') return time;
      const id = !paired ? key : place === 0 ? key >>> 16 : key & (PAIR_IDS - 1);
      return this.#grouped[place++]?.texts.texts[id] as string;
    });
  }

  #addCustomers(window: WindowState, bucket: Bucket, groupIds: Int32Array | undefined): void {
    const sketch = sketchOf(this.#query.cube);
    if (!sketch || !this.#query.read.sketches?.includes(sketch)) return;
    window.parts.sketches(sketch).forEach((customers, id) => {
      const group = groupIds ? (groupIds[id] as number) : 0;
      if (!customers || group === FILTERED_OUT) return;
      const cell = bucket.cells.at(group);
      bucket.customers[cell] = this.#withCustomers(bucket.customers[cell], customers);
    });
  }

  /** Most groups see one window: its sketch is then taken as it is, and left alone. */
  #withCustomers(known: HyperLogLog | undefined, more: HyperLogLog): HyperLogLog {
    if (!known) return more;
    let own = known;
    if (!this.#ownSketches.has(known)) {
      own = new HyperLogLog();
      own.merge(known);
      this.#ownSketches.add(own);
    }
    own.merge(more);
    return own;
  }
}

function addCell(from: CellTable, cell: number, to: CellTable, key: number): void {
  const target = to.at(key) * to.width;
  const source = cell * from.width;
  const { values } = to;
  for (let measure = 0; measure < to.width; measure++)
    (values[target + measure] as number) += from.values[source + measure] as number;
}
