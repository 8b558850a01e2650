/**
 * One channel as the client holds it: absolute values by key, the position they stand at, and what changed since
 * the last time somebody asked. A frame is taken only when it continues this position, so that a lost, doubled or
 * late frame can never be folded in.
 */
import type { Changes, Channel, ChannelValue } from '../../protocol/frames-ws.ts';

/** What a delta did: went in, was old news, or does not continue this position. */
export type DeltaOutcome = 'applied' | 'ignored' | 'gap';

/** Everything that happened to a channel since the last call of take(). */
export type ChannelChange = {
  readonly channel: Channel;
  /** True when `flat` is the whole channel and what was known before is void. */
  readonly reset: boolean;
  readonly flat: Changes;
  /** Frames that are folded into this change. */
  readonly frames: number;
  readonly asOf: number;
  /** Event time of what is known; 0 before the first event. */
  readonly watermark: number;
};

export class ChannelState {
  readonly name: Channel;
  readonly #values = new Map<string, ChannelValue>();
  #pending = new Map<string, ChannelValue>();
  #reset = false;
  #frames = 0;
  #asOf = 0;
  #watermark = 0;
  /** Position: the epoch this state belongs to and the last sequence number in it. */
  epoch: string | undefined;
  seq: number | undefined;

  constructor(name: Channel) {
    this.name = name;
  }

  get values(): ReadonlyMap<string, ChannelValue> {
    return this.#values;
  }

  snapshot(epoch: string, seq: number, flat: Changes, asOf: number, watermark: number | null): void {
    this.#values.clear();
    this.#pending.clear();
    this.#reset = true;
    this.epoch = epoch;
    this.seq = seq;
    this.#fold(flat, asOf, watermark);
  }

  delta(from: number, to: number, flat: Changes, asOf: number, watermark: number | null): DeltaOutcome {
    if (this.seq === undefined) return 'ignored';
    if (to <= this.seq) return 'ignored';
    // A range that starts earlier may leave out a key that came and went in between: only an exact fit is taken.
    if (from !== this.seq) return 'gap';
    this.seq = to;
    this.#fold(flat, asOf, watermark);
    return 'applied';
  }

  /** Forgets the position: the next frame that counts is a snapshot. */
  forget(): void {
    this.epoch = undefined;
    this.seq = undefined;
  }

  /** What changed since the last call, or undefined when nothing did. */
  take(): ChannelChange | undefined {
    if (this.#frames === 0) return undefined;
    const flat: ChannelValue[] = [];
    for (const [key, value] of this.#pending) flat.push(key, value);
    const change = {
      channel: this.name,
      reset: this.#reset,
      flat,
      frames: this.#frames,
      asOf: this.#asOf,
      watermark: this.#watermark,
    };
    this.#pending = new Map();
    this.#reset = false;
    this.#frames = 0;
    return change;
  }

  #fold(flat: Changes, asOf: number, watermark: number | null): void {
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const key = String(flat[at]);
      const value = flat[at + 1] ?? null;
      if (value === null) this.#values.delete(key);
      else this.#values.set(key, value);
      this.#pending.set(key, value);
    }
    this.#frames++;
    this.#asOf = asOf;
    this.#watermark = watermark ?? 0;
  }
}
