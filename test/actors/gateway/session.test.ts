import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hub } from '../../../actors/gateway/channels/hub.ts';
import {
  BEHIND_MS,
  DROP_BYTES,
  FRAMES_PER_SECOND,
  Session,
  SKIP_BYTES,
  TICK_MS,
} from '../../../actors/gateway/socket/session.ts';
import { pathOf } from '../../../protocol/channel.ts';
import { type Channel as ChannelName, WS_CLOSE } from '../../../protocol/frames-ws.ts';
import { ModelClient } from './client.ts';
import { seeded } from './lanes.ts';

const hashOf = (channel: { hash(): string }) => channel.hash();

/** A connection whose client reads when told to. */
class TestWire {
  readonly client: ModelClient;
  queue: string[] = [];
  closed: number | undefined;
  paused = false;
  extra = 0;

  constructor(client: ModelClient) {
    this.client = client;
  }

  send(frame: string): void {
    this.queue.push(frame);
    if (!this.paused) this.flush();
  }

  unsent(): number {
    return this.extra + this.queue.reduce((sum, frame) => sum + frame.length, 0);
  }

  close(code: number): void {
    this.closed = code;
  }

  flush(): void {
    for (const frame of this.queue) this.client.receive(frame);
    this.queue = [];
  }
}

function connect(hub: Hub, client = new ModelClient()): { session: Session; wire: TestWire; client: ModelClient } {
  const wire = new TestWire(client);
  const session = new Session(wire, hub);
  session.open(0, { zone: 'America/Sao_Paulo' });
  return { session, wire, client };
}

function change(hub: Hub, channel: ChannelName, key: string, value: number | null, now = 0): void {
  hub.channel(channel).put(key, value);
  hub.tick(now, { asOf: now, watermark: now });
}

const say = (session: Session, frame: unknown, now = 0) => session.receive(JSON.stringify(frame), now, now);

test('session says hello, answers a subscription with a snapshot, then deltas', () => {
  const hub = new Hub('e7');
  change(hub, 'overview', 'total/orders', 1);
  const { session, client } = connect(hub);
  assert.deepEqual(client.frames[0], {
    t: 'hello',
    proto: 1,
    epoch: 'e7',
    server_time: 0,
    tick_ms: TICK_MS,
    zone: 'America/Sao_Paulo',
  });
  say(session, { t: 'sub', ch: 'overview' });
  change(hub, 'overview', 'total/orders', 2);
  session.tick(0);
  session.tick(0);
  assert.deepEqual(
    client.frames.slice(1).map(({ t, seq, from, to, d }) => ({ t, seq, from, to, d })),
    [
      { t: 'snap', seq: 1, from: undefined, to: undefined, d: ['total/orders', 1] },
      { t: 'd', seq: undefined, from: 1, to: 2, d: ['total/orders', 2] },
    ],
  );
  say(session, { t: 'unsub', ch: 'overview' });
  change(hub, 'overview', 'total/orders', 3);
  session.tick(0);
  assert.equal(client.of('d').length, 1);
});

test('session resumes with one merged delta inside the ring, with a snapshot outside of it', () => {
  const hub = new Hub('e1');
  for (let tick = 1; tick <= 5; tick++) change(hub, 'states', `s${tick}`, tick, tick);
  for (const [epoch, seq] of [
    ['e0', 3],
    ['e1', 9],
    ['e1', undefined],
  ] as const) {
    const { session, client } = connect(hub);
    say(session, { t: 'sub', ch: 'states', epoch, seq });
    assert.equal(client.frames.at(-1)?.t, 'snap', `${epoch} ${seq}`);
  }
  const { session, wire } = connect(hub);
  wire.paused = true;
  wire.queue = [];
  say(session, { t: 'sub', ch: 'states', epoch: 'e1', seq: 2 });
  say(session, { t: 'sub', ch: 'states', epoch: 'e1', seq: 5 });
  const [merged, nothing] = wire.queue.map((frame) => JSON.parse(frame));
  assert.deepEqual([merged.from, merged.to, merged.d], [2, 5, ['s3', 3, 's4', 4, 's5', 5]]);
  assert.deepEqual([nothing.from, nothing.to, nothing.d], [5, 5, []], 'says that it resumed');
  change(hub, 'states', 'late', 1, 70_000);
  const old = connect(hub);
  say(old.session, { t: 'sub', ch: 'states', epoch: 'e1', seq: 2 });
  assert.equal(old.client.frames.at(-1)?.t, 'snap');
});

