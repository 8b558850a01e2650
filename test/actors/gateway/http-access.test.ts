import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertError, bearer, call, command, json, post } from './calls.ts';
import { serve, TOKEN } from './served.ts';

test('gateway knows its methods and paths', async (t) => {
  const served = await serve(t);
  assertError(await call(served, '/nothing'), 404, 'not-found');
  assertError(await call(served, '/kpi/summary/x'), 404, 'not-found');
  assertError(await command(served, '/archive/nothing', {}), 404, 'not-found');
  const wrong = await call(served, '/ledger', { method: 'DELETE' });
  assertError(wrong, 405, 'method-not-allowed');
  assert.equal(wrong.headers.allow, 'GET, HEAD, OPTIONS');
  const getEvents = await call(served, '/events');
  assertError(getEvents, 405, 'method-not-allowed');
  assert.equal(getEvents.headers.allow, 'POST, OPTIONS');
  assertError(await call(served, '/', { method: 'POST', headers: json, body: '{}' }), 405, 'method-not-allowed');
  const head = await call(served, '/ledger', { method: 'HEAD' });
  assert.deepEqual([head.status, head.body], [200, '']);
  assert.ok(Number(head.headers['content-length']) > 0);
  const options = await call(served, '/ledger', { method: 'OPTIONS' });
  assert.deepEqual([options.status, options.headers.allow], [204, 'GET, HEAD, OPTIONS']);
});

test('gateway serves only names that are its own', async (t) => {
  const served = await serve(t);
  const port = new URL(served.url).port;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', '[::1]:1', 'shop.example', '127.9.9.9']) {
    assert.equal((await call(served, '/healthz', { headers: { host } })).status, 200, host);
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '192.168.1.1',
    'localhost.evil.example',
    '127.0.0.1@evil.example',
  ]) {
    assertError(await call(served, '/ledger', { headers: { host } }), 403, 'forbidden');
  }
  assertError(await call(served, '/healthz', { headers: { host: 'evil.example' } }), 403, 'forbidden');
});

test('gateway takes no change from a foreign origin', async (t) => {
  const served = await serve(t);
  const send = (origin: string) => post(served, '{}\n', { origin });
  assert.equal((await send(served.url)).status, 202);
  assert.equal((await send('https://shop.example')).status, 202);
  for (const origin of ['https://evil.example', 'null', 'http://localhost:1', `https://127.0.0.1.evil`, '']) {
    assertError(await send(origin), 403, 'forbidden');
  }
  assertError(
    await command(served, '/system/lanes', { lanes: 1 }, { origin: 'https://evil.example' }),
    403,
    'forbidden',
  );
  const read = await call(served, '/ledger', { headers: { origin: 'https://evil.example' } });
  assert.equal(read.headers['access-control-allow-origin'], undefined);
  const allowed = await call(served, '/ledger', { headers: { origin: 'https://shop.example' } });
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://shop.example');
  const preflight = await call(served, '/events', { method: 'OPTIONS', headers: { origin: 'https://shop.example' } });
  assert.equal(preflight.headers['access-control-allow-methods'], 'POST, OPTIONS');
  const foreign = await call(served, '/events', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
  assert.equal(foreign.headers['access-control-allow-methods'], undefined);
});

test('gateway wants the token for commands, and for everything when it listens beyond loopback', async (t) => {
  const served = await serve(t);
  const path = '/system/actors/consumer-0/kill';
  const body = JSON.stringify({ reason: 'test', idempotency_key: 'k' });
  assertError(await call(served, path, { method: 'POST', headers: json, body }), 401, 'unauthorized');
  assertError(
    await call(served, path, { method: 'POST', headers: { ...json, authorization: 'Bearer wrong' }, body }),
    401,
    'unauthorized',
  );
  assertError(await call(served, `${path}?token=wrong`, { method: 'POST', headers: json, body }), 401, 'unauthorized');

  const open = await serve(t, { host: '0.0.0.0' });
  assert.equal((await call(open, '/healthz')).status, 200);
  assert.equal((await call(open, '/readyz')).status, 503);
  for (const closed of ['/', '/ledger', '/assets/x.js', '/nothing', '/metrics']) {
    assertError(await call(open, closed), 401, 'unauthorized');
  }
  assertError(await post(open, '{}\n'), 401, 'unauthorized');
  assert.equal((await post(open, '{}\n', bearer)).status, 202);
  assert.equal((await call(open, '/ledger', { headers: bearer })).status, 200);
  assert.equal((await call(open, `/ledger?token=${TOKEN}`)).status, 200);
  writeFileSync(join(open.pageDir, 'index.html'), '<!doctype html>');
  const page = await call(open, `/?token=${TOKEN}`);
  assert.equal(page.status, 200);
  const cookie = page.headers['set-cookie']?.[0]?.split(';')[0] as string;
  assert.equal((await call(open, '/', { headers: { cookie } })).status, 200);
  assertError(await call(open, '/ledger', { headers: { cookie } }), 401, 'unauthorized');
});

test('gateway survives what no client of good will sends', async (t) => {
  const served = await serve(t);
  const { port } = new URL(served.url);
  const raw = (text: string) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', () => resolve(answer));
    });
  assert.match(await raw('garbage\r\n\r\n'), /^HTTP\/1\.1 400/);
  assert.match(
    await raw('GET http://evil.example/ledger HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400/,
  );
  assert.match(
    await raw('GET /ledger HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 (400|403)/,
  );
  assert.match(await raw('GET /ledger HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 403/);
  assert.match(await raw('GET /ledger HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 403/);
  assert.match(await raw(`GET /ledger HTTP/1.1\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431/);
  const half = connect(Number(port), '127.0.0.1', () => {
    half.write(
      'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100\r\n\r\n{"a"',
    );
    half.destroy();
  });
  await new Promise((resolve) => half.once('close', resolve));
  assert.equal((await call(served, '/healthz')).status, 200);
  served.answer = () => {
    throw new Error('secret inside');
  };
  const broken = await call(served, '/orders');
  assertError(broken, 500, 'internal');
  assert.doesNotMatch(broken.body, /secret/);
});
