/** What customers, products, warehouses, couriers and inventory must hold, from the events themselves and by brute force. */
import { type Event, FUTURE_MS, LATENESS_MS, RECORD_TIME } from './mongodb-dims-shop.ts';

type Row = { _id: string } & Record<string, string | number>;
export type Tables = Record<'customers' | 'products' | 'warehouses' | 'couriers' | 'inventory', Row[]>;

/** The events that count, partition after partition. */
export function countedEvents(partitions: readonly (readonly Event[])[]): Event[] {
  return partitions.flatMap((events) => {
    const ids = new Set<string>();
    let watermark = Number.NEGATIVE_INFINITY;
    return events.filter(({ type, timestamp, order_id }) => {
      if (timestamp > RECORD_TIME + FUTURE_MS) return false;
      const late = timestamp < watermark - LATENESS_MS;
      watermark = Math.max(watermark, timestamp);
      const repeated = type === 'order' && ids.has(order_id as string);
      if (type === 'order') ids.add(order_id as string);
      return !late && !repeated;
    });
  });
}

export function expectedTables(counted: readonly Event[]): Tables {
  const orders = counted.filter(({ type }) => type === 'order');
  const sold = orders.flatMap((order) => (order.items ?? []).map((item) => ({ order, item })));
  const paid = sold.filter(({ order }) => order.payment_status !== 'failed');
  const movements = [
    ...paid.map(({ order, item }) => ({ ...item, warehouse_id: order.warehouse_id, quantity: -item.quantity })),
    ...counted.filter(({ type }) => type === 'restock'),
  ] as { warehouse_id: string; product_id: string; quantity: number }[];
  return {
    customers: groups(orders, (order) => order.customer_id as string).map(([_id, own]) => ({
      _id,
      state: newest(own).customer_state as string,
      segment: newest(own).segment as string,
      first_seen: Math.min(...own.map(({ timestamp }) => timestamp)),
      last_seen: newest(own).timestamp,
      orders: own.length,
    })),
    products: groups(
      sold.map(({ order, item }) => ({ ...item, timestamp: order.timestamp, paid: order.payment_status !== 'failed' })),
      (item) => item.product_id,
    ).map(([_id, own]) => {
      const named = own.filter(({ product_name }) => product_name !== undefined);
      return {
        _id,
        ...(named.length === 0 ? {} : { name: newest(named).product_name as string }),
        category: newest(own).category,
        last_price: newest(own).price,
        items_sold: sum(own.map(({ paid, quantity }) => (paid ? quantity : 0))),
        last_seen: newest(own).timestamp,
      };
    }),
    warehouses: placesOf(orders, 'warehouse_id'),
    couriers: placesOf(orders, 'courier_id'),
    inventory: groups(movements, ({ warehouse_id, product_id }) => JSON.stringify([warehouse_id, product_id])).map(
      ([key, own]) => {
        const [warehouse_id, product_id] = JSON.parse(key) as [string, string];
        const escaped = warehouse_id.replaceAll('\\', '\\\\').replaceAll('|', '\\|');
        return {
          _id: `${escaped}|${product_id}`,
          warehouse_id,
          product_id,
          quantity: sum(own.map(({ quantity }) => quantity)),
        };
      },
    ),
  };
}

function placesOf(orders: readonly Event[], field: 'warehouse_id' | 'courier_id'): Row[] {
  return groups(orders, (order) => order[field] as string).map(([_id, own]) => ({
    _id,
    orders: own.length,
    last_seen: newest(own).timestamp,
  }));
}

function groups<T>(list: readonly T[], keyOf: (each: T) => string): [string, T[]][] {
  return [...Map.groupBy(list, keyOf)];
}

/** Of the same time the last one. */
function newest<T extends { readonly timestamp: number }>(list: readonly T[]): T {
  return list.reduce((best, each) => (each.timestamp >= best.timestamp ? each : best));
}

function sum(list: readonly number[]): number {
  return list.reduce((total, each) => total + each, 0);
}
