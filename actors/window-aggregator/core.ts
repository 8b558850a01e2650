/**
 * One topic-partition's KPIs: batches in, commits and updates for those who follow out. Everything is decided by the records
 * in order, never by a clock or by how they were cut into batches, so a replay from the last commit gives the same.
 */
import { viewBatch } from '../../protocol/batch.ts';
import { AppError } from '../../protocol/errors.ts';
import { type DeadLetter, type Ledger, partitionKey } from '../../protocol/event.ts';
import type { BatchMessage, PartialUpdate } from '../../protocol/message.ts';
import { NO_METER, type WorkMeter } from '../../protocol/poison.ts';
import { windowStart } from '../kpi/window.ts';
import type { PartitionCommit, PartitionState, RawChunk, StoredWindow, Totals } from '../ports/hot-store.ts';
import { RowCounter } from './count.ts';
import { RememberedOrders } from './dedup.ts';
import { Judge, type Verdict } from './judge.ts';
import { LoadedWindows } from './loaded-windows.ts';
import { Outgoing } from './outgoing.ts';
import { rawChunk } from './raw-chunk.ts';

export type AggregateSettings = {
  /** An event older than the watermark by more than this is late. */
  readonly latenessMs: number;
  /** Order ids remembered, 0 for none. */
  readonly dedup: number;
};

/** A commit on its way to the store. */
type InFlight = { readonly commit: PartitionCommit; readonly changes: readonly StoredWindow[] };

export class PartitionAggregate {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly #ledger: Ledger;
  readonly #totals: Totals;
  readonly #remembered: RememberedOrders | undefined;
  readonly #judge: Judge;
  readonly #counter: RowCounter;
  readonly #windows = new LoadedWindows();
  /** What each follower has not been told yet. */
  readonly #outgoing = new Map<string, Outgoing>();
  #nextOffset: number;
  #gap: number;
  #raw: RawChunk[] = [];
  #deadLetters: DeadLetter[] = [];
  #dirty = false;
  #inFlight: InFlight | undefined;
  /** The state as the store has it. */
  #stored: PartitionState;

  constructor(state: PartitionState, settings: AggregateSettings, followers: Iterable<string> = []) {
    this.topic = state.topic;
    this.partition = state.partition;
    this.epoch = state.epoch;
    this.#ledger = { ...state.ledger };
    this.#totals = { ...state.totals };
    this.#remembered = settings.dedup > 0 ? new RememberedOrders(settings.dedup, state.dedup) : undefined;
    this.#judge = new Judge(state.watermark, settings.latenessMs, this.#remembered);
    this.#counter = new RowCounter(this.#totals);
    this.#nextOffset = state.nextOffset;
    this.#gap = state.gap ?? 0;
    this.#stored = state;
    for (const follower of followers) this.follow(follower);
  }

  /** The record that comes next. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Number of the last commit that the store has. */
  get seq(): number {
    return this.#stored.seq;
  }

  get watermark(): number {
    return this.#judge.watermark;
  }

  /** Windows before this time have been let go of. */
  keepFrom(time: number): void {
    this.#judge.keptFrom = Math.max(this.#judge.keptFrom, time);
  }

