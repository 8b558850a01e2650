/**
 * A lane's partitions together: which it owns, what to commit, what to tell its followers. The store is handed in.
 * Between two awaits the state is whole: a batch is applied or not, a commit holds whole batches.
 */
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { BatchMessage, Offset, PartialUpdate } from '../../protocol/message.ts';
import { NO_METER, PoisonedRecords, parkRecords, type WorkMeter } from '../../protocol/poison.ts';
import type { PartitionCommit, PartitionStore } from '../ports/hot-store.ts';
import { type AggregateSettings, PartitionAggregate } from './core.ts';

const LATENCY_SAMPLES = 256;
/** At some 100 us a window to pack and to write: 50 ms. */
const FULL_WINDOWS = 500;

/** What keeps a record that kills this actor from doing so for ever. */
export type Care = {
  readonly meter: WorkMeter;
  /** Records that are passed unhandled. */
  readonly poisoned: PoisonedRecords;
  /** Undoes the compression of frames. */
  readonly unpack: (zstd: Uint8Array) => Uint8Array;
  /** Is shown every batch before it is applied. */
  readonly check: (batch: BatchMessage) => Promise<void>;
};

const CARELESS: Care = {
  meter: NO_METER,
  poisoned: new PoisonedRecords([], []),
  unpack: (bytes) => bytes,
  check: async () => {},
};

type Prepared = { readonly partition: PartitionAggregate; readonly commit: PartitionCommit };

export class Lane {
  #owned = new Map<string, PartitionAggregate>();
  /** Append times of batches that are applied but not committed. */
  #applied: number[] = [];
  /** Who is told of commits, each with the append times of what was committed and not told yet. */
  #followers = new Map<string, number[]>();
  #session = 0;
  #keptFrom = Number.NEGATIVE_INFINITY;
  #fenced: TopicPartition[] = [];
  #store: PartitionStore;
  #settings: AggregateSettings;
  #nextTurn: () => Promise<unknown>;
  #care: Care;

  /** `nextTurn` lets the loop turn: the beat, the end and the credits of others get through. */
  constructor(
    store: PartitionStore,
    settings: AggregateSettings,
    nextTurn: () => Promise<unknown>,
    care: Partial<Care> = {},
  ) {
    this.#care = { ...CARELESS, ...care };
    this.#store = store;
    this.#nextTurn = nextTurn;
    this.#settings = settings;
  }

  get session(): number {
    return this.#session;
  }

