/** The hot store on MongoDB as readers see it: what is committed, whether or not the projections have come to it. */
import type { DeadLetter, TopicPartition } from '../../protocol/event.ts';
import type {
  DeadLetterFilter,
  OrderFilter,
  Page,
  PartitionState,
  ReadWindow,
  StoredOrder,
  StoreReader,
  StoreSnapshot,
} from '../ports/hot-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { Mongo, type MongoConfig, plainBytes } from './store-mongodb-client.ts';
import { OrderSearch } from './store-mongodb-orders.ts';
import { wholePayload } from './store-mongodb-payload.ts';
import {
  collections,
  type DeadLetterDocument,
  type JournalDocument,
  letterId,
  type PartitionDocument,
  partitionId,
  stateOf,
} from './store-mongodb-schema.ts';
import { newestHead, tail, untorn } from './store-mongodb-tail.ts';

const NO_RAW = { raw: 0, dead: 0, dedup: 0 };
const NO_WINDOWS = { windows: 0, raw: 0, dedup: 0 };
const LETTER_CURSOR = [0, ''] as const;

export class MongoStoreReader implements StoreReader {
  readonly #mongo: Mongo;
  readonly #collections: ReturnType<typeof collections>;
  readonly #orders: OrderSearch;

  constructor(config: MongoConfig) {
    this.#mongo = new Mongo(config);
    this.#collections = collections(this.#mongo);
    this.#orders = new OrderSearch(this.#collections);
  }

