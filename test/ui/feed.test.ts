/** The stream's life on a fake line: resuming, healing, waiting, pacing. No socket, no clock, no chance of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelHash } from '../../protocol/channel.ts';
import { type ClientFrame, parseClientFrame, type ServerFrame } from '../../protocol/frames-ws.ts';
import { reconnectDelayMs } from '../../ui/data/backoff.ts';
import { Feed } from '../../ui/data/feed.ts';
import type { LineHost, LineSocket } from '../../ui/data/line.ts';

class FakeSocket implements LineSocket {
  onmessage: LineSocket['onmessage'] = null;
  onclose: LineSocket['onclose'] = null;
  readonly said: ClientFrame[] = [];
  closed = false;

  send(text: string): void {
    this.said.push(parseClientFrame(text));
  }

  close(): void {
    this.closed = true;
  }

  hear(frame: ServerFrame | Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  hello(epoch = 'e1', at = 1_000): void {
    this.hear({ t: 'hello', proto: 1, epoch, server_time: at, tick_ms: 50 });
  }
}

class FakeHost implements LineHost {
  time = 1_000;
  chance = 0.5;
  readonly sockets: FakeSocket[] = [];
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  random(): number {
    return this.chance;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  connect(): LineSocket {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  /** Lets time pass and runs what falls due, in order. */
  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = until;
  }
}

function started(channels: Parameters<Feed['setChannels']>[0] = ['states']): { host: FakeHost; feed: Feed } {
  const host = new FakeHost();
  const feed = new Feed(host);
  feed.setChannels(channels);
  feed.start();
  host.socket.hello();
  return { host, feed };
}

const snap = (seq: number, d: (string | number)[]): ServerFrame => ({
  t: 'snap',
  ch: 'states',
  seq,
  as_of: 1,
  watermark: 900,
  d,
});
const delta = (from: number, to: number, d: (string | number | null)[]): ServerFrame => ({
  t: 'd',
  ch: 'states',
  from,
  to,
  as_of: 2,
  watermark: 950,
  d,
});

test('feed subscribes after hello, without a position at first', () => {
  const { host } = started();
  assert.deepEqual(host.socket.said, [{ t: 'sub', ch: 'states', hz: 10 }]);
});

test('feed resumes from its position after a loss and takes one merged delta', () => {
  const { host, feed } = started();
  host.socket.hear(snap(7, ['SP/orders', 1]));
  host.socket.onclose?.();
  host.pass(30_000);
  assert.equal(host.sockets.length, 2);
  host.socket.hello();
  assert.deepEqual(host.socket.said, [{ t: 'sub', ch: 'states', epoch: 'e1', seq: 7, hz: 10 }]);
  host.socket.hear(delta(7, 12, ['SP/orders', 5]));
  const changes = feed.take();
  assert.deepEqual(changes[0]?.flat, ['SP/orders', 5]);
  assert.equal(feed.status().gaps, 0);
});

test('feed asks again from its position when a frame leaves a hole, once', () => {
  const { host, feed } = started();
  host.socket.hear(snap(7, ['SP/orders', 1]));
  host.socket.hear(delta(9, 10, ['SP/orders', 4]));
  host.socket.hear(delta(10, 11, ['SP/orders', 5]));
  assert.deepEqual(host.socket.said.slice(1), [{ t: 'sub', ch: 'states', epoch: 'e1', seq: 7, hz: 10 }]);
  host.socket.hear(delta(7, 11, ['SP/orders', 5]));
  assert.equal(feed.take()[0]?.flat.at(1), 5);
  assert.equal(feed.status().gaps, 1);
});

test('feed throws a copy away whose hash differs at the same position, and keeps one that agrees', () => {
  const { host, feed } = started();
  host.socket.hear(snap(7, ['SP/orders', 1]));
  const beat = (seq: number, hash: string): ServerFrame => ({
    t: 'hb',
    server_time: 1_000,
    as_of: 1,
    channels: { states: { seq, hash } },
  });
  host.socket.hear(beat(7, channelHash([['SP/orders', 1]])));
  host.socket.hear(beat(8, 'ffffffff'));
  assert.equal(feed.status().mismatches, 0, 'another position proves nothing');
  host.socket.hear(beat(7, 'ffffffff'));
  assert.equal(feed.status().mismatches, 1);
  assert.deepEqual(host.socket.said.at(-1), { t: 'sub', ch: 'states', hz: 10 });
  host.socket.hear(delta(7, 8, ['SP/orders', 2]));
  host.socket.hear(snap(8, ['SP/orders', 3]));
  assert.deepEqual(feed.take()[0]?.flat, ['SP/orders', 3]);
});

test('feed takes a snapshot of a new epoch over what it had', () => {
  const { host, feed } = started();
  host.socket.hear(snap(7, ['SP/orders', 1, 'RJ/orders', 1]));
  feed.take();
  host.socket.onclose?.();
  host.pass(30_000);
  host.socket.hello('e2');
  host.socket.hear(snap(1, ['SP/orders', 9]));
  assert.deepEqual(feed.take()[0], {
    channel: 'states',
    reset: true,
    flat: ['SP/orders', 9],
    frames: 1,
    asOf: 1,
    watermark: 900,
  });
});

