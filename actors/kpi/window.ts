/**
 * One minute of KPIs: additive cells of every cube and sketches of the customers. Windows of topic-partitions and of
 * minutes merge by adding; merging in any order gives the same values.
 */
import {
  CUBE_NAMES,
  type CubeName,
  cubeOf,
  DIMENSION_NAMES,
  type DimensionName,
  OTHER,
  PAIR_IDS,
  pairKey,
  SKETCH_NAMES,
  SKETCHES,
} from './cubes.ts';
import type { HyperLogLog } from './hll.ts';
import { packParts } from './pack.ts';
import { WindowParts } from './parts.ts';
import { missedItems } from './space-saving.ts';
import { type UnpackOptions, unpackParts } from './unpack.ts';

export const WINDOW_MS = 60_000;

/** The start of the window that a time belongs to. */
export function windowStart(time: number): number {
  return Math.floor(time / WINDOW_MS) * WINDOW_MS;
}

type Visit = (keys: readonly string[], values: Float64Array) => void;

export class WindowState {
  readonly start: number;
  /** The inside, for code that counts or groups at speed. */
  readonly parts = new WindowParts();
  #cleared: boolean;

  /** A window that was `told` before is known to others but for its changes. */
  constructor(start: number, told = false) {
    this.start = start;
    this.#cleared = told;
  }

  /**
   * Visits every cell. `values` is the live row, measures in the order of the cube: do not keep it. In a window read
   * from a pack of changes a row of zeros says that the cell is gone; no other window has such rows.
   */
  forEach(cube: CubeName, visit: Visit): void {
    const cells = this.parts.cellsIfAny(cube);
    if (!cells) return;
    for (let cell = 0; cell < cells.count; cell++)
      visit(this.#texts(cube, cells.key(cell)), cells.values.subarray(cell * cells.width, (cell + 1) * cells.width));
  }

  /** The live row of a cell: do not keep it. */
  get(cube: CubeName, ...keys: string[]): Float64Array | undefined {
    const cells = this.parts.cellsIfAny(cube);
    const key = this.#find(cube, keys);
    if (!cells || key === undefined) return undefined;
    const cell = cells.find(key);
    return cell < 0 ? undefined : cells.values.subarray(cell * cells.width, (cell + 1) * cells.width);
  }

  /** Everyone who ordered. */
  get customers(): HyperLogLog {
    return this.parts.sketch('overall', 0);
  }

  customersOf(cube: 'segment' | 'state', key: string): HyperLogLog | undefined {
    const id = this.parts.texts(cube).find(key);
    return id === undefined ? undefined : this.parts.sketches(cube)[id];
  }

  productName(product: string): string | undefined {
    const id = this.parts.texts('product').find(product);
    return (id === undefined ? '' : this.parts.names.texts[id]) || undefined;
  }

  /** Sets a cell to absolute values. */
  set(cube: CubeName, keys: readonly string[], values: ArrayLike<number>): void {
    const cells = this.parts.cells(cube);
    const cell = cells.at(this.#intern(cube, keys));
    for (let measure = 0; measure < cells.width; measure++)
      cells.values[cell * cells.width + measure] = values[measure] ?? 0;
  }

  /** Adds another window: of another topic-partition, or of another minute. */
  merge(other: WindowState): void {
    // Before the cells: what each side missed can be told from its own cells only.
    this.parts.missedItems = this.missedItems + other.missedItems;
    for (const cube of CUBE_NAMES) this.#mergeCells(cube, other);
    this.#mergeSketches(other);
    this.#mergeNames(other, (mine, theirs) => (mine === undefined || theirs < mine ? theirs : mine));
  }

  /** Items at most that a product without a cell had. */
  get missedItems(): number {
    const products = this.parts.cellsIfAny('product');
    return this.parts.missedItems ?? (products ? missedItems(products) : 0);
  }

  /** Whether a text went to the others because two numbers share a key: merged further, sums would come out elsewhere. */
  get overfull(): boolean {
    return DIMENSION_NAMES.some((name) => name !== 'product' && this.parts.texts(name).size >= PAIR_IDS - 1);
  }

  /** Takes over every cell of a window read from a pack of changes; rows of zeros stay, as they still say something. */
  overwrite(changes: WindowState): void {
    for (const cube of CUBE_NAMES) changes.forEach(cube, (keys, values) => this.set(cube, keys, values));
    this.#mergeSketches(changes);
    this.#mergeNames(changes, (_mine, theirs) => theirs);
  }

  /** Whether anything changed since `clearChanges`. */
  get dirty(): boolean {
    return this.parts.changed;
  }

  pack(): Uint8Array {
    return packParts(this.parts, false);
  }

  /** Packs what changed since `clearChanges`, as absolute values. */
  packChanges(): Uint8Array {
    return packParts(this.parts, true);
  }

  /** Whether all of it is a change: its whole pack says the same as the pack of its changes. */
  get allChanged(): boolean {
    return !this.#cleared;
  }

  clearChanges(): void {
    this.#cleared = true;
    this.parts.clearChanges();
  }

  #texts(cube: CubeName, key: number): string[] {
    const { dims } = cubeOf(cube);
    const [first, second] = dims;
    if (first === undefined) return [];
    if (second === undefined) return [this.parts.texts(first).texts[key] as string];
    return [
      this.parts.texts(first).texts[key >>> 16] as string,
      this.parts.texts(second).texts[key & (PAIR_IDS - 1)] as string,
    ];
  }

  #find(cube: CubeName, keys: readonly string[]): number | undefined {
    const ids = cubeOf(cube).dims.map((dimension, place) => this.parts.texts(dimension).find(keys[place] as string));
    const [first = 0, second] = ids;
    if (ids.includes(undefined)) return undefined;
    return second === undefined ? first : pairKey(first, second);
  }