  partitions(): Promise<readonly PartitionState[]> {
    return this.#mongo.once(async () =>
      this.#states(await this.#collections.partitions.find().sort({ _id: 1 }).toArray()),
    );
  }

  windows(from: number, to: number): Promise<readonly ReadWindow[]> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'kpiCursor', (partitions) => this.#windows(partitions, from, to)),
    );
  }

  nextWindow(from: number): Promise<number | undefined> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'kpiCursor', async (partitions) => {
        const stored = await this.#collections.partials
          .find({ start: { $gte: from } }, { projection: { start: 1 } })
          .sort({ start: 1 })
          .limit(1)
          .next();
        let next = stored?.start ?? Number.POSITIVE_INFINITY;
        await this.#eachTail(partitions, { starts: { $gte: from } }, { ...NO_RAW, windows: 0 }, async ({ starts }) => {
          for (const start of starts) if (start >= from) next = Math.min(next, start);
        });
        return next === Number.POSITIVE_INFINITY ? undefined : next;
      }),
    );
  }

  snapshot(from: number, to: number): Promise<StoreSnapshot> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'kpiCursor', async (partitions) => {
        // The projection first: a window in it is of a commit that the journal read afterwards holds or has passed.
        const states = new Map<string, PartitionState>();
        const windows = await this.#windows(partitions, from, to, (head) =>
          states.set(partitionId(head), stateOf(head, null)),
        );
        const missing = partitions.filter(({ _id }) => !states.has(_id));
        for (const state of await this.#states(missing, false)) states.set(partitionId(state), state);
        return { states: partitions.flatMap(({ _id }) => states.get(_id) ?? []), windows };
      }),
    );
  }

  orders(filter: OrderFilter): Promise<Page<StoredOrder>> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'rawCursor', (partitions) => this.#orders.newest(partitions, filter)),
    );
  }

  order(id: string): Promise<StoredOrder | undefined> {
    return this.#mongo.once(() =>
      untorn(this.#collections, 'rawCursor', (partitions) => this.#orders.byId(partitions, id)),
    );
  }

  async deadLetters(filter: DeadLetterFilter): Promise<Page<DeadLetter>> {
    const after = filter.cursor === undefined ? undefined : decodeCursor(filter.cursor, LETTER_CURSOR);
    return this.#mongo.once(() =>
      untorn(this.#collections, 'kpiCursor', (partitions) => this.#letters(partitions, filter, after)),
    );
  }

  /** Raw events: those in their collections, and those that are in the journal only. */
  async hotBytes(): Promise<number> {
    return this.#mongo.once(async () => {
      const partitions = await this.#collections.partitions.find().toArray();
      const heads = await Promise.all(partitions.map((partition) => newestHead(this.#collections, partition)));
      return partitions.reduce(
        (sum, { rawBytes, rawPassed }, index) => sum + rawBytes + Math.max(0, (heads[index]?.rawSum ?? 0) - rawPassed),
        0,
      );
    });
  }

  close(): Promise<void> {
    return this.#mongo.close();
  }

  async #states(partitions: readonly PartitionDocument[], withDedup = true): Promise<PartitionState[]> {
    const heads = await Promise.all(partitions.map((partition) => newestHead(this.#collections, partition)));
    const states = heads.map(async (head) => {
      if (head === null) return [];
      return [stateOf(head, withDedup && head.dedupAt > 0 ? await this.#dedup(head) : null)];
    });
    return (await Promise.all(states)).flat();
  }

  /** Null where a later commit has taken its place meanwhile. */
  async #dedup(at: TopicPartition & { readonly _id: string; readonly dedupAt: number }): Promise<Uint8Array | null> {
    const _id = at._id.slice(0, -String(at.dedupAt).length) + String(at.dedupAt);
    const document = await this.#collections.journal.findOne({ _id }, { projection: { windows: 0, raw: 0, dead: 0 } });
    if (document === null) return null;
    const { dedup } = await wholePayload({ ...document, windows: [], raw: [], dead: [] }, this.#collections.parts);
    return dedup === undefined ? null : plainBytes(dedup);
  }

  async #windows(
    partitions: readonly PartitionDocument[],
    from: number,
    to: number,
    seen?: (document: JournalDocument) => void,
  ): Promise<ReadWindow[]> {
    const { partials, parts } = this.#collections;
    const windows = new Map<string, ReadWindow & { readonly place: number }>();
    for await (const { topic, partition, start, seq, place, packed } of partials.find({
      start: { $gte: from, $lt: to },
    }))
      windows.set(`${topic}:${partition}:${start}`, {
        topic,
        partition,
        start,
        seq,
        place,
        packed: plainBytes(packed),
      });
    // Without a state to tell only documents that hold such windows are of interest.
    const filter = seen === undefined ? { starts: { $elemMatch: { $gte: from, $lt: to } } } : {};
    await this.#eachTail(partitions, filter, NO_RAW, async (document) => {
      seen?.(document);
      const { topic, partition, seq, place } = document;
      if (!document.starts.some((start) => start >= from && start < to)) return;
      const payload = await wholePayload({ ...document, raw: [], dead: [] }, parts);
      for (const { start, packed } of payload.windows) {
        const key = `${topic}:${partition}:${start}`;
        if (start < from || start >= to || (windows.get(key)?.place ?? -1) > place) continue;
        windows.set(key, { topic, partition, start, seq, place, packed: plainBytes(packed) });
      }
    });
    return [...windows.values()].map(({ place: _place, ...window }) => window);
  }

  async #eachTail(
    partitions: readonly PartitionDocument[],
    filter: object,
    without: object,
    visit: (document: JournalDocument) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      partitions.map(async (partition) => {
        for await (const document of tail(this.#collections, partition, 'kpiCursor', { filter, without }))
          await visit(document);
      }),
    );
  }

  async #letters(
    partitions: readonly PartitionDocument[],
    { reason, limit }: DeadLetterFilter,
    after?: readonly [number, string],
  ): Promise<Page<DeadLetter>> {
    const beyond =
      after === undefined ? {} : { $or: [{ at: { $lt: after[0] } }, { at: after[0], _id: { $lt: after[1] } }] };
    const found = new Map<string, DeadLetterDocument>();
    const stored = this.#collections.letters
      .find({ ...(reason === undefined ? {} : { reason: reason as DeadLetter['reason'] }), ...beyond })
      .sort({ at: -1, _id: -1 })
      .limit(limit + 1);
    for await (const letter of stored) found.set(letter._id, letter);
    await this.#eachTail(
      partitions,
      { $or: [{ 'dead.0': { $exists: true } }, { parts: { $gt: 0 } }] },
      NO_WINDOWS,
      async (document) => {
        const { topic, partition } = document;
        const { dead } = await wholePayload({ ...document, windows: [], raw: [] }, this.#collections.parts);
        for (const letter of dead) {
          const _id = letterId({ topic, partition, ...letter });
          const passed = after !== undefined && (letter.at > after[0] || (letter.at === after[0] && _id >= after[1]));
          if (!passed && (reason === undefined || reason === letter.reason))
            found.set(_id, { _id, topic, partition, ...letter });
        }
      },
    );
    const all = [...found.values()].sort((a, b) => b.at - a.at || (a._id < b._id ? 1 : -1));
    const items = all.slice(0, limit);
    const last = items.at(-1);
    const next = all.length > limit && last !== undefined ? encodeCursor([last.at, last._id]) : null;
    return { items: items.map(({ _id, ...letter }) => letter), next };
  }
}
