/** All channels of a gateway under one epoch: whoever holds (epoch, channel, seq) holds known values. */
import { CHANNELS, type Channel as ChannelName } from '../../../protocol/frames-ws.ts';
import { Channel, type Moment } from './channel.ts';

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
