import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { BEHIND_MS, SKIP_BYTES } from '../../../actors/gateway/socket/session.ts';
import { MOST_CLIENTS } from '../../../actors/gateway/socket/sockets.ts';
import { CHANNELS, WS_CLOSE } from '../../../protocol/frames-ws.ts';
import { ModelClient } from './client.ts';
import { connectLane, runningTree, type Served, serve, TOKEN, tellStatus } from './served.ts';

type Connected = { readonly socket: WebSocket; readonly client: ModelClient; readonly closed: Promise<number> };

async function open(served: Served, client = new ModelClient(), query = ''): Promise<Connected> {
  const socket = new WebSocket(`${served.url.replace('http', 'ws')}/ws${query}`);
  socket.on('message', (data) => client.receive(String(data)));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  return { socket, client, closed };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

const say = (socket: WebSocket, frame: unknown) => socket.send(JSON.stringify(frame));

async function subscribeAll({ socket, client }: Connected): Promise<void> {
  for (const ch of CHANNELS) say(socket, client.resume(ch));
  await until(() => CHANNELS.every((ch) => client.channels.has(ch)));
}

/** The status an upgrade is answered with. */
function upgradeStatus(served: Served, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(`${served.url}${path}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        ...headers,
      },
      agent: false,
    });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('upgrade', (_, socket) => {
      socket.destroy();
      resolve(101);
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('socket is let in only by its own name, from an allowed origin, with the token beyond loopback', async (t) => {
  const served = await serve(t);
  assert.equal(await upgradeStatus(served, '/ws', {}), 101);
  assert.equal(await upgradeStatus(served, '/ws', { origin: served.url }), 101);
  assert.equal(await upgradeStatus(served, '/ws', { origin: 'https://shop.example' }), 101);
  assert.equal(await upgradeStatus(served, '/ws', { origin: 'https://evil.example' }), 403);
  assert.equal(await upgradeStatus(served, '/ws', { origin: 'null' }), 403);
  assert.equal(await upgradeStatus(served, '/ws', { host: 'evil.example' }), 403);
  assert.equal(await upgradeStatus(served, '/other', {}), 404);
  const open = await serve(t, { host: '0.0.0.0' });
  assert.equal(await upgradeStatus(open, '/ws', {}), 401);
  assert.equal(await upgradeStatus(open, '/ws?token=wrong', {}), 401);
  assert.equal(await upgradeStatus(open, `/ws?token=${TOKEN}`, {}), 101);
});

test('client follows all channels and equals the server', async (t) => {
  const served = await serve(t);
  served.shop.step(300, 60_000);
  await connectLane(served);
  tellStatus(served, runningTree());
  served.gateway.state.status.addFinding(
    {
      type: 'finding',
      id: 'generation',
      severity: 'ok',
      text: 'as asked',
      since: 1,
      evidence: { asked_rate: 5, seen_rate: null },
    },
    0,
  );
  const connected = await open(served);
  const { client, socket } = connected;
  await subscribeAll(connected);
  for (let step = 0; step < 20; step++) {
    served.shop.step(100, 30_000);
    served.tellLanes();
    served.gateway.tick();
    await turn();
  }
  const { hub } = served.gateway.state;
  await until(() => CHANNELS.every((ch) => client.channels.get(ch)?.seq === hub.channel(ch).seq));
  assert.ok(client.of('d').length >= 20);
  for (const ch of [
    'overview',
    'series',
    'minutes',
    'states',
    'categories',
    'products',
    'payments',
    'segments',
    'clicks',
    'system',
    'quality',
  ] as const) {
    assert.ok((client.channels.get(ch)?.values.size ?? 0) > 0, ch);
  }
  assert.equal(client.channels.get('system')?.values.get('consumer-0/state'), 'running');
  assert.equal(client.channels.get('quality')?.values.get('generation/evidence/asked_rate'), 5);
  assert.ok(Number(client.channels.get('overview')?.values.get('total/revenue')) > 0);
  served.gateway.sockets.beat();
  await until(() => client.compared >= CHANNELS.length);
  socket.close();
  await connected.closed;
  await until(() => served.gateway.sockets.size === 0);
});

test('client resumes after a break with one merged delta a channel', async (t) => {
  const served = await serve(t);
  served.shop.step(300, 60_000);
  await connectLane(served);
  const client = new ModelClient();
  const first = await open(served, client);
  await subscribeAll(first);
  first.socket.terminate();
  await first.closed;
  for (let step = 0; step < 5; step++) {
    served.shop.step(100, 10_000);
    served.tellLanes();
    served.gateway.tick();
  }
  client.frames.length = 0;
  const second = await open(served, client);
  say(second.socket, client.resume('overview'));
  say(second.socket, client.resume('states'));
  const { hub } = served.gateway.state;
  await until(
    () => client.of('d').some(({ ch }) => ch === 'states') && client.of('d').some(({ ch }) => ch === 'overview'),
  );
  assert.equal(client.of('snap').length, 0);
  await until(() => client.channels.get('states')?.seq === hub.channel('states').seq);
  second.socket.close();
  await second.closed;
});

test('socket closes a frame that is too large with 1009 and a flood with 4029, and others go on', async (t) => {
  const served = await serve(t);
  const good = await open(served);
  const large = await open(served);
  large.socket.send('x'.repeat(16 * 1024 + 1));
  assert.equal(await large.closed, 1009);
  const exact = await open(served);
  exact.socket.send('x'.repeat(16 * 1024));
  await until(() => exact.client.of('err').length === 1);
  exact.socket.send(Buffer.from([1, 2, 3]));
  await until(() => exact.client.of('err').length === 2);
  const flood = await open(served);
  for (let frame = 0; frame < 200; frame++) say(flood.socket, { t: 'ping' });
  assert.equal(await flood.closed, WS_CLOSE.tooFast);
  assert.equal(flood.client.of('bye')[0]?.code, WS_CLOSE.tooFast);
  const pings = await open(served);
  for (let frame = 0; frame < 200; frame++) pings.socket.ping();
  assert.equal(await pings.closed, WS_CLOSE.tooFast);
  say(good.socket, { t: 'sub', ch: 'overview' });
  await until(() => good.client.channels.has('overview'));
  assert.equal(good.socket.readyState, WebSocket.OPEN);
  good.socket.close();
  exact.socket.close();
  await Promise.all([good.closed, exact.closed]);
});

/** A WebSocket client that can stop reading, as no library lets one. */
async function openRaw(served: Served): Promise<Socket> {
  const { port } = new URL(served.url);
  const socket = connectTcp(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await once(socket, 'data');
  const text = Buffer.from('{"t":"sub","ch":"states"}');
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  await once(socket, 'data');
  return socket;
}

/** The code of the close frame at the end of a stream of frames. */
function closeCode(bytes: Buffer): number | undefined {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = (bytes[at] as number) & 15;
    let length = (bytes[at + 1] as number) & 127;
    let head = 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at + 2);
      head = 4;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at + 2));
      head = 10;
    }
    if (opcode === 8) return bytes.readUInt16BE(at + head);
    at += head + length;
  }
  return undefined;
}

test('stalled client costs a bounded amount, is closed with 4008, and harms nobody', async (t) => {
  let ahead = 0;
  const served = await serve(t, { clock: () => performance.now() + ahead });
  const good = await open(served);
  say(good.socket, { t: 'sub', ch: 'states' });
  await until(() => good.client.channels.has('states'));
  const stalled = await openRaw(served);
  stalled.pause();
  const channel = served.gateway.state.hub.channel('states');
  const most = { unsent: 0 };
  for (let step = 0; step < 400; step++) {
    for (let key = 0; key < 1_000; key++) channel.put(`key-${key}-of-a-wide-breakdown`, step * 1_000 + key);
    served.gateway.tick();
    await until(() => good.client.channels.get('states')?.seq === channel.seq);
    most.unsent = Math.max(most.unsent, served.gateway.sockets.unsent);
  }
  assert.ok(most.unsent > SKIP_BYTES && most.unsent < SKIP_BYTES + 128 * 1024, `${most.unsent} bytes unsent`);
  ahead += BEHIND_MS + 1_000;
  channel.put('one-more', 1);
  served.gateway.tick();
  assert.equal(served.gateway.sockets.size, 1);
  const received: Buffer[] = [];
  stalled.on('data', (chunk) => received.push(chunk));
  const ended = once(stalled, 'end');
  stalled.resume();
  // A client that closes too lets the server end the connection, and all has come.
  stalled.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
  await ended;
  assert.equal(closeCode(Buffer.concat(received)), WS_CLOSE.slow);
  stalled.destroy();
  await until(() => good.client.channels.get('states')?.values.get('one-more') === 1);
  good.socket.close();
  await good.closed;
});

test('gateway says goodbye to its clients when it ends', async (t) => {
  const served = await serve(t);
  const connected = await open(served);
  const closing = served.gateway.close();
  assert.equal(await connected.closed, WS_CLOSE.goingAway);
  const [bye] = connected.client.of('bye');
  assert.ok(Number(bye?.retry_ms) > 0);
  await closing;
});

test('gateway refuses clients beyond its limit before the upgrade', async (t) => {
  const served = await serve(t);
  assert.equal(served.gateway.sockets.full, false);
  const sockets = await Promise.all(Array.from({ length: MOST_CLIENTS }, () => openMany(served)));
  assert.equal(served.gateway.sockets.full, true);
  assert.equal(await upgradeStatus(served, '/ws', {}), 503);
  for (const socket of sockets) socket.destroy();
  await until(() => served.gateway.sockets.size === 0);
  assert.equal(await upgradeStatus(served, '/ws', {}), 101);
});

async function openMany(served: Served): Promise<Socket> {
  const { port } = new URL(served.url);
  const socket = connectTcp(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.resume();
  return socket;
}
