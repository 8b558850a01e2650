/**
 * The live stream: the channels on the line and how they are kept right. Resumes every channel from its position
 * after a loss, asks again when a frame leaves a hole, and proves its state against the server's hash.
 * Runs in a worker.
 */
import { channelHash } from '../../protocol/channel.ts';
import { assertNever } from '../../protocol/errors.ts';
import type { Channel, DeltaFrame, HeartbeatFrame, HelloFrame, ServerFrame } from '../../protocol/frames-ws.ts';
import { type ChannelChange, ChannelState } from './channel.ts';
import { Line, type LineHost, type LineStatus } from './line.ts';
import { EventLatency, Pulse, ServerClock } from './timing.ts';

/** What the page is told about the stream, once a second and whenever the line changes its phase. */
export type FeedStatus = LineStatus & {
  readonly clockOffsetMs: number;
  readonly watermark: number | undefined;
  /** Event to page, in ms. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly pulse: readonly number[];
  /** Times a hash differed and times a frame left a hole; both were healed. */
  readonly mismatches: number;
  readonly gaps: number;
  /** What the server said about days and money, when it did. */
  readonly zone: string | undefined;
  readonly currency: string | undefined;
  readonly error: string | undefined;
};

/** Rates asked of the server, in frames a second. */
const VISIBLE_HZ = 10;
const HIDDEN_HZ = 1;
/** A channel that was asked for is not asked for once more within this time. */
const PATIENCE_MS = 5_000;

export class Feed {
  readonly #host: LineHost;
  readonly #line: Line;
  readonly #channels = new Map<Channel, ChannelState>();
  readonly #askedAt = new Map<Channel, number>();
  readonly #clock = new ServerClock();
  readonly #latency = new EventLatency();
  readonly #pulse = new Pulse();
  #epoch = '';
  #visible = true;
  #mismatches = 0;
  #gaps = 0;
  #watermark: number | undefined;
  #zone: string | undefined;
  #currency: string | undefined;
  #error: string | undefined;

  constructor(host: LineHost) {
    this.#host = host;
    this.#line = new Line(host, (frame) => this.#receive(frame));
  }

  start(): void {
    this.#line.dial();
  }

  /** The channels that are wanted from now on. */
  setChannels(names: readonly Channel[]): void {
    for (const name of [...this.#channels.keys()]) {
      if (names.includes(name)) continue;
      this.#channels.delete(name);
      this.#line.say({ t: 'unsub', ch: name });
    }
    for (const name of names) {
      if (this.#channels.has(name)) continue;
      this.#channels.set(name, new ChannelState(name));
      this.#ask(name);
    }
  }

  /** A hidden page is told less often; one that comes back does not wait for its turn to dial. */
  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    for (const name of this.#channels.keys()) this.#ask(name);
    if (visible) this.#line.dial();
  }

  reconnectNow(): void {
    this.#line.dial();
  }

  /** Once a second: the pulse moves on, silence is noticed, an unanswered request is repeated. */
  tick(): void {
    const now = this.#host.now();
    const total = this.#channels.get('overview')?.values.get('total/events');
    const { lastFrameAt, dialledAt } = this.#line.status();
    this.#pulse.tick(typeof total === 'number' ? total : undefined, now - (lastFrameAt ?? dialledAt));
    this.#line.tick();
    for (const [name, askedAt] of this.#askedAt) {
      if (this.#channels.get(name)?.seq === undefined && now - askedAt > PATIENCE_MS) this.#ask(name);
    }
  }

  /** Every channel's changes since the last call. */
  take(): ChannelChange[] {
    const changes: ChannelChange[] = [];
    for (const channel of this.#channels.values()) {
      const change = channel.take();
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }

  status(): FeedStatus {
    const [p50, p99] = this.#latency.percentiles([0.5, 0.99]);
    return {
      ...this.#line.status(),
      clockOffsetMs: this.#clock.offsetMs,
      watermark: this.#watermark,
      p50,
      p99,
      pulse: this.#pulse.strip,
      mismatches: this.#mismatches,
      gaps: this.#gaps,
      zone: this.#zone,
      currency: this.#currency,
      error: this.#error,
    };
  }

  #receive(frame: ServerFrame): void {
    switch (frame.t) {
      case 'hello':
        this.#clock.heard(frame.server_time, this.#host.now());
        this.#opened(frame);
        return;
      case 'hb':
        this.#clock.heard(frame.server_time, this.#host.now());
        this.#prove(frame.channels);
        return;
      case 'snap':
        this.#moved(frame.watermark, false);
        this.#askedAt.delete(frame.ch);
        this.#channels.get(frame.ch)?.snapshot(this.#epoch, frame.seq, frame.d, frame.as_of, frame.watermark);
        return;
      case 'd':
        // The answer to a request tells how old the state was, not how long an event takes.
        this.#moved(frame.watermark, !this.#askedAt.has(frame.ch));
        this.#delta(frame);
        return;
      case 'err':
        this.#error = `${frame.code}: ${frame.message}`;
        return;
      case 'bye':
        // The server goes on purpose and spreads its clients: its wait counts, not ours.
        this.#line.lose(frame.retry_ms);
        return;
      default:
        assertNever(frame);
    }
  }

  #opened({ epoch, zone, currency }: HelloFrame & { zone?: string; currency?: string }): void {
    this.#epoch = epoch;
    this.#zone = zone ?? this.#zone;
    this.#currency = currency ?? this.#currency;
    this.#error = undefined;
    this.#askedAt.clear();
    this.#line.opened();
    for (const name of this.#channels.keys()) this.#ask(name);
  }

  #delta(frame: DeltaFrame): void {
    const channel = this.#channels.get(frame.ch);
    if (channel === undefined) return;
    const outcome = channel.delta(frame.from, frame.to, frame.d, frame.as_of, frame.watermark);
    // An empty delta up to here is how the server says that nothing was missed.
    if (outcome === 'applied' || frame.to === channel.seq) this.#askedAt.delete(frame.ch);
    if (outcome !== 'gap') return;
    if (this.#host.now() - (this.#askedAt.get(frame.ch) ?? -Infinity) < PATIENCE_MS) return;
    this.#gaps++;
    this.#ask(frame.ch);
  }

  /** A hash of the same position that differs means that this copy is wrong: throw it away and start over. */
  #prove(channels: HeartbeatFrame['channels']): void {
    for (const [name, channel] of this.#channels) {
      const { seq, hash } = channels[name] ?? {};
      if (hash === undefined || channel.seq !== seq) continue;
      if (channelHash(channel.values) === hash) continue;
      this.#mismatches++;
      channel.forget();
      this.#ask(name);
    }
  }

  #moved(watermark: number | null, measure: boolean): void {
    if (watermark === null || !(watermark > (this.#watermark ?? 0))) return;
    this.#watermark = watermark;
    if (measure) this.#latency.heard(watermark, this.#host.now() + this.#clock.offsetMs);
  }

  /** Asks for a channel from where this copy stands, or from the beginning. */
  #ask(name: Channel): void {
    const channel = this.#channels.get(name);
    if (channel === undefined) return;
    this.#askedAt.set(name, this.#host.now());
    const { epoch, seq } = channel;
    const position = epoch === undefined || seq === undefined ? {} : { epoch, seq };
    this.#line.say({ t: 'sub', ch: name, ...position, hz: this.#visible ? VISIBLE_HZ : HIDDEN_HZ });
  }
}
