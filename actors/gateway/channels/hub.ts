/** All channels of a gateway under one epoch: whoever holds (epoch, channel, seq) holds known values. */
import { Channel, type Moment } from './channel.ts';

export const CHANNELS = [
  'overview',
  'series',
  'minutes',
  'states',
  'categories',
  'products',
  'payments',
  'segments',
  'operations',
  'clicks',
  'alerts',
  'quality',
  'jobs',
  'archive',
  'system',
] as const;
export type ChannelName = (typeof CHANNELS)[number];

export function isChannelName(name: unknown): name is ChannelName {
  return (CHANNELS as readonly unknown[]).includes(name);
}

export class Hub {
  /** Another gateway, another epoch: its numbers mean nothing to this one. */
  readonly epoch: string;
  #channels: ReadonlyMap<ChannelName, Channel>;
  #moment: Moment = { asOf: 0, watermark: null };

  constructor(epoch: string) {
    this.epoch = epoch;
    this.#channels = new Map(CHANNELS.map((name) => [name, new Channel(name)]));
  }

  get moment(): Moment {
    return this.#moment;
  }

  channel(name: ChannelName): Channel {
    return this.#channels.get(name) as Channel;
  }

  /** Ends a tick for every channel; answers whether any of them changed. */
  tick(now: number, moment: Moment): boolean {
    this.#moment = moment;
    let changed = false;
    for (const channel of this.#channels.values()) changed = channel.tick(now, moment) || changed;
    return changed;
  }
}
