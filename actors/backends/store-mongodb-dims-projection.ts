/**
 * `customers`, `products`, `warehouses`, `couriers` and `inventory`, each counted exactly once. Nothing is incremented: what
 * a topic-partition says of one of them is a document with its absolute values up to a place of the journal, only what
 * came after that place is joined to it, and only one of a later place replaces it. People see the sum of these.
 */
import type { Collection } from 'mongodb';
import type { Projection } from '../ports/projection.ts';
import { eventsIn } from './store-mongodb-chunks.ts';
import { plainBytes } from './store-mongodb-client.ts';
import {
  DIMENSIONS,
  type DimensionKey,
  joined,
  orderSays,
  restockSays,
  type Said,
  type Share,
  shown,
} from './store-mongodb-dims.ts';
import { type OwnedPartitions, replaceNewer } from './store-mongodb-owned.ts';
import { wholePayload } from './store-mongodb-payload.ts';
import {
  type DimensionDocument,
  type DimensionPartial,
  type JournalDocument,
  type PartitionDocument,
  partitionId,
  placeId,
} from './store-mongodb-schema.ts';

/** Journal documents of a topic-partition taken at once, and what their raw events may weigh. */
const SLICE = 200;
const SLICE_BYTES = 512 * 1024;
const REST_MS = 2_000;
const AT_ONCE = 500;

/** What a slice says of one key, a share a place, in order. */
type News = DimensionKey & { readonly shares: { readonly place: number; share: Share }[] };
type Slice = { readonly news: Map<string, News>; to: number; bytes: number; count: number };

export class DimensionProjection implements Projection {
  readonly name = 'dimensions';
  readonly restMs = REST_MS;
  readonly #source: OwnedPartitions;
  readonly #nextTurn: () => Promise<unknown>;

  constructor(source: OwnedPartitions, nextTurn: () => Promise<unknown>) {
    this.#source = source;
    this.#nextTurn = nextTurn;
  }

  async step() {
    let written = 0;
    let more = false;
    // One after the other: what is held in memory is one slice, however many partitions there are.
    for (const partition of await this.#source.list()) {
      const slice = await this.#read(partition);
      if (slice.to === partition.dimCursor) continue;
      const news = [...slice.news];
      for (let at = 0; at < news.length; at += AT_ONCE) {
        const some = new Map(news.slice(at, at + AT_ONCE));
        await this.#writePartials(partition, some);
        written += await this.#show([...some.keys()]);
        await this.#nextTurn();
      }
      await this.#source.advance('dimCursor', [{ partition, to: slice.to }]);
      more ||= isFull(slice);
    }
    return { written, more };
  }

  /** No further than the other projections are: they go first. */
  async #read(partition: PartitionDocument): Promise<Slice> {
    const { journal, parts } = this.#source.collections;
    const slice: Slice = { news: new Map(), to: partition.dimCursor, bytes: 0, count: 0 };
    const last = Math.min(partition.kpiCursor, partition.rawCursor);
    if (last <= slice.to) return slice;
    const documents = journal
      .find(
        { _id: { $gt: placeId(partition, slice.to), $lte: placeId(partition, last) } },
        { projection: { windows: 0, dedup: 0 } },
      )
      .sort({ _id: 1 })
      .limit(SLICE)
      .batchSize(8);
    for await (const document of documents) {
      await this.#take(document, slice, await wholePayload({ ...document, windows: [] }, parts));
      slice.to = document.place;
      slice.count++;
      if (isFull(slice)) break;
    }
    return slice;
  }

  async #take(
    document: JournalDocument,
    slice: Slice,
    { raw, dead }: Pick<JournalDocument, 'raw' | 'dead'>,
  ): Promise<void> {
    for (const stored of raw) {
      slice.bytes += stored.frames.length;
      const chunk = { ...stored, frames: plainBytes(stored.frames) };
      for (const { row, mark } of eventsIn(document, chunk, dead, ['order', 'restock'])) {
        if (mark !== null) continue;
        if (row.kind === 'order') for (const said of orderSays(row)) hear(slice, said, document.place);
        else hear(slice, restockSays(row), document.place);
      }
      await this.#nextTurn();
    }
  }

  /** Read before it is added to: what a cut-off attempt has written is not added again. */
  async #writePartials(partition: PartitionDocument, news: ReadonlyMap<string, News>): Promise<void> {
    const { dimPartials } = this.#source.collections;
    const suffix = partitionId(partition);
    const ids = [...news.keys()].map((key) => `${key}|${suffix}`);
    const stored = new Map(
      (await dimPartials.find({ _id: { $in: ids } }).toArray()).map((found) => [found._id, found]),
    );
    const documents: DimensionPartial[] = [];
    for (const [key, { dimension, id, shares }] of news) {
      const _id = `${key}|${suffix}`;
      const before = stored.get(_id);
      const fresh = shares.filter(({ place }) => place > (before?.place ?? 0));
      const newest = fresh.at(-1);
      if (newest === undefined) continue;
      const share = fresh.reduce<Share | undefined>((sum, each) => joined(sum, each.share), before?.share) as Share;
      documents.push({ _id, key, dimension, id, topicPartition: suffix, place: newest.place, share });
    }
    await replaceNewer(dimPartials, documents, 'place');
  }

  /**
   * What all topic-partitions say together. `rev` is the sum of their places: of several processes the one that saw most
   * wins. Also of keys whose partials were there already: whoever wrote them may have been cut off since.
   */
  async #show(keys: readonly string[]): Promise<number> {
    const { dimPartials, dimensions } = this.#source.collections;
    const found = await dimPartials.find({ key: { $in: [...keys] } }).toArray();
    const documents = new Map(DIMENSIONS.map((dimension) => [dimension, [] as DimensionDocument[]]));
    for (const partials of Map.groupBy(found, ({ key }) => key).values()) {
      partials.sort((a, b) => (a._id < b._id ? -1 : 1));
      const share = partials.reduce<Share | undefined>(
        (sum, partial) => joined(sum, partial.share),
        undefined,
      ) as Share;
      const [first] = partials as [DimensionPartial, ...DimensionPartial[]];
      const rev = partials.reduce((sum, { place }) => sum + place, 0);
      documents.get(first.dimension)?.push({ ...shown(first, share), rev });
    }
    for (const [dimension, some] of documents)
      await replaceNewer(dimensions[dimension] as Collection<DimensionDocument>, some, 'rev');
    return keys.length;
  }
}

function isFull({ count, bytes }: Slice): boolean {
  return count === SLICE || bytes > SLICE_BYTES;
}

function hear({ news }: Slice, { dimension, id, share }: Said, place: number): void {
  const key = `${dimension}|${id}`;
  const known = news.get(key) ?? { dimension, id, shares: [] };
  news.set(key, known);
  const last = known.shares.at(-1);
  if (last?.place === place) last.share = joined(last.share, share);
  else known.shares.push({ place, share });
}
