/** What people look at: the products of the click stream with brand, category and price, empty fields as often as in the public set. */
import { fragment } from './byte-writer.ts';
import { CLICK_BRANDS, CLICK_CATEGORIES, CLICK_PRICES, NULL_SHARES, OTHER_BRANDS } from './profile-clicks.ts';
import { AliasTable, Random, sumOf } from './random.ts';

const PRODUCTS = 1500;
/** Views by rank of the product, slope in the sibling set. */
const RANK_SLOPE = 0.64;
/** Spread of ln price inside a category, next to the categories' own distances. */
const PRICE_SPREAD = 0.8;

export type ClickCatalogue = {
  readonly byViews: AliasTable;
  /** JSON of a click from the product id up to the user id, by product. */
  readonly middles: readonly Uint8Array[];
};

export function makeClickCatalogue(seed: number): ClickCatalogue {
  const random = new Random(seed ^ 0x0c11c45);
  const views = Array.from({ length: PRODUCTS }, (_, rank) => (rank + 1) ** -RANK_SLOPE);
  const categories = deal(
    views,
    withNull(
      CLICK_CATEGORIES.map(([, events]) => events),
      NULL_SHARES.category,
    ),
    random,
  );
  const brandEvents = [...CLICK_BRANDS, ...otherBrands()];
  const brands = deal(
    views,
    withNull(
      brandEvents.map(([, events]) => events),
      NULL_SHARES.brand,
    ),
    random,
  );
  const prices = pricesByRank(views, categories, random);
  return {
    byViews: new AliasTable(views),
    middles: views.map((_, at) =>
      fragment(
        `,"product_id":"e${at + 1}","category_code":${JSON.stringify(CLICK_CATEGORIES[categories[at] as number]?.[0] ?? null)},"brand":${JSON.stringify(brandEvents[brands[at] as number]?.[0] ?? null)},"price":${(prices[at] as number).toFixed(2)},"user_id":"`,
      ),
    ),
  };
}

function otherBrands(): [string, number][] {
  const weights = OTHER_BRANDS.names.map((_, rank) => (rank + 1) ** -OTHER_BRANDS.slope);
  const total = sumOf(weights);
  return OTHER_BRANDS.names.map((name, at) => [name, ((weights[at] as number) / total) * OTHER_BRANDS.events]);
}

/** Weights of the groups with one more at the end, of those without a value. */
function withNull(weights: readonly number[], nullShare: number): number[] {
  const total = sumOf(weights);
  return [...weights.map((weight) => (weight / total) * (1 - nullShare)), nullShare];
}

/**
 * Puts each product into a group so that the groups' shares of the views come out right: at random, in proportion to
 * what each still lacks. `weights` fall, so the small ones at the end fill the last gaps.
 */
function deal(weights: readonly number[], shares: readonly number[], random: Random): Uint16Array {
  const total = sumOf(weights);
  const lacks = shares.map((share) => share * total);
  return Uint16Array.from(weights, (weight) => {
    const open = lacks.map((lack) => (lack > weight / 2 ? lack : 0));
    const sum = sumOf(open);
    let group = lacks.indexOf(Math.max(...lacks));
    for (let at = 0, left = random.unit() * sum; sum > 0 && at < open.length; at++) {
      left -= open[at] as number;
      if (left < 0) {
        group = at;
        break;
      }
    }
    lacks[group] = (lacks[group] as number) - weight;
    return group;
  });
}

/** The published price quantiles over all views, dealt out so that the dearer categories get the dearer prices. */
function pricesByRank(views: readonly number[], categories: Uint16Array, random: Random): Float64Array {
  const level = (at: number) => CLICK_CATEGORIES[categories[at] as number]?.[2] ?? 4;
  const dearness = views.map((_, at) => level(at) + PRICE_SPREAD * random.normal());
  const order = views.map((_, at) => at).sort((a, b) => (dearness[a] as number) - (dearness[b] as number));
  const prices = new Float64Array(views.length);
  const total = sumOf(views);
  let seen = 0;
  for (const at of order) {
    const weight = views[at] as number;
    prices[at] = priceAt((seen + weight / 2) / total);
    seen += weight;
  }
  return prices;
}

function priceAt(share: number): number {
  const right = CLICK_PRICES.findIndex(([quantile]) => quantile > share);
  const [q0, p0] = CLICK_PRICES[right - 1] as readonly [number, number];
  const [q1, p1] = CLICK_PRICES[right] as readonly [number, number];
  return p0 * (p1 / p0) ** ((share - q0) / (q1 - q0));
}
