/** The children of one supervisor in start order, and their entries in the books of the tree. */

import { Cell, type CellOwner } from './cell.ts';
import type { Child, Supervisor } from './child-spec.ts';
import { type CommandOwner, Commands } from './commands.ts';
import type { TreeContext } from './context.ts';

export class Children {
  #spec: Supervisor;
  readonly #tree: TreeContext;
  readonly #owner: CellOwner & CommandOwner;
  /** Keeps the order in which they were added. */
  #cells = new Map<string, Cell>();

  constructor(spec: Supervisor, tree: TreeContext, owner: CellOwner & CommandOwner) {
    this.#spec = spec;
    this.#tree = tree;
    this.#owner = owner;
  }

  /** Those of the spec, or those that it had when it ended and is to keep. */
  addStatic(): void {
    const specs = this.#tree.histories.of(this.#spec.id).children ?? this.#spec.children;
    for (const spec of specs) this.#create(spec);
  }

  add(spec: Child): Cell {
    const cell = this.#create(spec);
    this.#keep();
    return cell;
  }

  /**
   * Other specs: those that are new wait to be started, those that are gone stay as they are, and who is there in both
   * goes on and takes its new spec from its next start on. The new list's order comes first.
   */
  change(spec: Supervisor): void {
    this.#spec = spec;
    this.#tree.histories.of(spec.id).children = undefined;
    const former = this.#cells;
    this.#cells = new Map();
    for (const child of spec.children) {
      const cell = former.get(child.id);
      if (cell) this.#keepAs(cell, child);
      else this.#create(child);
    }
    for (const [id, cell] of former) this.#cells.set(id, cell);
    this.#keep();
  }

  remove(cell: Cell): void {
    this.#forget(cell);
    this.#cells.delete(cell.id);
    this.#tree.histories.forget(cell.id);
    this.#keep();
  }

  get(id: string | undefined): Cell | undefined {
    return id === undefined ? undefined : this.#cells.get(id);
  }

  get list(): Cell[] {
    return [...this.#cells.values()];
  }

  get ids(): string[] {
    return [...this.#cells.keys()];
  }

  /** Out of the tree's books, for those who take their places. */
  discard(): void {
    for (const cell of this.#cells.values()) this.#forget(cell);
  }

  #create(spec: Child): Cell {
    const cell = new Cell(spec, this.#tree, this.#owner);
    this.#cells.set(spec.id, cell);
    this.#tree.handles.set(spec.id, new Commands(cell, this.#owner));
    if (spec.type === 'worker') this.#tree.links.declare(spec);
    return cell;
  }

  #keepAs(cell: Cell, spec: Child): void {
    this.#cells.set(cell.id, cell);
    cell.respec(spec);
    if (spec.type === 'worker') this.#tree.links.redeclare(spec);
  }

  #forget(cell: Cell): void {
    cell.discard();
    this.#tree.handles.delete(cell.id);
    if (cell.spec.type === 'worker') this.#tree.links.withdraw(cell.spec);
  }

  #keep(): void {
    if (!this.#spec.keepDynamic) return;
    this.#tree.histories.of(this.#spec.id).children = this.list.map(({ spec }) => spec);
  }
}
