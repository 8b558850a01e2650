/** A shop on MongoDB without threads: records are decoded, counted and committed as the actors do it, in turn. */
import { zstdCompressSync } from 'node:zlib';
import { MongoPartitionStore } from '../../actors/backends/store-mongodb.ts';
import type { MongoConfig } from '../../actors/backends/store-mongodb-client.ts';
import { ConsumerCore } from '../../actors/partition-consumer/core.ts';
import { PartitionAggregate } from '../../actors/window-aggregator/core.ts';
import type { TopicPartition } from '../../protocol/event.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import type { Random } from '../model/random.ts';

export const T0 = 1_763_600_000_000;
export const LATENESS_MS = 60_000;
export const FUTURE_MS = 300_000;
/** When the log took every record. */
export const RECORD_TIME = T0 + 3_600_000;

export class Shop {
  readonly #store: MongoPartitionStore;
  readonly #consumer = new ConsumerCore({
    futureMs: FUTURE_MS,
    compress: (frames) => new Uint8Array(zstdCompressSync(frames)),
  });
  readonly #aggregates = new Map<number, PartitionAggregate>();

  constructor(config: MongoConfig) {
    this.#store = new MongoPartitionStore(config);
  }

  /** One commit with all of these records. */
  async take(
    partition: number,
    records: readonly Uint8Array[],
    settings = { latenessMs: LATENESS_MS, dedup: 100_000 },
  ) {
    const place: TopicPartition = { topic: 'orders', partition };
    const aggregate =
      this.#aggregates.get(partition) ?? new PartitionAggregate(await this.#store.open(place), settings);
    this.#aggregates.set(partition, aggregate);
    const writer = new FrameWriter();
    for (const record of records) writer.add(record, RECORD_TIME);
    const base = aggregate.nextOffset;
    const batch = this.#consumer.decode({
      ...place,
      base,
      next: base + records.length,
      count: records.length,
      frames: writer.take(),
    });
    for (const start of aggregate.needs(batch)) aggregate.adopt(start, await this.#store.window(place, start));
    aggregate.apply(batch);
    await this.#store.commit([aggregate.prepareCommit()]);
    aggregate.committed();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

export type Event = {
  readonly type: 'order' | 'restock';
  readonly timestamp: number;
  readonly order_id?: string;
  readonly customer_id?: string;
  readonly customer_state?: string;
  readonly segment?: string;
  readonly payment_status?: string;
  readonly items?: readonly Item[];
  readonly payment_value?: number;
  readonly warehouse_id: string;
  readonly courier_id?: string;
  readonly product_id?: string;
  readonly quantity?: number;
};
type Item = { product_id: string; product_name?: string; category: string; quantity: number; price: number };

const NAMES = ['a', 'a|b', 'b', 'a\\', '|', 'ação', '__proto__', '$set', 'x.y', 'orders:0', '😀', 'unknown'];

/** Orders and restocks, some late, repeated, of the future or with a payment that failed, of few names: so they meet. */
export function randomEvent(random: Random, now: number): Event {
  const timestamp = random.chance(0.05)
    ? now - LATENESS_MS - random.between(0, 100_000)
    : random.chance(0.03)
      ? RECORD_TIME + FUTURE_MS + random.between(1, 9)
      : now - random.between(0, 20) * 1_000;
  const warehouse_id = random.pick(NAMES);
  const product_id = () => random.pick(NAMES);
  if (random.chance(0.3))
    return { type: 'restock', timestamp, warehouse_id, product_id: product_id(), quantity: random.between(-5, 500) };
  const items = Array.from({ length: random.between(1, 4) }, () => ({
    product_id: product_id(),
    category: random.pick(['toys', 'auto']),
    quantity: random.between(1, 9),
    price: random.between(0, 9_999) / 100,
    ...(random.chance(0.3) ? { product_name: `Name ${random.between(1, 9)}` } : {}),
  }));
  return {
    type: 'order',
    timestamp,
    order_id: `o${random.between(1, 3_000)}`,
    customer_id: `c${random.between(1, 60)}`,
    customer_state: random.pick(['SP', 'RJ']),
    segment: random.pick(['retail', 'b2b']),
    payment_status: random.pick(['approved', 'failed', 'pending', 'unknown']),
    items,
    payment_value: 5,
    warehouse_id,
    courier_id: random.pick(NAMES),
  };
}

/** Records of events: alone, in arrays, with a type that is written with an escape, or not readable at all. */
export function recordOf(random: Random, events: readonly Event[]): string {
  const [first] = events;
  if (events.length !== 1 || first === undefined || random.chance(0.1)) return JSON.stringify(events);
  const text = JSON.stringify(first);
  return random.chance(0.1) ? text.replace('"restock"', '"re\\u0073tock"') : text;
}
