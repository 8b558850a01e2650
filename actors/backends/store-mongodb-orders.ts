/**
 * Searches of raw orders: `orders_stream`, and the chunks of the journal that have not come to it yet. The event as it
 * came is read from its chunk.
 */
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';
import type { OrderFilter, Page, StoredOrder } from '../ports/hot-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type FoundOrder, type OrderDocument, orderId, ordersIn } from './store-mongodb-chunks.ts';
import { plainBytes } from './store-mongodb-client.ts';
import { wholePayload } from './store-mongodb-payload.ts';
import {
  type collections,
  type JournalDocument,
  type PartitionDocument,
  placeId,
  type StoredChunk,
} from './store-mongodb-schema.ts';
import { tail } from './store-mongodb-tail.ts';

const CURSOR_SHAPE = [0, ''] as const;

/** More than a page that may gather before the surplus goes. */
const KEPT = 1_000;

/** An order with its own document; `event` once it is known. */
type Candidate = {
  readonly document: Pick<OrderDocument, '_id' | 'timestamp' | 'mark'>;
  readonly order: StoredOrder | OrderDocument;
};

export class OrderSearch {
  readonly #collections: ReturnType<typeof collections>;

  constructor(found: ReturnType<typeof collections>) {
    this.#collections = found;
  }

