import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Channel, RING_MS } from '../../../actors/gateway/channels/channel.ts';
import { best } from '../../../actors/gateway/channels/products.ts';
import { pathOf } from '../../../protocol/channel.ts';
import { ModelClient, plainHash } from './client.ts';
import { seeded } from './lanes.ts';

const moment = { asOf: 1, watermark: 2 };

function valuesOf(channel: Channel): Map<string, unknown> {
  return new Map([...channel.keys()].map((key) => [key, channel.get(key)]));
}

test('channel numbers only ticks in which something changed', () => {
  const channel = new Channel('overview');
  assert.equal(channel.tick(0, moment), false);
  channel.put('a', 1);
  assert.equal(channel.tick(0, moment), true);
  channel.put('a', 1);
  channel.put('b', null);
  assert.equal(channel.tick(0, moment), false);
  assert.equal(channel.seq, 1);
  assert.deepEqual(JSON.parse(channel.snapshot()), {
    t: 'snap',
    ch: 'overview',
    seq: 1,
    as_of: 1,
    watermark: 2,
    d: ['a', 1],
  });
  channel.put('a', null);
  channel.put('c', 'x"y');
  channel.tick(0, { asOf: 3, watermark: null });
  assert.deepEqual(JSON.parse(channel.delta(1)), {
    t: 'd',
    ch: 'overview',
    from: 1,
    to: 2,
    as_of: 3,
    watermark: null,
    d: ['a', null, 'c', 'x"y'],
  });
});

test('channel lets clients resume for a minute, and not from where it has forgotten', () => {
  const channel = new Channel('states');
  for (let tick = 0; tick < 5; tick++) {
    channel.put('a', tick);
    channel.tick(tick * 1_000, moment);
  }
  assert.equal(channel.canResume(0), true);
  assert.equal(channel.canResume(6), false);
  assert.equal(channel.canResume(1.5), false);
  channel.put('a', 'late');
  channel.tick(RING_MS + 2_500, moment);
  assert.equal(channel.canResume(2), false);
  assert.equal(channel.canResume(3), true);
});

test('channel brings any client at any reachable place to the same values', () => {
  const random = seeded(5);
  const channel = new Channel('series');
  const clients = new Map<number, ModelClient>();
  let now = 0;
  for (let tick = 0; tick < 600; tick++) {
    now += Math.floor(random() * 400);
    for (let change = 0; change < 5; change++) {
      const key = pathOf(`k${Math.floor(random() * 60)}`, 'ú/ä');
      channel.put(key, random() < 0.3 ? null : Math.floor(random() * 1e6) / 100);
    }
    channel.tick(now, moment);
    if (tick % 10 === 0) {
      const client = new ModelClient();
      client.receive(channel.snapshot());
      clients.set(channel.seq, client);
    }
    for (const [seq, client] of clients) {
      if (random() > 0.02) continue;
      clients.delete(seq);
      if (!channel.canResume(seq)) continue;
      client.receive(channel.delta(seq));
      const held = client.channels.get('series');
      assert.deepEqual(new Map([...(held?.values ?? [])].sort()), new Map([...valuesOf(channel)].sort()));
      assert.equal(channel.hash(), plainHash(held?.values ?? new Map()));
    }
  }
});

test('best keeps the largest, equal ones by their id', () => {
  const sales = new Map([
    ['b', 5],
    ['a', 5],
    ['c', 9],
    ['d', 1],
  ]);
  const all = (visit: (key: string, value: number) => void) => {
    for (const [key, value] of sales) visit(key, value);
  };
  assert.deepEqual(best(all, 3), ['c', 'a', 'b']);
  assert.deepEqual(best(all, 10), ['c', 'a', 'b', 'd']);
});
