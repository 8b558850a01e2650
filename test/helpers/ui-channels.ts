/**
 * The stream of the made-up shop: channels with absolute values, numbered by ticks, each able to say what changed
 * since any tick. One call of `tick` is one step of the shop.
 */
import { channelHash, pathOf } from '../../protocol/channel.ts';
import type { Channel, ChannelValue, ServerFrame } from '../../protocol/frames-ws.ts';
import { cents, MINUTE_MS, type World } from './ui-world.ts';

export class FixtureChannel {
  readonly values = new Map<string, ChannelValue>();
  readonly #changedAt = new Map<string, number>();
  seq = 0;

  set(key: string, value: ChannelValue): void {
    if (value === null) this.values.delete(key);
    else this.values.set(key, value);
    this.#changedAt.set(key, this.seq + 1);
  }

  add(key: string, by: number): void {
    this.set(key, cents(((this.values.get(key) as number | undefined) ?? 0) + by));
  }

  /** Ends a tick in which something changed. */
  end(): void {
    if ([...this.#changedAt.values()].some((seq) => seq > this.seq)) this.seq++;
  }

  since(seq: number): ChannelValue[] {
    const flat: ChannelValue[] = [];
    for (const [key, at] of this.#changedAt) if (at > seq) flat.push(key, this.values.get(key) ?? null);
    return flat;
  }

  hash(): string {
    return channelHash(this.values);
  }
}

export class FixtureStream {
  readonly channels = new Map<Channel, FixtureChannel>();
  readonly #world: World;
  /** Event time; starts where the shop is and moves with every tick. */
  watermark: number;
  #ticks = 0;

  constructor(world: World, watermark: number, empty: boolean) {
    this.#world = world;
    this.watermark = watermark;
    if (!empty) this.#fill();
  }

  channel(name: Channel): FixtureChannel {
    let channel = this.channels.get(name);
    if (channel === undefined) {
      channel = new FixtureChannel();
      this.channels.set(name, channel);
    }
    return channel;
  }

  /** Some orders arrive; event time moves on. */
  tick(elapsedMs: number): void {
    this.#ticks++;
    this.watermark += elapsedMs;
    const orders = 6 + Math.floor(this.#world.chance('tick', this.#ticks) * 10);
    this.#order(orders);
    for (const channel of this.channels.values()) channel.end();
  }

  snapshot(name: Channel): ServerFrame {
    const channel = this.channel(name);
    const flat: ChannelValue[] = [];
    for (const [key, value] of channel.values) flat.push(key, value);
    return { t: 'snap', ch: name, seq: channel.seq, as_of: this.watermark, watermark: this.watermark || null, d: flat };
  }

  delta(name: Channel, from: number): ServerFrame {
    const channel = this.channel(name);
    return {
      t: 'd',
      ch: name,
      from,
      to: channel.seq,
      as_of: this.watermark,
      watermark: this.watermark,
      d: channel.since(from),
    };
  }

  #order(orders: number): void {
    const revenue = cents(orders * 158.4);
    const failed = this.#ticks % 3 === 0 ? 1 : 0;
    const sums = {
      orders,
      paid_orders: orders - failed,
      items: orders + 2,
      revenue,
      approved: orders - failed,
      failed,
      unique_customers: orders,
    };
    const overview = this.channel('overview');
    overview.add('total/events', orders * 3);
    overview.add('total/orders', orders);
    const minute = String(Math.floor(this.watermark / MINUTE_MS) * MINUTE_MS);
    for (const [name, value] of Object.entries(sums)) {
      overview.add(`hour/${name}`, value);
      this.channel('minutes').add(`${minute}/${name}`, value);
    }
    this.#spread('states', 'state', { orders, revenue });
    this.#spread('categories', 'category', { orders, items: orders, sales: cents(revenue * 0.86) });
    this.#spread('products', 'product', { items: 1, sales: cents(revenue * 0.1) });
    this.#spread('segments', 'segment', { orders, revenue, unique_customers: orders });
    this.channel('payments').add(`credit_card/${failed === 1 ? 'failed' : 'approved'}`, orders);
    for (const [type, count] of Object.entries({ view: orders * 21, cart: orders * 2, purchase: orders })) {
      this.channel('clicks').add(`type/${type}`, count);
    }
    this.channel('system').set('gateway/rate', 390 + (this.#ticks % 7));
  }

  /** Gives a tick's figures to one key of a dimension, another one every time. */
  #spread(name: Channel, dimension: string, values: Readonly<Record<string, number>>): void {
    const keys = [...this.#world.shares(dimension, 0).keys()];
    const key = keys[Math.floor(this.#world.chance(name, this.#ticks) ** 2 * keys.length)] as string;
    for (const [field, value] of Object.entries(values)) this.channel(name).add(pathOf(key, field), value);
  }

  /** The hour before the stream begins. */
  #fill(): void {
    const world = this.#world;
    const day = Math.floor(this.watermark / 86_400_000);
    const to = Math.floor(this.watermark / MINUTE_MS) * MINUTE_MS;
    const hour = world.sums(to - 59 * MINUTE_MS, to);
    const overview = this.channel('overview');
    for (const [name, value] of Object.entries(hour)) overview.set(`hour/${name}`, value);
    for (const name of ['orders', 'items', 'revenue'] as const) overview.set(`total/${name}`, hour[name] * 40);
    overview.set('total/events', hour.orders * 120);
    for (let at = to - 59 * MINUTE_MS; at < to; at += MINUTE_MS) {
      for (const [name, value] of Object.entries(world.minute(at))) this.channel('minutes').set(`${at}/${name}`, value);
    }
    this.#breakdown('states', 'state', day, { orders: hour.orders, revenue: hour.revenue });
    this.#breakdown('categories', 'category', day, {
      orders: hour.orders,
      items: hour.items,
      sales: hour.revenue * 0.86,
    });
    this.#breakdown('products', 'product', day, { items: hour.items, sales: hour.revenue });
    this.#breakdown('segments', 'segment', day, {
      orders: hour.orders,
      revenue: hour.revenue,
      unique_customers: hour.unique_customers,
    });
    for (const key of world.shares('product', day).keys())
      this.channel('products').set(pathOf(key, 'name'), world.productName(key));
    for (const [type, share] of world.shares('payment_type', day)) {
      const failed = Math.round(hour.orders * share * world.failedShare(type));
      this.channel('payments').set(pathOf(type, 'approved'), Math.round(hour.orders * share) - failed);
      this.channel('payments').set(pathOf(type, 'failed'), failed);
    }
    for (const [type, count] of Object.entries({ view: 958_700, cart: 65_280, purchase: 45_120 })) {
      this.channel('clicks').set(`type/${type}`, count);
    }
    this.#actors();
    for (const channel of this.channels.values()) channel.end();
  }

  #breakdown(name: Channel, dimension: string, day: number, values: Readonly<Record<string, number>>): void {
    for (const [key, share] of this.#world.shares(dimension, day)) {
      for (const [field, value] of Object.entries(values)) {
        this.channel(name).set(
          pathOf(key, field),
          field === 'revenue' || field === 'sales' ? cents(value * share) : Math.round(value * share),
        );
      }
    }
  }

  #actors(): void {
    for (const id of [
      'log-writer',
      'consumer-0',
      'aggregator-0',
      'consumer-1',
      'aggregator-1',
      'gateway',
      'reader',
      'monitors',
    ]) {
      const fields = { state: 'running', epoch: 3, restarts: 0, depth: 4, oldest_ms: 6, rate: 390, busy: 0.12 };
      for (const [name, value] of Object.entries(fields)) this.channel('system').set(pathOf(id, name), value);
    }
  }
}
