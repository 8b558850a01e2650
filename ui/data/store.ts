/**
 * What the page knows of the live stream, outside every element: one map per channel, changed in place, and
 * subscribers told at most once per animation frame. Paused, it holds changes back and counts them.
 */
import type { Channel, ChannelValue } from '../../protocol/frames-ws.ts';
import type { FeedBatch } from './batch.ts';
import type { ChannelChange } from './channel.ts';
import type { FeedStatus } from './feed.ts';

export type ChannelData = {
  readonly values: ReadonlyMap<string, ChannelValue>;
  /** Grows with every change: what was computed from version n holds while it stays n. */
  readonly version: number;
  readonly asOf: number;
  readonly watermark: number;
  /** False until the first snapshot: nothing is known, which is not the same as nothing there. */
  readonly ready: boolean;
};

/** What can be subscribed to: a channel, or the line itself. */
export type Topic = Channel | 'status';

type Held = { readonly changes: Map<Channel, ChannelChange>; updates: number; readonly since: number };
type Mutable = { -readonly [K in keyof ChannelData]: ChannelData[K] } & { values: Map<string, ChannelValue> };

const UNKNOWN: ChannelData = { values: new Map(), version: 0, asOf: 0, watermark: 0, ready: false };

export class Store {
  readonly #channels = new Map<Channel, Mutable>();
  readonly #subscribers = new Map<() => void, readonly Topic[]>();
  readonly #dirty = new Set<Topic>();
  readonly #schedule: (run: () => void) => void;
  #scheduled = false;
  #status: FeedStatus | undefined;
  #held: Held | undefined;

  /** `schedule` is requestAnimationFrame on a page. */
  constructor(schedule: (run: () => void) => void) {
    this.#schedule = schedule;
  }

  get status(): FeedStatus | undefined {
    return this.#status;
  }

  /** Set while paused: since when, and how many updates wait. */
  get paused(): { readonly since: number; readonly updates: number } | undefined {
    return this.#held;
  }

  channel(name: Channel): ChannelData {
    return this.#channels.get(name) ?? UNKNOWN;
  }

  /** Runs `notify` after changes of these channels ('status' for the line itself); the answer ends it. */
  subscribe(names: readonly Topic[], notify: () => void): () => void {
    this.#subscribers.set(notify, names);
    return () => this.#subscribers.delete(notify);
  }

  apply(batch: FeedBatch): void {
    if (batch.status !== undefined) {
      this.#status = batch.status;
      this.#mark('status');
    }
    for (const change of batch.changes) {
      if (this.#held === undefined) this.#fold(change);
      else this.#hold(this.#held, change);
    }
  }

  pause(now: number): void {
    if (this.#held !== undefined) return;
    this.#held = { changes: new Map(), updates: 0, since: now };
    this.#mark('status');
  }

  resume(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    for (const change of held.changes.values()) this.#fold(change);
    this.#mark('status');
  }

  /** A channel whose values moved, or 'status'; subscribers hear of it in the next frame. */
  #mark(name: Topic): void {
    this.#dirty.add(name);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => this.#notify());
  }

  #notify(): void {
    this.#scheduled = false;
    const dirty = new Set(this.#dirty);
    this.#dirty.clear();
    for (const [notify, names] of [...this.#subscribers]) {
      if (names.some((name) => dirty.has(name))) notify();
    }
  }

  #hold(held: Held, change: ChannelChange): void {
    held.updates += change.frames;
    // What a snapshot voids need not be kept: a page left paused holds one channel's worth, not the whole day.
    const before = change.reset ? undefined : held.changes.get(change.channel);
    held.changes.set(change.channel, before === undefined ? change : merge(before, change));
  }

  #fold(change: ChannelChange): void {
    const known = this.#channels.get(change.channel);
    const data: Mutable = known ?? { ...UNKNOWN, values: new Map() };
    if (change.reset) data.values.clear();
    for (let at = 0; at + 1 < change.flat.length; at += 2) {
      const value = change.flat[at + 1] ?? null;
      if (value === null) data.values.delete(String(change.flat[at]));
      else data.values.set(String(change.flat[at]), value);
    }
    data.version++;
    data.asOf = change.asOf;
    data.watermark = change.watermark;
    data.ready = true;
    this.#channels.set(change.channel, data);
    this.#mark(change.channel);
  }
}

/** Two changes of one channel as one: the later value of a key wins. */
function merge(first: ChannelChange, last: ChannelChange): ChannelChange {
  const values = new Map<string, ChannelValue>();
  for (const change of [first, last]) {
    for (let at = 0; at + 1 < change.flat.length; at += 2)
      values.set(String(change.flat[at]), change.flat[at + 1] ?? null);
  }
  const flat: ChannelValue[] = [];
  for (const [key, value] of values) flat.push(key, value);
  return { ...last, reset: first.reset || last.reset, flat };
}