test('session refuses frames it cannot read, and goes on', () => {
  const { session, client } = connect(new Hub('e1'));
  const refused: [string, string][] = [
    ['', 'bad-message'],
    ['[]', 'bad-message'],
    ['null', 'bad-message'],
    ['{"t":"what"}', 'bad-message'],
    ['{"t":"sub"}', 'bad-message'],
    ['{"t":"sub","ch":"nothing"}', 'bad-message'],
    ['{"t":"sub","ch":"states","seq":-1}', 'bad-message'],
    ['{"t":"sub","ch":"states","hz":0}', 'bad-message'],
    ['{"t":"sub","ch":"states","epoch":7}', 'bad-message'],
    ['{"t":"unsub","ch":7}', 'bad-message'],
  ];
  for (const [text, code] of refused) {
    session.receive(text, 0, 0);
    assert.equal(client.frames.at(-1)?.t, 'err', text);
    assert.equal(client.frames.at(-1)?.code, code, text);
    assert.equal(typeof client.frames.at(-1)?.message, 'string');
  }
  say(session, { t: 'ping' });
  assert.equal(client.frames.at(-1)?.t, 'hb');
  assert.equal(session.closed, false);
});

test('session keeps to the rate its client asks for', () => {
  const hub = new Hub('e1');
  const { session, client } = connect(hub);
  say(session, { t: 'sub', ch: 'states', hz: 2 });
  for (let now = 0; now < 4_000; now += TICK_MS) {
    change(hub, 'states', 'a', now + 1, now);
    session.tick(now);
  }
  const deltas = client.of('d').length;
  assert.ok(deltas >= 7 && deltas <= 8, `${deltas} deltas in four seconds`);
  session.beat(4_000, 4_000, true, hashOf);
  assert.equal(client.compared, 1);
});

test('session beats with the number of each channel, every tenth time with its hash', () => {
  const hub = new Hub('e1');
  change(hub, 'states', 'a', 1);
  const { session, client } = connect(hub);
  say(session, { t: 'sub', ch: 'states' });
  say(session, { t: 'sub', ch: 'clicks' });
  session.beat(0, 99, false, hashOf);
  assert.deepEqual(client.frames.at(-1), {
    t: 'hb',
    server_time: 99,
    as_of: 0,
    channels: { states: { seq: 1 }, clicks: { seq: 0 } },
  });
  session.beat(0, 99, true, hashOf);
  assert.equal(client.compared, 2);
});

test('session passes over a client that does not read, then sends one merged delta', () => {
  const hub = new Hub('e1');
  const { session, wire, client } = connect(hub);
  say(session, { t: 'sub', ch: 'states' });
  wire.extra = SKIP_BYTES + 1;
  for (let tick = 0; tick < 100; tick++) {
    change(hub, 'states', `k${tick % 7}`, tick, tick * TICK_MS);
    session.tick(tick * TICK_MS);
    session.beat(tick * TICK_MS, 0, true, hashOf);
  }
  assert.equal(client.of('d').length + client.of('hb').length, 0);
  say(session, { t: 'sub', ch: 'overview' });
  assert.equal(client.of('snap').length, 1, 'no snapshot either');
  wire.extra = 0;
  session.tick(5_000);
  assert.deepEqual(
    client.of('d').map(({ from, to }) => [from, to]),
    [[0, 100]],
  );
  assert.equal(client.of('snap').length, 2);
  session.beat(5_000, 0, true, hashOf);
  assert.equal(client.compared, 2);
});

