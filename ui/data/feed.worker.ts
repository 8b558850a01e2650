/** The browser worker: owns the socket, decodes and merges there, and hands the page one batch at a time. */
import { expose } from 'comlink';
import { BATCH_MS, type FeedBatch, type FeedWorker } from './batch.ts';
import { Feed } from './feed.ts';
import type { LineSocket } from './line.ts';

/** How often the page is told how the line is doing, ms. */
const STATUS_MS = 1_000;

let url = '';
const feed = new Feed({
  now: () => Date.now(),
  random: () => Math.random(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  connect: () => new WebSocket(url) as LineSocket,
});

/** One batch is under way at a time: while the page is busy, changes go on merging here. */
function deliver(listener: (batch: FeedBatch) => Promise<void>): void {
  let phase = '';
  let toldAt = 0;
  let busy = false;
  setInterval(async () => {
    if (busy) return;
    const status = feed.status();
    const changes = feed.take();
    const now = Date.now();
    const due = status.phase !== phase || now - toldAt >= STATUS_MS;
    if (changes.length === 0 && !due) return;
    if (due) {
      phase = status.phase;
      toldAt = now;
    }
    busy = true;
    await listener({ changes, status: due ? status : undefined });
    busy = false;
  }, BATCH_MS);
}

const api: FeedWorker = {
  start(to, listener) {
    url = to;
    deliver(listener);
    setInterval(() => feed.tick(), 1_000);
    feed.start();
  },
  setChannels: (names) => feed.setChannels(names),
  setVisible: (visible) => feed.setVisible(visible),
  reconnectNow: () => feed.reconnectNow(),
};

// A network that comes back is not waited for.
self.addEventListener('online', () => feed.reconnectNow());
expose(api);