  /** Whether a commit would say something new. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Starts of the windows that may be in the store and must be adopted before this batch is applied. */
  needs(batch: BatchMessage): number[] {
    const { rows, time, part } = viewBatch(batch.buffer, batch.rows, batch.items, batch.strings);
    const { horizon, watermark } = this.#judge;
    const needed = new Set<number>();
    let last = Number.NaN;
    for (let row = 0; row < rows; row++) {
      const at = time[row] as number;
      // The watermark only rises: what is late now stays late. And nothing was counted above it yet.
      if (part[row] !== 0 || at < horizon) continue;
      const start = windowStart(at);
      if (start === last || start > watermark) continue;
      last = start;
      if (!this.#windows.has(start)) needed.add(start);
    }
    return [...needed];
  }

  /** Takes a window from the store; undefined where it has none. */
  adopt(start: number, packed: Uint8Array | undefined): void {
    if (!this.#windows.has(start)) this.#windows.adopt(start, packed);
  }

  /** `meter` is told which record is in work, of the slot that it was told before. */
  apply(batch: BatchMessage, meter: WorkMeter = NO_METER): void {
    this.#checkPlace(batch);
    const events = viewBatch(batch.buffer, batch.rows, batch.items, batch.strings);
    const watermarkBefore = this.#judge.watermark;
    const verdict = this.#judge.judge(events, batch.base, meter);
    meter.workingOn(-1);
    this.#enter(batch, verdict);
    this.#counter.begin(events);
    for (const chain of verdict.chains) {
      if (chain.start <= watermarkBefore && !this.#windows.has(chain.start))
        throw this.#wrong('its windows are loaded');
      this.#counter.enter(this.#windows.use(chain.start));
      for (let row = chain.first; row >= 0; row = this.#judge.next(row)) {
        meter.workingOn(batch.base + (events.record[row] as number));
        this.#counter.count(row);
      }
    }
    meter.workingOn(-1);
    if (batch.records > 0) this.#raw.push(rawChunk(batch, events, verdict.marks));
    for (const letter of batch.dead) this.#deadLetters.push(letter);
    this.#nextOffset = batch.next;
    this.#dirty = true;
  }

  /** Goes on from `offset`: the log no longer has what stood below. The next commit says how much that was. */
  skipTo(offset: number): void {
    if (offset <= this.#nextOffset) return;
    this.#gap += offset - this.#nextOffset;
    this.#nextOffset = offset;
    this.#dirty = true;
  }

  /** Windows that the next commit would write. */
  get changedWindows(): number {
    return this.#windows.changedCount;
  }

  /** All that was applied since the last commit. It must be stored, or this object be thrown away. */
  prepareCommit(): PartitionCommit {
    if (this.#inFlight) throw this.#wrong('the commit before is stored');
    const windows: StoredWindow[] = [];
    const changes: StoredWindow[] = [];
    for (const { window, packedTo } of this.#windows.changed()) {
      const { start } = window;
      const packed = window.pack();
      windows.push({ start, packed });
      changes.push({ start, packed: window.allChanged ? packed : window.packChanges() });
      window.clearChanges();
      packedTo(packed.length);
    }
    const commit = { ...this.#state(), windows, raw: this.#raw, deadLetters: this.#deadLetters };
    this.#inFlight = { commit, changes };
    this.#raw = [];
    this.#deadLetters = [];
    this.#dirty = false;
    return commit;
  }

  /** The store has the commit: from now on it may be told. */
  committed(): void {
    if (!this.#inFlight) throw this.#wrong('a commit is on its way');
    const { commit, changes } = this.#inFlight;
    this.#inFlight = undefined;
    const { windows: _windows, raw: _raw, deadLetters: _deadLetters, ...state } = commit;
    this.#stored = state;
    for (const outgoing of this.#outgoing.values()) outgoing.add(changes);
    this.#windows.evict(this.#judge.horizon);
  }

  /** From now on this follower can be told what is committed after this moment, and nothing before. */
  follow(follower: string): void {
    this.#outgoing.set(follower, new Outgoing(this.#stored.seq));
  }

  unfollow(follower: string): void {
    this.#outgoing.delete(follower);
  }

  /** Everything committed since this follower was last told, as absolute values. */
  takePartial(follower: string): PartialUpdate | undefined {
    const { topic, partition, epoch, seq, nextOffset, watermark, ledger, totals, gap = 0 } = this.#stored;
    const untold = this.#outgoing.get(follower)?.take(seq);
    return untold && { topic, partition, epoch, nextOffset, watermark, ledger, totals, gap, ...untold };
  }

  #state(): PartitionState {
    return {
      topic: this.topic,
      partition: this.partition,
      epoch: this.epoch,
      seq: this.#stored.seq + 1,
      nextOffset: this.#nextOffset,
      watermark: this.#judge.watermark,
      ledger: { ...this.#ledger },
      totals: { ...this.#totals },
      gap: this.#gap,
      dedup: this.#remembered?.pack() ?? null,
    };
  }

  /** Writes the batch into the ledger, which must come out even. */
  #enter(batch: BatchMessage, { counted, late, duplicates }: Verdict): void {
    const dead = batch.dead.length;
    if (counted + late + duplicates + dead !== batch.events) throw this.#wrong('every event in it has one outcome');
    this.#ledger.in += batch.events;
    this.#ledger.counted += counted;
    this.#ledger.late += late;
    this.#ledger.dead += dead;
    this.#ledger.duplicates += duplicates;
  }

  #checkPlace({ base, next }: BatchMessage): void {
    if (base < this.#nextOffset || next < base) throw this.#wrong(`it follows offset ${this.#nextOffset}`, base);
  }

  #wrong(rule: string, value: number = this.#nextOffset): AppError {
    const what = `Cannot go on with ${partitionKey(this)} unless ${rule}: current offset is ${value}`;
    return new AppError('internal', what, { retryable: false });
  }
}