  async newest(partitions: readonly PartitionDocument[], filter: OrderFilter): Promise<Page<StoredOrder>> {
    const after = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, CURSOR_SHAPE);
    const found = await this.#stored(filter, after);
    const wanted = (chunk: StoredChunk) =>
      chunk.orders > 0 && chunk.maxTime >= filter.from && chunk.minTime < filter.to;
    await this.#eachTailOrder(
      partitions,
      wanted,
      (order, _id) => {
        const { time, row } = order;
        if (time < filter.from || time >= filter.to || (filter.state !== undefined && row.state !== filter.state))
          return;
        if (after !== undefined && (time > after[0] || (time === after[0] && _id >= after[1]))) return;
        found.set(_id, { document: { _id, timestamp: time, mark: order.mark }, order: plainOrder(order) });
        if (found.size > 2 * filter.limit + KEPT) keepNewest(found, filter.limit + 1);
      },
      (newestTime) => {
        if (found.size > filter.limit) keepNewest(found, filter.limit + 1);
        return (
          found.size > filter.limit &&
          newestTime < Math.min(...[...found.values()].map(({ document }) => document.timestamp))
        );
      },
    );
    const all = [...found.values()].sort(newestFirst);
    const page = all.slice(0, filter.limit);
    const end = page.at(-1)?.document;
    const next = all.length > filter.limit && end !== undefined ? encodeCursor([end.timestamp, end._id]) : null;
    return { items: await this.#whole(page), next };
  }

  /** The order of this id; of several the one that counts, and of those the newest. */
  async byId(partitions: readonly PartitionDocument[], id: string): Promise<StoredOrder | undefined> {
    const bytes = new TextEncoder().encode(id);
    const hash = murmur3(bytes, 0, bytes.length, ID_SEEDS.low);
    const found = new Map<string, Candidate>();
    for await (const document of this.#collections.orders.find({ order_id: id, archived: false }))
      found.set(document._id, { document, order: document });
    await this.#eachTailOrder(
      partitions,
      (chunk) => hasHash(chunk, hash),
      (order, _id) => {
        if (order.row.order === id)
          found.set(_id, { document: { _id, timestamp: order.time, mark: order.mark }, order: plainOrder(order) });
      },
    );
    const best = [...found.values()].sort(
      (a, b) => Number(a.document.mark !== null) - Number(b.document.mark !== null) || newestFirst(a, b),
    );
    return (await this.#whole(best.slice(0, 1)))[0];
  }

  async #stored(
    { from, to, state, limit }: OrderFilter,
    after: readonly [number, string] | undefined,
  ): Promise<Map<string, Candidate>> {
    const beyond =
      after === undefined
        ? {}
        : { $or: [{ timestamp: { $lt: after[0] } }, { timestamp: after[0], _id: { $lt: after[1] } }] };
    const upTo = after === undefined ? { $gte: from, $lt: to } : { $gte: from, $lt: to, $lte: after[0] };
    const found = new Map<string, Candidate>();
    const stored = this.#collections.orders
      .find({ timestamp: upTo, archived: false, ...(state === undefined ? {} : { customer_state: state }), ...beyond })
      .sort({ timestamp: -1, _id: -1 })
      .limit(limit + 1);
    for await (const document of stored) found.set(document._id, { document, order: document });
    return found;
  }

  /**
   * Orders that stand in the journal only, those of chunks with the newest event first; an order that has just come to
   * its collection too is the same one.
   */
  async #eachTailOrder(
    partitions: readonly PartitionDocument[],
    wanted: (chunk: StoredChunk) => boolean,
    visit: (order: FoundOrder, _id: string) => void,
    enough: (newestTime: number) => boolean = () => false,
  ): Promise<void> {
    const heads = await Promise.all(partitions.map((partition) => this.#tailHeads(partition, wanted)));
    const newest = heads.flat().sort((a, b) => b.newestTime - a.newestTime);
    for (const { head, newestTime } of newest) {
      if (enough(newestTime)) return;
      for (const order of await this.#ordersOf(head, wanted)) visit(order, orderId(order));
    }
  }

  async #tailHeads(partition: PartitionDocument, wanted: (chunk: StoredChunk) => boolean) {
    const heads: { head: JournalDocument; newestTime: number }[] = [];
    const options = { filter: { barrier: false }, without: { windows: 0, dedup: 0, 'raw.frames': 0 } };
    for await (const head of tail(this.#collections, partition, 'rawCursor', options)) {
      const times = head.raw.filter(wanted).map(({ maxTime }) => maxTime);
      // What stands in other documents is not known yet, so it may be anything.
      if (head.parts > 0) times.push(Number.POSITIVE_INFINITY);
      if (times.length > 0) heads.push({ head, newestTime: Math.max(...times) });
    }
    return heads;
  }

  async #ordersOf(head: JournalDocument, wanted: (chunk: StoredChunk) => boolean): Promise<FoundOrder[]> {
    const { journal, parts } = this.#collections;
    const document = await journal.findOne({ _id: head._id }, { projection: { windows: 0, dedup: 0 } });
    if (document === null) return [];
    const { raw, dead } = await wholePayload({ ...document, windows: [] }, parts);
    return raw.filter(wanted).flatMap((chunk) => ordersIn(head, { ...chunk, frames: plainBytes(chunk.frames) }, dead));
  }

  /** With the events as they came; an order whose chunk has gone to the archive meanwhile is not hot any more. */
  async #whole(page: readonly Candidate[]): Promise<StoredOrder[]> {
    const events = new Map<string, StoredOrder>();
    const documents = page.flatMap(({ order }) => ('chunk' in order ? [order] : []));
    for (const [id, group] of Map.groupBy(documents, (order) => placeId(order, order.chunk))) {
      const first = group[0] as OrderDocument;
      const chunk = await this.#collections.chunks.findOne({ _id: id });
      const orders = chunk === null ? [] : ordersIn(first, { ...chunk, frames: plainBytes(chunk.frames) }, []);
      for (const order of orders) events.set(orderId(order), plainOrder(order));
    }
    return page.flatMap(({ document, order }) => ('chunk' in order ? (events.get(document._id) ?? []) : order));
  }
}

function plainOrder({ row: _row, ...order }: FoundOrder): StoredOrder {
  return { ...order, archived: false };
}

function hasHash({ orders, hashes }: Pick<StoredChunk, 'orders' | 'hashes'>, hash: number): boolean {
  if (orders === 0) return false;
  const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  for (let at = 0; at < hashes.byteLength; at += 4) if (view.getUint32(at, true) === hash) return true;
  return false;
}

function keepNewest(found: Map<string, Candidate>, count: number): void {
  for (const { document } of [...found.values()].sort(newestFirst).slice(count)) found.delete(document._id);
}

/** One order over all orders there are, so that pages neither repeat nor skip. */
function newestFirst(a: Candidate, b: Candidate): number {
  return b.document.timestamp - a.document.timestamp || (a.document._id < b.document._id ? 1 : -1);
}