test('session closes a client that is behind for too long or too far, with 4008', () => {
  const hub = new Hub('e1');
  const slow = connect(hub);
  say(slow.session, { t: 'sub', ch: 'states' });
  slow.wire.extra = SKIP_BYTES + 1;
  change(hub, 'states', 'a', 1);
  slow.session.tick(1_000);
  slow.session.tick(1_000 + BEHIND_MS - 1);
  assert.equal(slow.wire.closed, undefined);
  slow.session.tick(1_000 + BEHIND_MS);
  assert.equal(slow.wire.closed, WS_CLOSE.slow);
  assert.deepEqual(slow.client.frames.at(-1), { t: 'bye', code: WS_CLOSE.slow, retry_ms: 1_000 });

  const full = connect(hub);
  full.wire.extra = DROP_BYTES + 1;
  full.session.tick(0);
  assert.equal(full.wire.closed, WS_CLOSE.slow);
  const frames = full.client.frames.length;
  full.session.tick(0);
  full.session.beat(0, 0, true, hashOf);
  full.session.leave(0);
  assert.equal(full.client.frames.length, frames, 'nothing after the goodbye');
});

test('session closes a client that floods, with 4029', () => {
  const { session, wire } = connect(new Hub('e1'));
  let now = 0;
  for (let frame = 0; frame < FRAMES_PER_SECOND; frame++) assert.equal(session.admit(now++), true);
  assert.equal(session.admit(1_000), true, 'the first of them is a second ago');
  assert.equal(session.admit(1_000), false);
  assert.equal(wire.closed, WS_CLOSE.tooFast);
  assert.equal(session.admit(5_000), false);
});

test('session holds a snapshot back until its channel has something to say', () => {
  const hub = new Hub('e1');
  hub.channel('states').open = false;
  const { session, client } = connect(hub);
  say(session, { t: 'sub', ch: 'states', epoch: 'e0', seq: 7 });
  session.tick(0);
  session.beat(0, 0, true, hashOf);
  assert.equal(client.of('snap').length, 0);
  assert.deepEqual(client.frames.at(-1)?.channels, {});
  change(hub, 'states', 'a', 1);
  hub.channel('states').open = true;
  session.tick(1);
  assert.deepEqual(client.frames.at(-1)?.d, ['a', 1]);
});

for (const seed of [1, 2, 3, 4]) {
  test(`client equals the server under random drops, reconnects and pauses, seed ${seed}`, () => {
    const random = seeded(seed);
    const hub = new Hub('e1');
    const names: ChannelName[] = ['states', 'series', 'products'];
    const client = new ModelClient();
    let connection = connect(hub, client);
    for (const ch of names) say(connection.session, client.resume(ch));
    for (let tick = 0, now = 0; tick < 2_000; tick++, now += TICK_MS) {
      for (const name of names) {
        if (random() < 0.5) continue;
        const key = pathOf(`k${Math.floor(random() * 40)}`, 'v');
        hub.channel(name).put(key, random() < 0.2 ? null : Math.floor(random() * 1e4) / 100);
      }
      if (random() < 0.003) now += 61_000;
      hub.tick(now, { asOf: now, watermark: now });
      const { session, wire } = connection;
      const chance = random();
      if (chance < 0.02) {
        // The connection breaks: what was on its way is lost.
        wire.queue = [];
        session.ended();
        connection = connect(hub, client);
        for (const name of names) say(connection.session, client.resume(name), now);
      } else if (chance < 0.06) wire.paused = true;
      else if (chance < 0.12) {
        wire.paused = false;
        wire.flush();
      } else if (chance < 0.14) {
        const name = names[Math.floor(random() * names.length)] as ChannelName;
        say(session, { ...client.resume(name), hz: 1 + Math.floor(random() * 20) }, now);
      }
      connection.session.tick(now);
      if (tick % 20 === 0) connection.session.beat(now, now, tick % 200 === 0, hashOf);
      if (connection.wire.closed !== undefined) {
        connection = connect(hub, client);
        for (const name of names) say(connection.session, client.resume(name), now);
      }
    }
    connection.wire.paused = false;
    connection.wire.flush();
    connection.session.beat(1e9, 1e9, true, hashOf);
    for (const name of names) {
      const channel = hub.channel(name);
      const values = new Map([...channel.keys()].map((key) => [key, channel.get(key)]));
      assert.deepEqual(new Map([...(client.channels.get(name)?.values ?? [])].sort()), new Map([...values].sort()));
    }
    assert.ok(client.compared >= 3);
    assert.ok(client.of('d').length > 100 && client.of('snap').length > 0);
  });
}
