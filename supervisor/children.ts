/** The children of one supervisor in start order, and their entries in the books of the tree. */

import { Cell, type CellOwner } from './cell.ts';
import type { Child, Supervisor } from './child-spec.ts';
import { type CommandOwner, Commands } from './commands.ts';
import type { TreeContext } from './context.ts';

export class Children {
  readonly #spec: Supervisor;
  readonly #tree: TreeContext;
  readonly #owner: CellOwner & CommandOwner;
  /** Keeps the order in which they were added. */
  readonly #cells = new Map<string, Cell>();

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
