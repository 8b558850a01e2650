/** What a window is made of: texts per dimension, cells per cube, sketches of customers. Each is made when first used. */
import { CellTable } from './cells.ts';
import { type CubeName, cubeOf, DIMENSIONS, type DimensionName, SKETCHES, type SketchName } from './cubes.ts';
import { HyperLogLog } from './hll.ts';
import { Dictionary, TextColumn } from './texts.ts';

/** The same for every window, and never packed. */
const SECONDS = new Dictionary();
for (let second = 0; second < DIMENSIONS.second.cap; second++) SECONDS.intern(String(second));

export class WindowParts {
  readonly #texts: (Dictionary | undefined)[] = [];
  readonly #cells: (CellTable | undefined)[] = [];
  readonly #sketches: (HyperLogLog | undefined)[][] = [];
  /** Names of products, by the number of the product; '' where unknown. */
  readonly names = new TextColumn();
  /** Products whose cells went to others since the changes were cleared. */
  readonly goneProducts = new Set<string>();
  /** Minutes that were merged into this; a roll-up has many. */
  minutes = 1;
  /**
   * Items at most that a product without a cell had, summed over all windows merged into this; undefined where nothing
   * was merged and the cells themselves tell (space-saving.ts).
   */
  missedItems: number | undefined;

  texts(dimension: DimensionName): Dictionary {
    const code = DIMENSIONS[dimension].code;
    this.#texts[code] ??= dimension === 'second' ? SECONDS : new Dictionary();
    return this.#texts[code];
  }

  cells(cube: CubeName): CellTable {
    const { code, measures } = cubeOf(cube);
    this.#cells[code] ??= new CellTable(measures.length);
    return this.#cells[code];
  }

  /** The cells if there are any: for reading, makes nothing. */
  cellsIfAny(cube: CubeName): CellTable | undefined {
    return this.#cells[cubeOf(cube).code];
  }

  /** Sketches of a kind by the number of their text (0 for the one of all). */
  sketches(name: SketchName): (HyperLogLog | undefined)[] {
    const { code } = SKETCHES[name];
    this.#sketches[code] ??= [];
    return this.#sketches[code];
  }

  sketch(name: SketchName, id: number): HyperLogLog {
    const sketches = this.sketches(name);
    while (sketches.length <= id) sketches.push(undefined);
    sketches[id] ??= new HyperLogLog();
    return sketches[id];
  }

  nameProduct(id: number, name: string): void {
    while (this.names.size <= id) this.names.set(this.names.size, '');
    if (this.names.texts[id] !== name) this.names.set(id, name.toWellFormed());
  }

  get changed(): boolean {
    return (
      this.goneProducts.size > 0 ||
      this.#cells.some((cells) => cells !== undefined && cells.changedCount > 0) ||
      this.#sketches.some((sketches) => sketches?.some((sketch) => sketch?.changed))
    );
  }

  clearChanges(): void {
    this.goneProducts.clear();
    for (const cells of this.#cells) cells?.clearChanges();
    for (const sketches of this.#sketches) for (const sketch of sketches ?? []) sketch?.clearChanges();
  }
}
