/**
 * Space-Saving over the product cells of a full window: a product without a cell takes the one with the fewest items
 * over, with all its numbers, and notes them as its error. Sums stay exact, every product with more items than the
 * smallest cell has one, and no count is too high by more than its error. Which cell goes depends on the cells alone
 * (fewest items, then lowest place), so a window read back from the store goes on the same way.
 */
import type { CellTable } from './cells.ts';
import { measureAt } from './cubes.ts';

const ITEMS = measureAt('product', 'items');
const SALES = measureAt('product', 'sales');
const ERROR_ITEMS = measureAt('product', 'error_items');
const ERROR_SALES = measureAt('product', 'error_sales');

export class SpaceSaving {
  readonly #cells: CellTable;
  /** A heap of cells, the one to give away first. */
  readonly #heap: Int32Array;
  /** Where in the heap each cell is. */
  readonly #place: Int32Array;

  constructor(cells: CellTable) {
    this.#cells = cells;
    this.#heap = Int32Array.from({ length: cells.count }, (_, cell) => cell);
    this.#place = this.#heap.slice();
    for (let place = (cells.count >> 1) - 1; place >= 0; place--) this.#sink(place);
  }

  /** Gives the smallest cell away: answers which it is, its numbers already noted as error. */
  takeOver(): number {
    const cell = this.#heap[0] as number;
    const { values, width } = this.#cells;
    const at = cell * width;
    values[at + ERROR_ITEMS] = values[at + ITEMS] as number;
    values[at + ERROR_SALES] = values[at + SALES] as number;
    this.#cells.forgetOrder(cell);
    this.#cells.touch(cell);
    return cell;
  }

  /** To be called after the items of a cell have grown. */
  grew(cell: number): void {
    this.#sink(this.#place[cell] as number);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const cell = heap[from] as number;
    let place = from;
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && this.#before(heap[child + 1] as number, heap[child] as number)) child++;
      const smaller = heap[child] as number;
      if (!this.#before(smaller, cell)) break;
      heap[place] = smaller;
      this.#place[smaller] = place;
      place = child;
    }
    heap[place] = cell;
    this.#place[cell] = place;
  }

  #before(a: number, b: number): boolean {
    const { values, width } = this.#cells;
    const difference = (values[a * width + ITEMS] as number) - (values[b * width + ITEMS] as number);
    return difference < 0 || (difference === 0 && a < b);
  }
}

/** How many items at most a product without a cell has had in this window; 0 where every product has one. */
export function missedItems(cells: CellTable): number {
  let least = Number.POSITIVE_INFINITY;
  let full = false;
  for (let at = 0; at < cells.count * cells.width; at += cells.width) {
    least = Math.min(least, cells.values[at + ITEMS] as number);
    full ||= (cells.values[at + ERROR_ITEMS] as number) > 0;
  }
  return full ? least : 0;
}
