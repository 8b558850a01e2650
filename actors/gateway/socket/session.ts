/**
 * One client's side of the push: what it holds of which channel, and what to send it now. The decisions only; the
 * wire is handed in. A client that reads too slowly is passed over and later gets one merged delta, so that it costs
 * its own share of memory and nothing of anybody else's.
 */
import { assertNever, toWireError } from '../../../protocol/errors.ts';
import {
  type Channel as ChannelName,
  type ClientFrame,
  parseClientFrame,
  type SubFrame,
  WS_CLOSE,
  WS_PROTOCOL,
} from '../../../protocol/frames-ws.ts';
import type { Channel } from '../channels/channel.ts';
import type { Hub } from '../channels/hub.ts';

export const TICK_MS = 50;
const MOST_HZ = 1_000 / TICK_MS;
/** Above so many unsent bytes a client is passed over. */
export const SKIP_BYTES = 64 * 1024;
/** Above so many, or passed over for so long, it is closed: it may come back and resume. */
export const DROP_BYTES = 1024 * 1024;
export const BEHIND_MS = 10_000;
/** More frames than this in a second is a flood. */
export const FRAMES_PER_SECOND = 20;

/** A connection as a session needs it. `send` takes what it is given, at once or later. */
export interface Wire {
  send(frame: string): void;
  /** Bytes taken but not sent. */
  unsent(): number;
  close(code: number, reason: string): void;
}

type Subscription = {
  readonly channel: Channel;
  /** -1: a snapshot is due. */
  seq: number;
  /** undefined = with every tick. */
  hz: number | undefined;
  sentAt: number;
};

export class Session {
  #wire: Wire;
  #hub: Hub;
  #subscriptions = new Map<ChannelName, Subscription>();
  #behindSince: number | undefined;
  /** Arrival times of the last frames, as a ring. */
  #arrivals: number[] = [];
  #arrival = 0;
  #closed = false;

  constructor(wire: Wire, hub: Hub) {
    this.#wire = wire;
    this.#hub = hub;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** `facts` go into the hello as they are. */
  open(serverTime: number, facts: Readonly<Record<string, string>>): void {
    const { epoch } = this.#hub;
    this.#send({ t: 'hello', proto: WS_PROTOCOL, epoch, server_time: serverTime, tick_ms: TICK_MS, ...facts });
  }

  /** Counts an inbound frame of any kind; answers false when the client was closed for a flood. */
  admit(now: number): boolean {
    if (this.#closed) return false;
    const oldest = this.#arrivals[this.#arrival];
    this.#arrivals[this.#arrival] = now;
    this.#arrival = (this.#arrival + 1) % FRAMES_PER_SECOND;
    if (oldest === undefined || now - oldest >= 1_000) return true;
    this.#close(WS_CLOSE.tooFast, `more than ${FRAMES_PER_SECOND} frames a second`, 5_000);
    return false;
  }

  receive(text: string, now: number, serverTime: number): void {
    try {
      this.#handle(parseClientFrame(text), now, serverTime);
    } catch (thrown) {
      this.#send({ t: 'err', ...toWireError(thrown) });
    }
  }

  /** Sends what has changed since the last tick, or notes that the client is behind. */
  tick(now: number): void {
    if (this.#closed) return;
    if (this.#wire.unsent() > DROP_BYTES) {
      this.#drop();
      return;
    }
    let behind = false;
    for (const subscription of this.#subscriptions.values()) {
      if (!isDue(subscription, now)) continue;
      if (this.#wire.unsent() > SKIP_BYTES) behind = true;
      else this.#update(subscription, now);
    }
    if (!behind) this.#behindSince = undefined;
    else if (this.#behindSince === undefined) this.#behindSince = now;
    else if (now - this.#behindSince >= BEHIND_MS) this.#drop();
  }

  /** Once a second. With hashes, channels that are held back by `hz` are sent first, so that the client can compare. */
  beat(now: number, serverTime: number, withHashes: boolean, hashOf: (channel: Channel) => string): void {
    if (this.#closed || this.#wire.unsent() > SKIP_BYTES) return;
    const channels: Record<string, { seq: number; hash?: string }> = {};
    for (const [name, subscription] of this.#subscriptions) {
      const { channel } = subscription;
      if (!channel.open) continue;
      if (withHashes && subscription.seq !== channel.seq) this.#update(subscription, now);
      channels[name] = withHashes ? { seq: channel.seq, hash: hashOf(channel) } : { seq: channel.seq };
    }
    this.#send({ t: 'hb', server_time: serverTime, as_of: this.#hub.moment.asOf, channels });
  }

  /** Says goodbye: the server ends. */
  leave(retryMs: number): void {
    if (!this.#closed) this.#close(WS_CLOSE.goingAway, 'the server ends', retryMs);
  }

  /** The connection is gone. */
  ended(): void {
    this.#closed = true;
    this.#subscriptions.clear();
  }

  #handle(frame: ClientFrame, now: number, serverTime: number): void {
    switch (frame.t) {
      case 'sub':
        this.#subscribe(frame, now);
        return;
      case 'unsub':
        this.#subscriptions.delete(frame.ch);
        return;
      case 'ping':
        this.beat(now, serverTime, false, () => '');
        return;
      default:
        assertNever(frame);
    }
  }

  /** A place that can be reached with one delta is taken up, an empty delta included: it says so. Else a snapshot. */
  #subscribe({ ch, epoch, seq, hz }: SubFrame, now: number): void {
    const channel = this.#hub.channel(ch);
    const resumes = epoch === this.#hub.epoch && seq !== undefined && channel.canResume(seq);
    const subscription: Subscription = {
      channel,
      seq: -1,
      hz: hz !== undefined && hz < MOST_HZ ? hz : undefined,
      sentAt: now,
    };
    this.#subscriptions.set(ch, subscription);
    if (!channel.open) return;
    if (this.#wire.unsent() > SKIP_BYTES) {
      if (resumes) subscription.seq = seq;
    } else if (resumes) {
      this.#wire.send(channel.delta(seq));
      subscription.seq = channel.seq;
    } else this.#update(subscription, now);
  }

  #update(subscription: Subscription, now: number): void {
    const { channel, seq } = subscription;
    this.#wire.send(seq >= 0 && channel.canResume(seq) ? channel.delta(seq) : channel.snapshot());
    subscription.seq = channel.seq;
    subscription.sentAt = now;
  }

  #drop(): void {
    this.#close(WS_CLOSE.slow, 'reads too slowly', 1_000);
  }

  #close(code: number, reason: string, retryMs: number): void {
    this.#send({ t: 'bye', code, retry_ms: retryMs });
    this.#wire.close(code, reason);
    this.ended();
  }

  #send(frame: Readonly<Record<string, unknown>>): void {
    this.#wire.send(JSON.stringify(frame));
  }
}

/** Clients of the same rate are due in the same ticks, so that they share their frames. */
function isDue({ channel, seq, hz, sentAt }: Subscription, now: number): boolean {
  if (!channel.open || seq === channel.seq) return false;
  if (hz === undefined || seq < 0) return true;
  return Math.floor((now * hz) / 1_000) > Math.floor((sentAt * hz) / 1_000);
}