test('feed waits longer after every failure, with full jitter up to 30 s', () => {
  const ceilings = Array.from({ length: 10 }, (_, index) => reconnectDelayMs(index + 1, 0.999999));
  assert.deepEqual(ceilings, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  assert.equal(reconnectDelayMs(9, 0), 0);
  const { host, feed } = started();
  for (let attempt = 1; attempt <= 4; attempt++) {
    host.socket.onclose?.();
    assert.equal(feed.status().attempt, attempt);
    assert.equal((feed.status().retryAt as number) - host.time, reconnectDelayMs(attempt, 0.5));
    host.pass(reconnectDelayMs(attempt, 0.5));
    assert.equal(host.sockets.length, attempt + 1);
  }
  host.socket.hello();
  assert.equal(feed.status().attempt, 0);
});

test('feed dials at once when told that the network or the reader is back', () => {
  const { host, feed } = started();
  host.socket.onclose?.();
  feed.reconnectNow();
  assert.equal(host.sockets.length, 2);
  host.pass(60_000);
  assert.equal(host.sockets.length, 2, 'the wait that was under way is off');
  feed.setVisible(false);
  host.socket.onclose?.();
  feed.setVisible(true);
  assert.equal(host.sockets.length, 3);
});

test('feed obeys the wait of a server that says goodbye', () => {
  const { host } = started();
  host.socket.hear({ t: 'bye', code: 1001, retry_ms: 4_321 });
  assert.equal(host.sockets[0]?.closed, true);
  host.pass(4_320);
  assert.equal(host.sockets.length, 1);
  host.pass(1);
  assert.equal(host.sockets.length, 2);
});

test('feed gives up a socket that fell silent, or never said hello', () => {
  const { host, feed } = started();
  host.pass(15_001);
  feed.tick();
  assert.equal(host.sockets[0]?.closed, true);
  host.pass(1_000);
  assert.equal(host.sockets.length, 2);
  host.pass(15_001);
  feed.tick();
  assert.equal(host.sockets[1]?.closed, true);
});

test('feed asks for one frame a second while the page is hidden', () => {
  const { host, feed } = started();
  host.socket.hear(snap(7, []));
  feed.setVisible(false);
  assert.deepEqual(host.socket.said.at(-1), { t: 'sub', ch: 'states', epoch: 'e1', seq: 7, hz: 1 });
  feed.setVisible(true);
  assert.deepEqual(host.socket.said.at(-1), { t: 'sub', ch: 'states', epoch: 'e1', seq: 7, hz: 10 });
});

test('feed never says more than twenty things in a second and still says them all', () => {
  const channels = [
    'overview',
    'series',
    'minutes',
    'states',
    'categories',
    'products',
    'payments',
    'segments',
  ] as const;
  const { host, feed } = started(channels);
  const times: number[] = [];
  const { said } = host.socket;
  for (let round = 0; round < 6; round++) feed.setVisible(round % 2 === 1);
  for (let waited = 0; waited < 10_000; waited += 10) {
    while (times.length < said.length) times.push(host.time);
    host.pass(10);
  }
  assert.equal(said.length, channels.length * 7);
  for (const [index, at] of times.entries())
    assert.ok((times[index + 20] ?? Infinity) - at > 1_000, `message ${index}`);
});

test('feed lives through frames it does not know, and resumes after one it cannot read', () => {
  const { host, feed } = started();
  host.socket.hear(snap(7, ['a', 1]));
  host.socket.hear({ t: 'weather', sunny: true });
  assert.equal(host.sockets[0]?.closed, false);
  host.socket.onmessage?.({ data: '{"t":"d"' });
  assert.equal(host.sockets[0]?.closed, true);
  host.pass(1_000);
  host.socket.hello();
  assert.deepEqual(host.socket.said, [{ t: 'sub', ch: 'states', epoch: 'e1', seq: 7, hz: 10 }]);
  assert.equal(feed.status().phase, 'open');
});

test('feed asks again for a channel whose snapshot never came', () => {
  const { host, feed } = started();
  host.pass(5_001);
  host.socket.hear({ t: 'hb', server_time: 6_001, as_of: 1, channels: {} });
  feed.tick();
  assert.deepEqual(host.socket.said, [
    { t: 'sub', ch: 'states', hz: 10 },
    { t: 'sub', ch: 'states', hz: 10 },
  ]);
});

test('feed tells the age of the newest event by the server clock, and seconds without a frame', () => {
  const { host, feed } = started(['overview']);
  const values = (total: number) => ({ ch: 'overview' as const, as_of: 1, d: ['total/events', total] });
  // The server is a second ahead of this machine.
  host.socket.hear({ t: 'hb', server_time: 2_000, as_of: 1, channels: {} });
  host.socket.hear({ t: 'snap', seq: 1, watermark: 500, ...values(100) });
  feed.tick();
  assert.equal(feed.status().p50, undefined, 'a snapshot tells how old the state was, not how long an event takes');
  host.pass(1_000);
  host.socket.hear({ t: 'd', from: 1, to: 2, watermark: 2_900, ...values(150) });
  feed.tick();
  host.pass(2_000);
  feed.tick();
  const status = feed.status();
  assert.equal(status.clockOffsetMs, 1_000);
  assert.equal(status.p50, 100);
  assert.deepEqual(status.pulse.slice(-3), [0, 50, -1]);
});