  #intern(cube: CubeName, keys: readonly string[]): number {
    const { dims } = cubeOf(cube);
    if (keys.length !== dims.length)
      throw new TypeError(`Cannot set a cell of ${cube} as it takes ${dims.length} keys: current value is ${keys}`);
    const [first = 0, second] = dims.map((dimension, place) => this.#internText(dimension, keys[place] as string));
    return second === undefined ? first : pairKey(first, second);
  }

  /** A merged window has no caps but the one that pairs of numbers have. */
  #internText(dimension: DimensionName, text: string): number {
    const texts = this.parts.texts(dimension);
    if (dimension !== 'product' && texts.size >= PAIR_IDS - 1) return texts.find(text) ?? texts.intern(OTHER);
    return texts.intern(text);
  }

  #mergeCells(cube: CubeName, other: WindowState): void {
    const theirs = other.parts.cellsIfAny(cube);
    if (!theirs || theirs.count === 0) return;
    const { dims } = cubeOf(cube);
    const [first = keepId, second] = dims.map((dimension) => this.#idsFrom(dimension, other));
    const cells = this.parts.cells(cube);
    const { width } = cells;
    for (let from = 0; from < theirs.count; from++) {
      const key = theirs.key(from);
      const cell = cells.at(second ? pairKey(first(key >>> 16), second(key & (PAIR_IDS - 1))) : first(key));
      const { values } = cells;
      for (let measure = 0; measure < width; measure++)
        (values[cell * width + measure] as number) += theirs.values[from * width + measure] as number;
    }
  }

  /** Translates the other window's numbers of texts, looking each text up once. */
  #idsFrom(dimension: DimensionName, other: WindowState): (id: number) => number {
    const theirs = other.parts.texts(dimension);
    if (theirs === this.parts.texts(dimension)) return keepId;
    const ids = new Int32Array(theirs.size).fill(-1);
    return (id) => {
      if ((ids[id] as number) < 0) ids[id] = this.#internText(dimension, theirs.texts[id] as string);
      return ids[id] as number;
    };
  }

  #mergeSketches(other: WindowState): void {
    for (const name of SKETCH_NAMES) {
      const { dimension } = SKETCHES[name];
      const idFrom = dimension ? this.#idsFrom(dimension, other) : keepId;
      other.parts.sketches(name).forEach((sketch, id) => {
        if (sketch) this.parts.sketch(name, idFrom(id)).merge(sketch);
      });
    }
  }

  #mergeNames(other: WindowState, choose: (mine: string | undefined, theirs: string) => string): void {
    const products = other.parts.texts('product');
    other.parts.names.texts.forEach((theirs, id) => {
      const mine = theirs === '' ? undefined : this.parts.texts('product').find(products.texts[id] as string);
      if (mine === undefined) return;
      this.parts.nameProduct(mine, choose(this.parts.names.texts[mine] || undefined, theirs));
    });
  }
}

function keepId(id: number): number {
  return id;
}

/** Reads a packed window, or only some cubes and sketches of it; bytes that are none throw `data-mismatch`. */
export function unpackWindow(start: number, packed: Uint8Array, options?: UnpackOptions): WindowState {
  const window = new WindowState(start, true);
  unpackParts(window.parts, packed, options);
  return window;
}
