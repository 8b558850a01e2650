/**
 * What lies in the warehouses. A product's first delivery comes with its first sale; later ones on the warehouse's rounds,
 * when less than a part of the usual stock is left. An event stream can only sell what it has said to be there, or owe it.
 */
import type { Catalogue, Product } from './catalogue.ts';

/** Stock lasts this long at the mean rate. */
const STOCK_HOURS = 10;
const LEAST_STOCK = 20;
/** What one restock event may hold (contracts: quantity). */
const MOST_STOCK = 1_000_000;
const LOW_SHARE = 0.4;
const PIECES_PER_ORDER = 1.142;

export class Stock {
  readonly #products: readonly Product[];
  readonly #usual: Int32Array;
  readonly #level: Int32Array;
  readonly #opened: Uint8Array;

  constructor(catalogue: Catalogue, ordersPerSecond: number) {
    this.#products = catalogue.products;
    const pieces = ordersPerSecond * PIECES_PER_ORDER * STOCK_HOURS * 3600;
    this.#usual = Int32Array.from(this.#products, ({ share }) =>
      Math.min(MOST_STOCK, Math.max(LEAST_STOCK, Math.ceil((share * pieces) / 10) * 10)),
    );
    this.#level = new Int32Array(this.#products.length);
    this.#opened = new Uint8Array(this.#products.length);
  }

  /** Pieces that arrive before the product's first sale; 0 later. */
  open(product: number): number {
    if (this.#opened[product] === 1) return 0;
    this.#opened[product] = 1;
    this.#level[product] = this.#usual[product] as number;
    return this.#usual[product] as number;
  }

  take(product: number, quantity: number): void {
    this.#level[product] = (this.#level[product] as number) - quantity;
  }

  /** Fills up what is low in a warehouse. */
  round(warehouse: number, restocked: (product: number, quantity: number) => void): void {
    for (let product = 0; product < this.#products.length; product++) {
      if (this.#opened[product] === 0 || this.#products[product]?.warehouse !== warehouse) continue;
      const usual = this.#usual[product] as number;
      const level = this.#level[product] as number;
      if (level >= usual * LOW_SHARE) continue;
      const quantity = Math.min(MOST_STOCK, Math.ceil((usual - level) / 10) * 10);
      this.#level[product] = level + quantity;
      restocked(product, quantity);
    }
  }

  /** Levels in order, empty where a product has not been sold yet. */
  snapshot(): string {
    return Array.from(this.#level, (level, product) => (this.#opened[product] === 1 ? level : '')).join(',');
  }

  restore(snapshot: string): void {
    for (const [product, level] of snapshot.split(',').entries()) {
      if (product >= this.#level.length) return;
      this.#opened[product] = level === '' ? 0 : 1;
      this.#level[product] = Number(level);
    }
  }
}