  get dirty(): boolean {
    return [...this.#owned.values()].some((partition) => partition.dirty);
  }

  /** Owns exactly these partitions from now on; what it gives up is committed before. */
  async assign(wanted: readonly TopicPartition[]): Promise<void> {
    await this.commit();
    const keys = new Set(wanted.map(partitionKey));
    for (const key of [...this.#owned.keys()]) if (!keys.has(key)) this.#owned.delete(key);
    for (const partition of wanted) {
      const key = partitionKey(partition);
      if (this.#owned.has(key)) continue;
      const state = await this.#store.open(partition);
      const aggregate = new PartitionAggregate(state, this.#settings, this.#followers.keys());
      aggregate.keepFrom(this.#keptFrom);
      this.#owned.set(key, aggregate);
    }
    this.newSession();
  }

  /** Minutes before this are not in the store any more: what belongs there is late, and makes none of them anew. */
  keepFrom(time: number): void {
    this.#keptFrom = Math.max(this.#keptFrom, time);
    for (const partition of this.#owned.values()) partition.keepFrom(this.#keptFrom);
  }

  /** Batches sent under an earlier session are dropped from now on. */
  newSession(): number {
    this.#session++;
    return this.#session;
  }

  positions(): Offset[] {
    return [...this.#owned.values()].map(({ topic, partition, nextOffset }) => ({
      topic,
      partition,
      offset: nextOffset,
    }));
  }

  states(): (TopicPartition & { epoch: number; seq: number })[] {
    return [...this.#owned.values()].map(({ topic, partition, epoch, seq }) => ({ topic, partition, epoch, seq }));
  }

  /** Answers false for a batch that is not of this session or not the next one. */
  async apply(sent: BatchMessage): Promise<boolean> {
    const partition = this.#owned.get(partitionKey(sent));
    if (partition === undefined || sent.session !== this.#session || sent.base < partition.nextOffset) return false;
    const { poisoned, unpack, meter, check } = this.#care;
    const batch = parkRecords(sent, poisoned.of(sent), unpack);
    await check(batch);
    for (const start of partition.needs(batch)) partition.adopt(start, await this.#store.window(batch, start));
    meter.working(-1, poisoned.slotOf(batch));
    partition.apply(batch, meter);
    if (batch.records > 0) this.#applied.push(batch.appendedAt);
    return true;
  }

  /** Whether a commit should not wait for its time: history spreads over so many windows that it would take long. */
  get full(): boolean {
    let windows = 0;
    for (const partition of this.#owned.values()) windows += partition.dirty ? partition.changedWindows : 0;
    return windows >= FULL_WINDOWS;
  }

  /**
   * Commits all that changed, partition index by partition index, as the topics of one are written together; leaves
   * the loop a turn after each. Answers the new offsets.
   */
  async commit(): Promise<Offset[]> {
    const dirty = [...this.#owned.values()].filter((partition) => partition.dirty);
    const applied = this.#applied;
    this.#applied = [];
    for (const together of Map.groupBy(dirty, ({ partition }) => partition).values()) {
      await this.#commitTogether(together.map((partition) => ({ partition, commit: partition.prepareCommit() })));
      await this.#nextTurn();
    }
    // A follower that takes nothing must not make this grow: the newest are enough to measure by.
    for (const [name, appendedAt] of this.#followers) {
      this.#followers.set(name, [...appendedAt, ...applied].slice(-LATENCY_SAMPLES));
    }
    return dirty
      .filter((partition) => this.#owned.get(partitionKey(partition)) === partition)
      .map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset }));
  }

  /** Somebody else has taken over one of them: the others go on. Which one it was shows when each is committed alone. */
  async #commitTogether(prepared: readonly Prepared[]): Promise<void> {
    try {
      await this.#store.commit(prepared.map(({ commit }) => commit));
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'fenced') throw thrown;
      if (prepared.length > 1) for (const single of prepared) await this.#commitTogether([single]);
      else for (const { partition } of prepared) this.#drop(partition);
      return;
    }
    for (const { partition } of prepared) partition.committed();
  }

  #drop(partition: PartitionAggregate): void {
    this.#owned.delete(partitionKey(partition));
    this.#fenced.push({ topic: partition.topic, partition: partition.partition });
  }

  /** What was dropped since the last call, as another owner has taken it over: its batches find nobody any more. */
  takeFenced(): TopicPartition[] {
    const fenced = this.#fenced;
    this.#fenced = [];
    return fenced;
  }

  /** Goes on from `offset` with a partition whose records below it are lost, and commits that; false when it is not owned. */
  async skipTo(at: Offset): Promise<boolean> {
    this.#owned.get(partitionKey(at))?.skipTo(at.offset);
    await this.commit();
    return this.#owned.has(partitionKey(at));
  }

  /** From now on this follower can be told what is committed after this moment, and nothing before. */
  follow(name: string): void {
    this.#followers.set(name, []);
    for (const partition of this.#owned.values()) partition.follow(name);
  }

  unfollow(name: string): void {
    this.#followers.delete(name);
    for (const partition of this.#owned.values()) partition.unfollow(name);
  }

  /** What was committed since this follower was last told. */
  takePartials(name: string): { updates: PartialUpdate[]; appendedAt: readonly number[] } {
    const updates = [...this.#owned.values()].flatMap((partition) => partition.takePartial(name) ?? []);
    const appendedAt = this.#followers.get(name) ?? [];
    if (appendedAt.length > 0) this.#followers.set(name, []);
    return { updates, appendedAt };
  }
}
