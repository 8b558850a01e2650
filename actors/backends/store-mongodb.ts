/**
 * The hot store on MongoDB as aggregators see it. A commit is one inserted document at the next place of the journal: the
 * unique `_id` lets one owner write there and fences every other. Opening raises the epoch and takes the next place
 * itself, so an earlier owner finds it taken. No transactions: one document is enough.
 */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import { emptyLedger, partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { Owner, PartitionCommit, PartitionPruner, PartitionState, PartitionStore } from '../ports/hot-store.ts';
import {
  insertMissing,
  isDuplicate,
  Mongo,
  type MongoConfig,
  type OutageWatch,
  Patience,
  plainBytes,
} from './store-mongodb-client.ts';
import { chunkBytes, partDocuments, payloadsOf, wholePayload } from './store-mongodb-payload.ts';
import { dropRawSlice, dropWindowsSlice } from './store-mongodb-prune.ts';
import {
  above,
  collections,
  HEAD,
  type JournalDocument,
  type JournalHead,
  type PartitionDocument,
  partitionId,
  placeId,
  stateOf,
} from './store-mongodb-schema.ts';

/**
 * Barriers outlive the rest of the journal by a day (the projector's KEEP_BARRIERS_MS). Who has committed nothing for this
 * long asks whether it is still the owner before it writes: it may have been asleep for longer than that.
 */
const SURE_MS = 60_000;
/** Known places of windows that no projection may have passed yet, above which the projection's cursor is asked for. */
const MANY_WINDOWS = 5_000;

/** What the owner knows of a topic-partition that it has opened. */
type Owned = {
  head: JournalHead;
  dedup: Uint8Array | null;
  /** Where windows stand that the projection may not have yet: start to place. */
  readonly windows: Map<number, number>;
  horizon: number;
  sureAt: number;
};

export class MongoPartitionStore implements PartitionStore, PartitionPruner {
  readonly #mongo: Mongo;
  readonly #patience: Patience;
  readonly #collections: ReturnType<typeof collections>;
  readonly #owner: string;
  readonly #owned = new Map<string, Owned>();

  constructor(config: MongoConfig, watch?: OutageWatch) {
    this.#mongo = new Mongo(config);
    this.#patience = new Patience(this.#mongo, watch);
    this.#collections = collections(this.#mongo);
    this.#owner = `${config.processId}/${randomUUID()}`;
  }

  async open(partition: TopicPartition): Promise<PartitionState> {
    const claimed = await this.#patience.run(() => this.#claim(partition));
    const owned = await this.#patience.run(() => this.#takeOver(claimed));
    this.#owned.set(partitionKey(partition), owned);
    return stateOf(owned.head, owned.dedup);
  }

  async window(partition: TopicPartition, start: number): Promise<Uint8Array | undefined> {
    const place = this.#owned.get(partitionKey(partition))?.windows.get(start);
    return this.#patience.run(async () => {
      const { journal, parts, partials } = this.#collections;
      if (place !== undefined) {
        const document = await journal.findOne(
          { _id: placeId(partition, place) },
          { projection: { raw: 0, dead: 0, dedup: 0 } },
        );
        const found =
          document &&
          (await wholePayload({ ...document, raw: [], dead: [] }, parts)).windows.find(
            (window) => window.start === start,
          );
        if (found) return plainBytes(found.packed);
        // Gone from the journal: so the projection has it.
      }
      const stored = await partials.findOne(
        { _id: `${partitionId(partition)}:${start}` },
        { projection: { packed: 1 } },
      );
      return stored === null ? undefined : plainBytes(stored.packed);
    });
  }

  async commit(commits: readonly PartitionCommit[]): Promise<void> {
    const prepared = commits.map((commit) => this.#prepare(commit));
    await this.#patience.run(() => this.#beSure(commits));
    await this.#patience.run(() =>
      insertMissing(
        this.#collections.parts,
        prepared.flatMap(({ parts }) => parts),
      ),
    );
    const fenced = await this.#patience.run(() => this.#insert(prepared.map(({ document }) => document)));
    // What was stored beside it is not told: committed again, alone, it is found to be there.
    if (fenced[0] !== undefined) throw this.#fenced(fenced[0], 'another owner has taken its place');
    for (const { document, dedup } of prepared) this.#advance(document, dedup);
    if (this.#windowsKnown() > MANY_WINDOWS) await this.#forgetProjected();
  }

  async dropRaw(owner: Owner, horizon: number): Promise<boolean> {
    const slice = await this.#patience.run(() => dropRawSlice(this.#collections, owner, horizon));
    if (slice === 'fenced') throw this.#fenced(owner, 'another owner has opened it');
    const owned = this.#owned.get(partitionKey(owner));
    if (owned !== undefined) owned.horizon = Math.max(owned.horizon, slice.horizon);
    return slice.gone;
  }

  async dropWindows(owner: Owner, end: number): Promise<boolean> {
    const slice = await this.#patience.run(() => dropWindowsSlice(this.#collections, owner, end));
    if (slice === 'fenced') throw this.#fenced(owner, 'another owner has opened it');
    for (const start of this.#owned.get(partitionKey(owner))?.windows.keys() ?? [])
      if (start < end) this.#owned.get(partitionKey(owner))?.windows.delete(start);
    return slice.gone;
  }

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  /** Raises the epoch. Made twice after a cut it is raised twice, which does no harm. */
  async #claim({ topic, partition }: TopicPartition): Promise<PartitionDocument> {
    const _id = partitionId({ topic, partition });
    const fresh = {
      topic,
      partition,
      kpiCursor: 0,
      rawCursor: 0,
      minuteCursor: 0,
      dimCursor: 0,
      trimmedTo: 0,
      rawBytes: 0,
      rawRecords: 0,
      rawPassed: 0,
      rawPassedRecords: 0,
      droppedTo: 0,
      horizon: 0,
    };
    for (;;) {
      try {
        const claimed = await this.#collections.partitions.findOneAndUpdate(
          { _id },
          { $inc: { epoch: 1 }, $set: { owner: this.#owner }, $setOnInsert: fresh },
          { upsert: true, returnDocument: 'after' },
        );
        if (claimed !== null) return claimed;
      } catch (thrown) {
        // Two first claims at once: one of them has made the document.
        if (!isDuplicate(thrown)) throw thrown;
      }
    }
  }

  /** Takes the next place of the journal, and with it the right to go on from there. */
  async #takeOver(claimed: PartitionDocument): Promise<Owned> {
    const { journal } = this.#collections;
    for (;;) {
      const newest = await journal.find(above(claimed, -1), { projection: HEAD }).sort({ _id: -1 }).limit(1).next();
      if (newest !== null && newest.epoch > claimed.epoch)
        throw this.#fenced(claimed, 'it was opened by another owner meanwhile');
      const barrier = this.#barrier(claimed, newest);
      const taken = newest?.owner === this.#owner && newest.epoch === claimed.epoch && newest.barrier;
      if (!taken && (await this.#insert([barrier])).length > 0) continue;
      const head: JournalHead = taken ? newest : barrier;
      const windows = await this.#windowsAbove(claimed);
      const dedup = await this.#readDedup(head);
      return { head, dedup, windows, horizon: claimed.horizon, sureAt: Date.now() };
    }
  }

  #barrier({ topic, partition, epoch }: PartitionDocument, newest: JournalHead | null): JournalDocument {
    const place = (newest?.place ?? 0) + 1;
    return {
      _id: placeId({ topic, partition }, place),
      topic,
      partition,
      place,
      epoch,
      owner: this.#owner,
      at: Date.now(),
      barrier: true,
      seq: newest?.seq ?? 0,
      nextOffset: newest?.nextOffset ?? 0,
      watermark: newest?.watermark ?? -1,
      ledger: newest?.ledger ?? emptyLedger(),
      totals: newest?.totals ?? { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 },
      gap: newest?.gap ?? 0,
      starts: [],
      parts: 0,
      dedupAt: newest?.dedupAt ?? 0,
      rawSum: newest?.rawSum ?? 0,
      rawRecordSum: newest?.rawRecordSum ?? 0,
      windows: [],
      raw: [],
      dead: [],
    };
  }

  async #windowsAbove(partition: PartitionDocument): Promise<Map<number, number>> {
    const windows = new Map<number, number>();
    const rows = this.#collections.journal
      .find(above(partition, partition.kpiCursor), { projection: { place: 1, starts: 1 } })
      .sort({ _id: 1 });
    for await (const { place, starts } of rows) for (const start of starts) windows.set(start, place);
    return windows;
  }

  async #readDedup(head: JournalHead): Promise<Uint8Array | null> {
    if (head.dedupAt === 0) return null;
    const document = await this.#collections.journal.findOne({ _id: placeId(head, head.dedupAt) });
    const { dedup } = document === null ? {} : await wholePayload(document, this.#collections.parts);
    if (dedup !== undefined) return plainBytes(dedup);
    throw new AppError(
      'data-mismatch',
      `Cannot open ${partitionKey(head)} as its remembered order ids are not in the journal at place ${head.dedupAt}`,
    );
  }

  #prepare(commit: PartitionCommit) {
    const owned = this.#owned.get(partitionKey(commit));
    if (owned === undefined || owned.head.epoch !== commit.epoch || owned.head.seq !== commit.seq - 1)
      throw this.#fenced(commit, found(owned));
    const { head, horizon } = owned;
    const below = commit.raw.find(({ base }) => base < horizon);
    if (below !== undefined) throw belowHorizon(commit, below.base, horizon);
    const place = head.place + 1;
    const news = commit.dedup !== null && !sameBytes(commit.dedup, owned.dedup) ? commit.dedup : undefined;
    const payloads = payloadsOf(commit, news);
    const { topic, partition, epoch, seq, nextOffset, watermark, ledger, totals, gap = 0 } = commit;
    const document: JournalDocument = {
      _id: placeId(commit, place),
      ...{ topic, partition, place, epoch, owner: this.#owner, at: Date.now(), barrier: false },
      ...{ seq, nextOffset, watermark, ledger, totals, gap },
      starts: commit.windows.map(({ start }) => start),
      parts: payloads.length - 1,
      dedupAt: news !== undefined ? place : commit.dedup === null ? 0 : head.dedupAt,
      rawSum: head.rawSum + commit.raw.reduce((sum, chunk) => sum + chunkBytes(chunk), 0),
      rawRecordSum: head.rawRecordSum + commit.raw.reduce((sum, { records }) => sum + records, 0),
      ...(payloads[0] as (typeof payloads)[number]),
    };
    return { document, dedup: commit.dedup, parts: partDocuments(document, payloads) };
  }

  /** Inserts all in one round trip. Answers those whose place another owner has taken; one that is there already is ours. */
  async #insert(documents: readonly JournalDocument[]): Promise<readonly JournalDocument[]> {
    const { journal } = this.#collections;
    const refused = (await insertMissing(journal, documents)).map((index) => documents[index] as JournalDocument);
    if (refused.length === 0) return [];
    const ids = refused.map(({ _id }) => _id);
    const there = await journal
      .find({ _id: { $in: ids } }, { projection: { epoch: 1, owner: 1, seq: 1, nextOffset: 1 } })
      .toArray();
    const found = new Map(there.map((document) => [document._id, document]));
    return refused.filter((document) => !isSame(document, found.get(document._id)));
  }

  #advance(document: JournalDocument, dedup: Uint8Array | null): void {
    const owned = this.#owned.get(partitionKey(document)) as Owned;
    const { windows: _windows, raw: _raw, dead: _dead, dedup: _dedup, ...head } = document;
    owned.head = head;
    owned.dedup = dedup;
    owned.sureAt = Date.now();
    for (const start of document.starts) owned.windows.set(start, document.place);
  }

  async #beSure(commits: readonly PartitionCommit[]): Promise<void> {
    for (const commit of commits) {
      const owned = this.#owned.get(partitionKey(commit)) as Owned;
      if (Date.now() - owned.sureAt < SURE_MS) continue;
      const stored = await this.#collections.partitions.findOne(
        { _id: partitionId(commit) },
        { projection: { epoch: 1 } },
      );
      if (stored?.epoch !== commit.epoch) throw this.#fenced(commit, `the newest epoch is ${stored?.epoch}`);
      owned.sureAt = Date.now();
    }
  }

  #windowsKnown(): number {
    let known = 0;
    for (const { windows } of this.#owned.values()) known += windows.size;
    return known;
  }

  async #forgetProjected(): Promise<void> {
    for (const owned of this.#owned.values()) {
      const stored = await this.#patience.run(() =>
        this.#collections.partitions.findOne({ _id: partitionId(owned.head) }, { projection: { kpiCursor: 1 } }),
      );
      for (const [start, place] of owned.windows) if (place <= (stored?.kpiCursor ?? 0)) owned.windows.delete(start);
    }
  }

  #fenced(commit: TopicPartition & { readonly epoch: number; readonly seq?: number }, why: string): AppError {
    const what = commit.seq === undefined ? `epoch ${commit.epoch}` : `epoch ${commit.epoch}, commit ${commit.seq}`;
    return new AppError('fenced', `Cannot write ${partitionKey(commit)} as ${what} is not what comes next: ${why}`, {
      field: partitionKey(commit),
    });
  }
}

/** Of one owner at one place there is one document; another content would be a mistake of ours, and is not taken for it. */
function isSame(
  mine: JournalDocument,
  there: Pick<JournalDocument, 'epoch' | 'owner' | 'seq' | 'nextOffset'> | undefined,
): boolean {
  return (
    there?.owner === mine.owner &&
    there.epoch === mine.epoch &&
    there.seq === mine.seq &&
    there.nextOffset === mine.nextOffset
  );
}

function found(owned: Owned | undefined): string {
  return owned === undefined ? 'it is not open' : `it stands at epoch ${owned.head.epoch}, commit ${owned.head.seq}`;
}

/** What is archived must not come back: it would be there twice. */
function belowHorizon(commit: PartitionCommit, base: number, horizon: number): AppError {
  return new AppError(
    'data-mismatch',
    `Cannot commit raw events of ${partitionKey(commit)} from offset ${base} on as all below ${horizon} are archived`,
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array | null): boolean {
  return b !== null && a.length === b.length && Buffer.compare(a, b) === 0;
}
