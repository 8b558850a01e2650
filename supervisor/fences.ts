/**
 * Counts what was refused because a former owner tried it: words of ended incarnations, messages of zombies on their old
 * ports, writes that a store turned away. Those of the last ended actors are still read, as a zombie may go on trying.
 */

/** An incarnation's own count, as far as it has come. */
export type Refusals = { readonly fenced: number };

/** Zombies are few, and soon ended. */
const KEPT = 32;

export class Fences {
  #settled = 0;
  readonly #living = new Set<Refusals>();
  readonly #ended: Refusals[] = [];

  begin(refusals: Refusals): void {
    this.#living.add(refusals);
  }

  end(refusals: Refusals): void {
    this.#living.delete(refusals);
    this.#ended.push(refusals);
    if (this.#ended.length > KEPT) this.#settled += this.#ended.shift()?.fenced ?? 0;
  }

  refused(): void {
    this.#settled++;
  }

  get total(): number {
    return [...this.#living, ...this.#ended].reduce((sum, { fenced }) => sum + fenced, this.#settled);
  }
}
