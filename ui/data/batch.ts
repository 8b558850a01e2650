/** What the worker hands to the page: at most one of these every BATCH_MS, whatever the server sends. */
import type { Channel } from '../../protocol/frames-ws.ts';
import type { ChannelChange } from './channel.ts';
import type { FeedStatus } from './feed.ts';

/** Shortest time between two batches, ms: ten a second is what an eye can follow. */
export const BATCH_MS = 100;

export type FeedBatch = {
  readonly changes: readonly ChannelChange[];
  /** Once a second, and when the line changed its phase. */
  readonly status: FeedStatus | undefined;
};

/** The worker as the page calls it. */
export interface FeedWorker {
  start(url: string, listener: (batch: FeedBatch) => Promise<void>): void;
  setChannels(names: readonly Channel[]): void;
  setVisible(visible: boolean): void;
  reconnectNow(): void;
}
