/** The `products` channel: the products that sold most in the last hour. */

import { pathOf } from '../../../protocol/channel.ts';
import { shown } from '../view/cubes.ts';
import type { Windows } from '../view/windows.ts';
import type { Channel } from './channel.ts';

export const TOP_PRODUCTS = 50;
const ITEMS = 0;
const SALES = 1;

type Ranked = { readonly key: string; readonly sales: number };

/** Best first; equal sales in the order of their ids, so that the list does not depend on who came first. */
function isBefore(a: Ranked, b: Ranked): boolean {
  return a.sales > b.sales || (a.sales === b.sales && a.key < b.key);
}

/** The `count` best of all, by insertion into a short list: most candidates fail its last place at once. */
export function best(candidates: (visit: (key: string, sales: number) => void) => void, count: number): string[] {
  const top: Ranked[] = [];
  candidates((key, sales) => {
    const candidate = { key, sales };
    if (top.length === count && !isBefore(candidate, top[count - 1] as Ranked)) return;
    let place = top.length;
    while (place > 0 && isBefore(candidate, top[place - 1] as Ranked)) place--;
    top.splice(place, 0, candidate);
    if (top.length > count) top.pop();
  });
  return top.map(({ key }) => key);
}

export class ProductsProjection {
  #shown = new Set<string>();

  project(windows: Windows, channel: Channel): void {
    const cube = windows.rolling.product;
    if (cube.changed.size === 0) return;
    cube.changed.clear();
    const top = new Set(best((visit) => cube.forEachInside(SALES, visit), TOP_PRODUCTS));
    for (const product of this.#shown) if (!top.has(product)) this.#put(channel, product, null, null, null);
    for (const product of top) {
      const sum = cube.sum(product) as Float64Array;
      const sales = shown('sales', sum[SALES] as number);
      this.#put(channel, product, sum[ITEMS] as number, sales, windows.productName(product) ?? null);
    }
    this.#shown = top;
  }

  #put(channel: Channel, product: string, items: number | null, sales: number | null, name: string | null): void {
    channel.put(pathOf(product, 'items'), items);
    channel.put(pathOf(product, 'sales'), sales);
    channel.put(pathOf(product, 'name'), name);
  }
}
