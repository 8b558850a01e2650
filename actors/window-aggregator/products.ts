/** The product cells of the window in work: exact while there is room, Space-Saving above. */
import { NONE } from '../../protocol/batch.ts';
import type { CellTable } from '../kpi/cells.ts';
import { DIMENSIONS, UNKNOWN } from '../kpi/cubes.ts';
import type { WindowParts } from '../kpi/parts.ts';
import { SpaceSaving } from '../kpi/space-saving.ts';
import { Remembered } from './translation.ts';

const CAP = DIMENSIONS.product.cap;

export class Products {
  readonly #known = new Remembered();
  /** Of full windows; made anew from the cells when a window was read back. */
  readonly #savings = new WeakMap<WindowParts, SpaceSaving>();
  #saving: SpaceSaving | undefined;
  #strings: readonly string[] = [];
  #parts: WindowParts | undefined;

  begin(strings: readonly string[], parts: WindowParts): void {
    this.#strings = strings;
    this.#parts = parts;
    this.#saving = this.#savings.get(parts);
    this.#known.renew(strings.length);
  }

  /** The cell of a product, marked as changed; `name` is the place of its name. */
  cell(product: number, name: number): number {
    const parts = this.#parts as WindowParts;
    const cells = parts.cells('product');
    const known = product === NONE ? -1 : this.#known.get(product);
    if (known >= 0) {
      cells.touch(known);
      return known;
    }
    const cell = this.#find(parts, cells, product === NONE ? UNKNOWN : (this.#strings[product] as string));
    if (product !== NONE) this.#known.set(product, cell);
    const id = cells.key(cell);
    if (name !== NONE && !parts.names.texts[id]) parts.nameProduct(id, this.#strings[name] as string);
    return cell;
  }

  /** To be called after the items of a cell have grown. */
  grew(cell: number): void {
    this.#saving?.grew(cell);
  }

  #find(parts: WindowParts, cells: CellTable, text: string): number {
    const texts = parts.texts('product');
    const id = texts.find(text);
    if (id !== undefined) return cells.at(id);
    if (texts.size < CAP) return cells.at(texts.intern(text));
    return this.#takeOver(parts, cells, text);
  }

  #takeOver(parts: WindowParts, cells: CellTable, text: string): number {
    if (!this.#saving) {
      this.#saving = new SpaceSaving(cells);
      this.#savings.set(parts, this.#saving);
    }
    const cell = this.#saving.takeOver();
    const id = cells.key(cell);
    const texts = parts.texts('product');
    parts.goneProducts.add(texts.texts[id] as string);
    texts.replace(id, text);
    if (parts.names.texts[id]) parts.nameProduct(id, '');
    // Places that led to this cell lead to another product now.
    this.#known.renew(this.#strings.length);
    return cell;
  }
}
