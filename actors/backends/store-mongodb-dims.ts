/**
 * What one event says of customers, products, warehouses, couriers and stock, and how what several said comes together. Only
 * events that count do: the same that the KPIs count. Pure.
 */
import type { ItemRow, OrderRow, RestockRow } from '../../protocol/reading.ts';

export const DIMENSIONS = ['customers', 'products', 'warehouses', 'couriers', 'inventory'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** What is known of one customer, product and so on from a run of events. */
export type Share = {
  /** Event times. */
  readonly first: number;
  readonly last: number;
  /** Orders; of a product the items sold, in the inventory what is there. */
  readonly count: number;
  /** As the newest event has them. */
  readonly traits: Readonly<Record<string, string | number>>;
  /** The newest name there is, and when it was said. */
  readonly name?: { readonly text: string; readonly at: number };
};

export type DimensionKey = { readonly dimension: Dimension; readonly id: string };
export type Said = DimensionKey & { readonly share: Share };

const CENTS = 100;

/** What an order says. One whose payment failed is an order, but sells nothing. */
export function orderSays(order: OrderRow): Said[] {
  const { time, customer, state, segment, warehouse, courier, items } = order;
  const once = (traits: Share['traits'] = {}): Share => ({ first: time, last: time, count: 1, traits });
  return [
    { dimension: 'customers', id: customer, share: once({ state, segment }) },
    { dimension: 'warehouses', id: warehouse, share: once() },
    { dimension: 'couriers', id: courier, share: once() },
    ...items.flatMap((item) => itemSays(order, item)),
  ];
}

function itemSays({ time, warehouse, paymentStatus }: OrderRow, item: ItemRow): Said[] {
  const { product, name, category, quantity, price } = item;
  const sold = paymentStatus === 'failed' ? 0 : quantity;
  const share = {
    first: time,
    last: time,
    count: sold,
    traits: { category, last_price: price / CENTS },
    ...(name === undefined ? {} : { name: { text: name, at: time } }),
  };
  return [
    { dimension: 'products', id: product, share },
    ...(sold === 0 ? [] : [stock({ time, warehouse, product, quantity: -sold })]),
  ];
}

export function restockSays(restock: RestockRow): Said {
  return stock(restock);
}

function stock({ time, warehouse, product, quantity }: Omit<RestockRow, 'kind'>): Said {
  const traits = { warehouse_id: warehouse, product_id: product };
  return {
    dimension: 'inventory',
    id: inventoryId(warehouse, product),
    share: { first: time, last: time, count: quantity, traits },
  };
}

/** A text as a part of an `_id` with more parts behind it, its own bars as `\|`: `A|B` and `C` must not read as `A` and `B|C`. */
export function idPart(text: string): string {
  return text.replace(/[\\|]/g, '\\$&');
}

/** `warehouse|product`, no two pairs with the same. */
export function inventoryId(warehouse: string, product: string): string {
  return `${idPart(warehouse)}|${product}`;
}

/** Of two events of the same time the later in order is the newer one. */
export function joined(before: Share | undefined, after: Share): Share {
  if (before === undefined) return after;
  const name = !before.name || (after.name && after.name.at >= before.name.at) ? after.name : before.name;
  return {
    first: Math.min(before.first, after.first),
    last: Math.max(before.last, after.last),
    count: before.count + after.count,
    traits: after.last >= before.last ? after.traits : before.traits,
    ...(name === undefined ? {} : { name }),
  };
}

/** A document as people see it. */
export function shown(
  { dimension, id }: DimensionKey,
  { first, last, count, traits, name }: Share,
): { readonly _id: string } & Record<string, string | number> {
  const named: Record<string, string> = name === undefined ? {} : { name: name.text };
  switch (dimension) {
    case 'customers':
      return { _id: id, ...traits, first_seen: first, last_seen: last, orders: count };
    case 'products':
      return { _id: id, ...named, ...traits, items_sold: count, last_seen: last };
    case 'warehouses':
    case 'couriers':
      return { _id: id, orders: count, last_seen: last };
    case 'inventory':
      return { _id: id, ...traits, quantity: count };
  }
}
