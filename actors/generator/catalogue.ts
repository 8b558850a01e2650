/** What the shop sells and where it lies: products with their prices and weights, warehouses, couriers; made once from the seed. */
import { fragment } from './byte-writer.ts';
import { CATEGORIES, type CategoryProfile, FREIGHT, PRICE_ENDINGS } from './profile.ts';
import { AliasTable, apportion, normalQuantile, Random, shuffle, sumOf } from './random.ts';

/** Names for things; asked for once each at the start, always in the same order. */
export interface NameSource {
  product(category: string): string;
  town(): string;
  person(): string;
}

const PRODUCTS = 2400;
const WAREHOUSES = 6;
const COURIERS = 40;
/** Fewer products than the public shop's 33,000: without the first ranks the best sold have its shares (0.5 %, ten of them 3.4 %). */
const RANK_SHIFT = 2;
const FEWEST_PRODUCTS = 2;

export type Product = {
  readonly id: Uint8Array;
  readonly category: number;
  readonly warehouse: number;
  readonly cents: number;
  /** Share of all items sold. */
  readonly share: number;
  /** Freight of this category against the mean of all. */
  readonly freight: number;
  /** An item of an order in JSON, up to the quantity and from the price on; the keys stand where the decoder is fastest. */
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
};

export type Catalogue = {
  readonly products: readonly Product[];
  readonly byShare: AliasTable;
  readonly warehouses: readonly Uint8Array[];
  readonly couriers: readonly Uint8Array[];
};

export function makeCatalogue(seed: number, names: NameSource): Catalogue {
  const random = new Random(seed ^ 0x0ca7a109);
  const counts = apportion(
    CATEGORIES.map((category) => category.products),
    PRODUCTS - FEWEST_PRODUCTS * CATEGORIES.length,
  );
  const products = CATEGORIES.flatMap((category, at) =>
    makeProducts(category, at, FEWEST_PRODUCTS + (counts[at] as number), random),
  );
  const finished = products.map((product, at) => finishProduct(product, `p${at + 1}`, names, random));
  return {
    products: finished,
    byShare: new AliasTable(finished.map((product) => product.share)),
    warehouses: labels('w', WAREHOUSES, () => names.town()),
    couriers: labels('k', COURIERS, () => names.person()),
  };
}

type Draft = { readonly category: number; readonly share: number; readonly cents: number };

const ITEMS = sumOf(CATEGORIES.map((category) => category.items));

/** Sales fall by rank; prices are dealt out so that those sold, not those on the shelf, show the category's deciles. */
function makeProducts(category: CategoryProfile, at: number, count: number, random: Random): Draft[] {
  const weights = Array.from({ length: count }, (_, rank) => (rank + 1 + RANK_SHIFT) ** -category.slope);
  const total = sumOf(weights);
  let sold = 0;
  return shuffle(weights, random).map((weight) => {
    const price = priceQuantile(category, (sold + weight / 2) / total);
    sold += weight;
    return { category: at, share: ((weight / total) * category.items) / ITEMS, cents: usualPrice(price, random) };
  });
}

/** Between deciles in logarithms, beyond them along a lognormal. */
export function priceQuantile(category: CategoryProfile, share: number): number {
  const { priceDeciles, priceSigma, tailSigma, priceMin, priceMax } = category;
  const decile = (number: number) => priceDeciles[number - 1] as number;
  const beyond = (number: number, sigma: number) =>
    decile(number) * Math.exp(sigma * (normalQuantile(share) - normalQuantile(number / 10)));
  if (share < 0.1) return Math.max(priceMin, beyond(1, priceSigma));
  if (share >= 0.9) return Math.min(priceMax, beyond(9, tailSigma));
  const left = Math.floor(share * 10);
  return decile(left) * (decile(left + 1) / decile(left)) ** (share * 10 - left);
}

const endings = new AliasTable([...PRICE_ENDINGS.map(([, share]) => share), 1 - sumOf(PRICE_ENDINGS.map((e) => e[1]))]);

/** The nearest price with one of the endings that shops like. */
function usualPrice(price: number, random: Random): number {
  const ending = PRICE_ENDINGS[endings.pick(random.unit())];
  const exact = Math.max(1, Math.round(price * 100));
  if (ending === undefined) return exact;
  const cents = Math.round((exact - ending[0]) / 100) * 100 + ending[0];
  return cents > 0 ? cents : exact;
}

function finishProduct(draft: Draft, id: string, names: NameSource, random: Random): Product {
  const { name, freight } = CATEGORIES[draft.category] as CategoryProfile;
  const price = (draft.cents / 100).toFixed(2);
  return {
    ...draft,
    id: fragment(id),
    warehouse: random.below(WAREHOUSES),
    freight: freight / FREIGHT.mean,
    head: fragment(`{"product_id":"${id}","category":"${name}","quantity":`),
    tail: fragment(`,"price":${price},"product_name":${JSON.stringify(names.product(name))}}`),
  };
}

/** Ids that a person can read, each with a name of its own: `w3-santos`. */
function labels(prefix: string, count: number, name: () => string): Uint8Array[] {
  const taken = new Set<string>();
  for (let attempt = 0; taken.size < count && attempt < 50 * count; attempt++) taken.add(slug(name()));
  for (let number = 1; taken.size < count; number++) taken.add(`${number}`);
  return Array.from(taken, (label, at) => fragment(`${prefix}${at + 1}-${label}`));
}

/** The first word, in plain letters. */
function slug(name: string): string {
  const [word = ''] = name
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return word;
}
