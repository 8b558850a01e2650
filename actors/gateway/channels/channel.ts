/**
 * One channel: keys with absolute values, numbered by the ticks in which something changed. It can say what changed
 * since any tick of the last minute: every key knows the tick of its last change, and removed keys are remembered
 * until that tick is out of reach.
 */
import { channelHash } from '../../../protocol/channel.ts';
import type { Channel as ChannelName } from '../../../protocol/frames-ws.ts';

export type Value = number | string | boolean;

/** How far back a client may resume with one merged delta, in ms. */
export const RING_MS = 60_000;

type Entry = { value: Value; seq: number; readonly keyJson: string };

export type Moment = { readonly asOf: number; readonly watermark: number | null };

export class Channel {
  readonly name: ChannelName;
  /** Closed while nothing is known of what it shows: clients wait for their snapshot. */
  open = true;
  #entries = new Map<string, Entry>();
  #removed = new Map<string, number>();
  #seq = 0;
  /** Deltas are possible from this tick on. */
  #floor = 0;
  #ticks: { readonly seq: number; readonly at: number }[] = [];
  /** Keys put since the last tick, and those of the last tick itself: what most clients lack. */
  #changed = new Set<string>();
  #lastChanged: ReadonlySet<string> = new Set();
  #moment: Moment = { asOf: 0, watermark: null };
  #deltas = new Map<number, string>();
  #snapshot: string | undefined;

  constructor(name: ChannelName) {
    this.name = name;
  }

  get seq(): number {
    return this.#seq;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  /** Sets a key, or removes it (null); takes effect on the wire with the next tick. */
  put(key: string, value: Value | null): void {
    const entry = this.#entries.get(key);
    if (value === null) {
      if (entry === undefined) return;
      this.#entries.delete(key);
      this.#removed.set(key, this.#seq + 1);
    } else if (entry === undefined) {
      this.#entries.set(key, { value, seq: this.#seq + 1, keyJson: JSON.stringify(key) });
      this.#removed.delete(key);
    } else {
      if (entry.value === value) return;
      entry.value = value;
      entry.seq = this.#seq + 1;
    }
    this.#changed.add(key);
  }

  /** Ends a tick: what was put since the last one becomes the next number. Answers whether there was anything. */
  tick(now: number, moment: Moment): boolean {
    if (this.#changed.size === 0) return false;
    this.#lastChanged = this.#changed;
    this.#changed = new Set();
    this.#seq++;
    this.#moment = moment;
    this.#deltas.clear();
    this.#snapshot = undefined;
    this.#ticks.push({ seq: this.#seq, at: now });
    this.#forget(now - RING_MS);
    return true;
  }

  canResume(seq: number): boolean {
    return Number.isInteger(seq) && seq >= this.#floor && seq <= this.#seq;
  }

  /** All that changed in (from, seq] as one encoded frame; clients at the same place share it. */
  delta(from: number): string {
    let frame = this.#deltas.get(from);
    if (frame === undefined) {
      const parts = from === this.#seq - 1 ? this.#lastParts() : this.#partsSince(from);
      frame = `{"t":"d","ch":"${this.name}","from":${from},"to":${this.#seq},${this.#tail(parts)}`;
      this.#deltas.set(from, frame);
    }
    return frame;
  }

  snapshot(): string {
    if (this.#snapshot === undefined) {
      const parts: string[] = [];
      for (const { value, keyJson } of this.#entries.values()) parts.push(`${keyJson},${JSON.stringify(value)}`);
      this.#snapshot = `{"t":"snap","ch":"${this.name}","seq":${this.#seq},${this.#tail(parts)}`;
    }
    return this.#snapshot;
  }

  hash(): string {
    return channelHash([...this.#entries].map(([key, { value }]) => [key, value] as const));
  }

  #lastParts(): string[] {
    return [...this.#lastChanged].map((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined ? `${JSON.stringify(key)},null` : `${entry.keyJson},${JSON.stringify(entry.value)}`;
    });
  }

  #partsSince(from: number): string[] {
    const parts: string[] = [];
    for (const { value, seq, keyJson } of this.#entries.values()) {
      if (seq > from) parts.push(`${keyJson},${JSON.stringify(value)}`);
    }
    for (const [key, seq] of this.#removed) if (seq > from) parts.push(`${JSON.stringify(key)},null`);
    return parts;
  }

  #tail(parts: readonly string[]): string {
    const { asOf, watermark } = this.#moment;
    return `"as_of":${asOf},"watermark":${watermark},"d":[${parts.join(',')}]}`;
  }

  #forget(before: number): void {
    let gone = 0;
    while (gone < this.#ticks.length && (this.#ticks[gone] as { at: number }).at < before) gone++;
    if (gone === 0) return;
    this.#floor = (this.#ticks[gone - 1] as { seq: number }).seq;
    this.#ticks.splice(0, gone);
    for (const [key, seq] of this.#removed) if (seq <= this.#floor) this.#removed.delete(key);
  }
}
