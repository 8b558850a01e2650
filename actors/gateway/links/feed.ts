/**
 * Keeps the live view in step with the lanes; the bus, which tells of the lanes of other processes, is one of them. A lane
 * may send once it holds a credit, and gets one only while the view is known to hold everything up to where the lane
 * stands; else a snapshot of the store comes first.
 */
import { setImmediate } from 'node:timers/promises';
import { partitionKey, type TopicPartition } from '../../../protocol/event.ts';
import type { PartialsMessage, PartialsRequest } from '../../../protocol/message.ts';
import type { PartitionState } from '../../ports/hot-store.ts';
import type { Port } from '../../requests.ts';
import { MINUTE_MS } from '../view/span.ts';
import { LiveView, type SnapshotWindow } from '../view/view.ts';

export type Snapshot = { readonly states: readonly PartitionState[]; readonly windows: readonly SnapshotWindow[] };

export type FeedOptions = {
  readonly view: LiveView;
  /** Reads the store: where all partitions stand, then their windows with from <= start < to. */
  readonly readSnapshot: (from: number, to: number) => Promise<Snapshot>;
  /** A snapshot is in the view. */
  readonly onLoaded: () => void;
  /** When the newest record behind an update was appended (epoch ms): it is in the view now. */
  readonly onApplied: (appendedAt: readonly number[]) => void;
  readonly onFailure: (thrown: unknown) => void;
  readonly clock: () => number;
};

type Lane = {
  readonly port: Port;
  partitions: readonly TopicPartition[];
  holdsCredit: boolean;
  /** No credit before this (epoch ms). */
  restUntil: number;
  resting: NodeJS.Timeout | undefined;
};

const RETRY_MS = 200;
/** A part of a snapshot: what one message holds of a busy shop stays within some megabytes. */
const SLICE_MS = 16 * MINUTE_MS;
const STRETCH_MS = 8;
/**
 * A lane rests so many times as long as its message took to apply: what changes meanwhile comes merged, so that even
 * a lane that works off years of history leaves most of this thread to requests and sockets.
 */
const REST_FACTOR = 4;
/** Messages that took less are the usual case, and their lanes never rest. */
const QUICK_MS = 4;

export class Feed {
  #options: FeedOptions;
  #lanes = new Map<string, Lane>();
  /** The last commit known of each partition: a snapshot below it is too old. */
  #known = new Map<string, number>();
  #reading = false;
  /** A snapshot is due although all seem to be in step: something may have been missed. */
  #refresh = false;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  connect(lane: string, port: Port): void {
    this.#lanes.set(lane, { port, partitions: [], holdsCredit: false, restUntil: 0, resting: undefined });
  }

  disconnect(lane: string): void {
    clearTimeout(this.#lanes.get(lane)?.resting);
    this.#lanes.delete(lane);
  }

  receive(name: string, message: PartialsMessage): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    lane.holdsCredit = false;
    if (message.type === 'lane-state') {
      lane.partitions = message.partitions;
      for (const partition of message.partitions) this.#know(partition, partition.seq);
      this.#refresh ||= message.refresh === true;
    } else {
      const began = this.#options.clock();
      for (const update of message.updates) {
        this.#know(update, update.to);
        this.#options.view.apply(update, began);
      }
      const tookMs = this.#options.clock() - began;
      if (tookMs > QUICK_MS) lane.restUntil = began + tookMs * (1 + REST_FACTOR);
      this.#options.onApplied(message.appendedAt);
    }
    this.#settle();
  }

  /** The reader can be asked (again). */
  readerReady(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#settle();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const { resting } of this.#lanes.values()) clearTimeout(resting);
  }

  #know(partition: TopicPartition, seq: number): void {
    const key = partitionKey(partition);
    this.#known.set(key, Math.max(seq, this.#known.get(key) ?? -1));
  }

  /** Lanes that are in step may go on, whoever else waits; a snapshot is taken when somebody does. */
  #settle(): void {
    let behind = this.#options.view.stale || this.#refresh;
    for (const lane of this.#lanes.values()) {
      if (!this.#inStep(lane)) behind = true;
      else if (!lane.holdsCredit && lane.partitions.length > 0) this.#grant(lane);
    }
    if (behind && !this.#reading && this.#retry === undefined && !this.#closed) void this.#takeSnapshot();
  }

  #grant(lane: Lane): void {
    const restMs = lane.restUntil - this.#options.clock();
    if (restMs > 0) {
      lane.resting ??= setTimeout(() => {
        lane.resting = undefined;
        this.#settle();
      }, restMs);
      return;
    }
    lane.holdsCredit = true;
    lane.port.postMessage({ type: 'partials-wanted' } satisfies PartialsRequest);
  }

  #inStep({ partitions }: Lane): boolean {
    const { view } = this.#options;
    if (view.stale) return false;
    return partitions.every((partition) => view.seqOf(partition) >= (this.#known.get(partitionKey(partition)) ?? 0));
  }

  async #takeSnapshot(): Promise<void> {
    this.#reading = true;
    const refresh = this.#refresh;
    this.#refresh = false;
    try {
      await this.#readSnapshot();
      if (![...this.#lanes.values()].every((lane) => this.#inStep(lane))) this.#retryLater();
    } catch (thrown) {
      this.#refresh ||= refresh;
      this.#options.onFailure(thrown);
      this.#retryLater();
    }
    this.#reading = false;
    this.#settle();
  }

  async #readSnapshot(): Promise<void> {
    const { view, readSnapshot, clock } = this.#options;
    // Which windows are needed depends on where the partitions stand, so that is asked first.
    const { states } = await readSnapshot(0, 0);
    const watermark = Math.max(view.watermarkOf(states), view.stale ? -1 : view.watermark);
    view.beginSnapshot(states, clock());
    try {
      for (const [from, to] of slicesFrom(LiveView.oldestNeeded(watermark), watermark)) {
        const { windows } = await readSnapshot(from, to);
        await this.#addWindows(windows);
      }
    } catch (thrown) {
      view.abortSnapshot();
      throw thrown;
    }
    view.endSnapshot();
    this.#options.onLoaded();
  }

  /** Two hours of a busy shop take a second to unpack: not at a stretch. */
  async #addWindows(windows: Snapshot['windows']): Promise<void> {
    let began = performance.now();
    for (const window of windows) {
      this.#options.view.addWindow(window);
      if (performance.now() - began < STRETCH_MS) continue;
      await setImmediate();
      began = performance.now();
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#settle();
    }, RETRY_MS);
  }
}

/** From the oldest minute needed on, in slices; the last one has no end. */
function slicesFrom(oldest: number, watermark: number): [from: number, to: number][] {
  const slices: [number, number][] = [];
  let from = oldest;
  for (; from + SLICE_MS <= watermark; from += SLICE_MS) slices.push([from, from + SLICE_MS]);
  return [...slices, [from, Number.MAX_SAFE_INTEGER]];
}
