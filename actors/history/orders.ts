/**
 * Orders of hot store and archive as one list. The hot store is read first and the manifest afterwards: what the
 * manifest holds by then is taken from the archive and left out of what the hot store said. An order is archived
 * before it is let go of, so each is seen in exactly one place, whatever moves meanwhile.
 */
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import { decodeCursor, encodeCursor } from '../backends/cursor.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { OrderFilter, Page, StoredOrder, StoreReader } from '../ports/hot-store.ts';
import { type ArchivedOrder, ArchivedOrders } from './archived-orders.ts';
import { newestFirst, type OrderPlace } from './order-place.ts';

export type OrderStores = {
  readonly store: Pick<StoreReader, 'orders' | 'order'>;
  readonly manifest: Pick<ArchiveManifest, 'inState'>;
  readonly files: ArchiveFiles;
};

const CURSOR_SHAPE = [0, '', 0, 0, 0] as const;

type Candidate = OrderPlace & ({ readonly stored: StoredOrder } | { readonly archived: ArchivedOrder });

export class OrderHistory {
  readonly #stores: OrderStores;
  readonly #archived: ArchivedOrders;

  constructor(stores: OrderStores, turn: () => Promise<void>) {
    this.#stores = stores;
    this.#archived = new ArchivedOrders(stores.files, turn);
  }

  async page(filter: OrderFilter): Promise<Page<StoredOrder>> {
    const after = filter.cursor === undefined ? undefined : placeOf(filter.cursor);
    const range = { ...filter, to: after === undefined ? filter.to : Math.min(filter.to, after.time + 1) };
    const hot = await this.#hot(range, after);
    const { batches, isArchived } = await this.#archive();
    let best: Candidate[] = hot
      .filter((order) => !isArchived(order))
      .map((stored) => ({ ...placeIn(stored), stored }))
      .sort(newestFirst)
      .slice(0, filter.limit + 1);
    for (const file of this.#archived.filesOf(batches, range)) {
      const last = best[filter.limit];
      if (last !== undefined && file.file.to < last.time) break;
      const found = await this.#archived.ordersOf(file, range, after);
      const more = found.map((archived): Candidate => ({ ...placeIn(archived), archived }));
      best = [...best, ...more].sort(newestFirst).slice(0, filter.limit + 1);
    }
    const page = best.slice(0, filter.limit);
    const end = page.at(-1);
    return {
      items: await this.#whole(page),
      next: best.length > filter.limit && end !== undefined ? cursorOf(end) : null,
    };
  }

  /** The order of this id; of several the one that counts, and of those the newest. */
  async byId(id: string): Promise<StoredOrder | undefined> {
    const stored = await this.#stores.store.order(id);
    const { batches, isArchived } = await this.#archive();
    const hot = stored === undefined || isArchived(stored) ? [] : [{ ...placeIn(stored), mark: stored.mark, stored }];
    const found = await this.#archived.withId(batches, id).catch((thrown: unknown) => {
      // An archive that is away does not hide what is here.
      if (hot.length > 0 && thrown instanceof AppError && thrown.retryable) return [];
      throw thrown;
    });
    const all = [...hot, ...found.map((archived) => ({ ...placeIn(archived), mark: archived.mark, archived }))];
    const [best] = all.sort((a, b) => Number(a.mark !== null) - Number(b.mark !== null) || newestFirst(a, b));
    return best === undefined ? undefined : (await this.#whole([best]))[0];
  }

  /**
   * All of the newest until there are more than a page of them that are newer than what was not read: within one
   * millisecond the store has an order of its own.
   */
  async #hot(filter: OrderFilter, after: OrderPlace | undefined): Promise<StoredOrder[]> {
    const found: StoredOrder[] = [];
    const { cursor: _cursor, ...first } = filter;
    let cursor: string | undefined;
    for (;;) {
      const { items, next } = await this.#stores.store.orders({ ...first, limit: filter.limit + 1, cursor });
      for (const order of items) if (after === undefined || newestFirst(after, order) < 0) found.push(order);
      const last = items.at(-1);
      if (next === null || last === undefined) return found;
      const edge = found[filter.limit];
      if (edge !== undefined && edge.time > last.time) return found;
      cursor = next;
    }
  }

  async #archive() {
    const batches = (await this.#stores.manifest.inState(['COMMITTED', 'DELETED'])).filter(
      ({ kind }) => kind === 'events',
    );
    const horizons = horizonsOf(batches);
    const isArchived = (order: OrderPlace) => order.offset < (horizons.get(partitionKey(order)) ?? 0);
    return { batches, isArchived };
  }

  async #whole(page: readonly Candidate[]): Promise<StoredOrder[]> {
    const archived = page.flatMap((each) => ('archived' in each ? [each.archived] : []));
    const events = new Map(archived.map((order, index) => [order, index]));
    const whole = await this.#archived.whole(archived);
    return page.map((each) =>
      'stored' in each ? each.stored : (whole[events.get(each.archived) as number] as StoredOrder),
    );
  }
}

/** Below them the archive counts, above them the hot store. */
function horizonsOf(batches: readonly ArchiveBatch[]): Map<string, number> {
  const horizons = new Map<string, number>();
  for (const batch of batches) {
    const key = partitionKey(batch);
    horizons.set(key, Math.max(horizons.get(key) ?? 0, batch.toOffset));
  }
  return horizons;
}

function placeIn({ topic, partition, time, offset, element }: OrderPlace): OrderPlace {
  return { topic, partition, time, offset, element };
}

function cursorOf({ time, topic, partition, offset, element }: OrderPlace): string {
  return encodeCursor([time, topic, partition, offset, element]);
}

function placeOf(cursor: string): OrderPlace {
  const [time, topic, partition, offset, element] = decodeCursor(cursor, CURSOR_SHAPE);
  return { time, topic, partition, offset, element };
}
