import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { EventIntake, MOST_BODY_BYTES } from '../../../actors/gateway/http/event-intake.ts';
import { readFrames } from '../../../protocol/frames.ts';
import { assertError, post } from './calls.ts';
import { serve } from './served.ts';

test('gateway takes events as NDJSON, each line routed, too long ones rejected', async (t) => {
  const served = await serve(t);
  const long = `{"x":"${'y'.repeat(1024 * 1024)}"}`;
  const lines = ['\uFEFF{"type":"click","user_id":"u1"}', '', long, 'not json\r', '{"type":"order","order_id":"o1"}'];
  const reply = await post(served, lines.join('\n'));
  assert.equal(reply.status, 202);
  assert.deepEqual(reply.json(), { accepted: 3, rejected: [{ line: 3, reason: 'too-large' }] });
  const [request] = served.appends;
  const records = (request?.appends ?? []).flatMap(({ topic, frames }) =>
    [...readFrames(frames)].map(({ start, end }) => [topic, Buffer.from(frames.subarray(start, end)).toString()]),
  );
  assert.deepEqual(records.map(([, text]) => text).sort(), [
    'not json',
    '{"type":"click","user_id":"u1"}',
    '{"type":"order","order_id":"o1"}',
  ]);
  assert.ok(request?.appends.every(({ topic }) => ['orders', 'clicks'].includes(topic)));
  assert.deepEqual((await post(served, '\n\n')).json(), { accepted: 0, rejected: [] });
});

test('gateway refuses bodies of events that are too large, of another type, or too many at once', async (t) => {
  const served = await serve(t);
  assertError(await post(served, 'x', { 'content-type': 'application/json' }), 415, 'unsupported-media-type');
  assertError(await post(served, 'x', { 'content-encoding': 'gzip' }), 415, 'unsupported-media-type');
  const large = Buffer.alloc(MOST_BODY_BYTES + 1, `${'x'.repeat(1023)}\n`);
  assertError(await post(served, large), 413, 'too-large');
  assertError(await post(served, large, { 'transfer-encoding': 'chunked' }), 413, 'too-large');
  assert.equal(served.appends.length, 0);
  served.append = ({ id }) => ({
    type: 'append-failed',
    id,
    error: { code: 'too-many-requests', message: 'the log does not keep up' },
  });
  const refused = await post(served, 'x\n');
  assertError(refused, 429, 'too-many-requests');
  assert.equal(refused.headers['retry-after'], '1');
  served.append = () => undefined;
  const hanging = post(served, 'x\n');
  while (served.gateway.state.intake.bytesUnderWay === 0) await new Promise((resolve) => setImmediate(resolve));
  served.gateway.state.log.connect(undefined);
  assertError(await hanging, 503, 'unavailable');
  assertError(await post(served, 'x\n'), 503, 'unavailable');
  assert.equal(served.gateway.state.intake.bytesUnderWay, 0);
});

test('gateway says 429 while too many bytes of events are under way', async (t) => {
  const served = await serve(t);
  served.append = () => undefined;
  const body = Buffer.alloc(15 * 1024 * 1024, `${'x'.repeat(1023)}\n`);
  const hanging = Array.from({ length: 4 }, () => post(served, body));
  const { intake } = served.gateway.state;
  while (intake.bytesUnderWay < 4 * body.length) await new Promise((resolve) => setImmediate(resolve));
  const refused = await post(served, body);
  assertError(refused, 429, 'too-many-requests');
  assert.equal(refused.headers['retry-after'], '1');
  served.gateway.state.log.connect(undefined);
  for (const reply of await Promise.all(hanging)) assert.equal(reply.status, 503);
});

test('intake refuses the last of bodies that begin together and are too many only as they come in', async () => {
  const intake = new EventIntake({
    topics: ['orders'],
    partitions: 1,
    append: async (appends) => appends.map(() => 0),
    onEnds: () => undefined,
    mostBytesUnderWay: 1_000,
  });
  const [first, second] = [new PassThrough(), new PassThrough()];
  const taken = intake.take(first, 800);
  const refused = intake.take(second, 800);
  first.write('x\n'.repeat(300));
  while (intake.bytesUnderWay < 600) await new Promise((resolve) => setImmediate(resolve));
  second.write('y\n'.repeat(300));
  await assert.rejects(refused, { code: 'too-many-requests' });
  first.end('x\n'.repeat(100));
  assert.equal((await taken).accepted, 400);
  assert.equal(intake.bytesUnderWay, 0);
});

test('gateway lets others have their turn while it takes millions of broken lines', async () => {
  const taken: number[] = [];
  const intake = new EventIntake({
    topics: ['orders'],
    partitions: 1,
    append: async (appends) => appends.map(({ count }) => taken.push(count)),
    onEnds: () => undefined,
  });
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const chunk = Buffer.alloc(300_000, '{x\n');
  await intake.take(Readable.from([chunk, chunk]), undefined);
  done = true;
  assert.deepEqual(taken, [200_000]);
  assert.ok(turns > 10, `${turns} turns`);
});
