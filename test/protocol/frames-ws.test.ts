import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '../../protocol/errors.ts';
import { CHANNELS, parseClientFrame, parseServerFrame } from '../../protocol/frames-ws.ts';

/** The field that a frame is refused for. */
function fieldOf(parse: (text: string) => unknown, frame: unknown): string | undefined {
  try {
    parse(typeof frame === 'string' ? frame : JSON.stringify(frame));
  } catch (thrown) {
    assert.ok(thrown instanceof AppError);
    assert.equal(thrown.code, 'bad-message');
    return thrown.field ?? '';
  }
  return undefined;
}

test('parseClientFrame reads what a client may say, and no more of it than is known', () => {
  for (const ch of CHANNELS) assert.deepEqual(parseClientFrame(JSON.stringify({ t: 'sub', ch })), { t: 'sub', ch });
  const sub = { t: 'sub', ch: 'overview', epoch: 'e1', seq: 7, hz: 0.5 };
  assert.deepEqual(parseClientFrame(JSON.stringify({ ...sub, extra: 1 })), sub);
  assert.deepEqual(parseClientFrame('{"t":"sub","ch":"overview","epoch":null,"seq":null,"hz":null}'), {
    t: 'sub',
    ch: 'overview',
  });
  assert.deepEqual(parseClientFrame('{"t":"unsub","ch":"states"}'), { t: 'unsub', ch: 'states' });
  assert.deepEqual(parseClientFrame('{"t":"ping","x":[]}'), { t: 'ping' });
});

test('parseClientFrame names the field that it cannot read', () => {
  const cases: [unknown, string][] = [
    ['', ''],
    ['{', ''],
    ['[]', ''],
    ['null', ''],
    ['5', ''],
    [{}, 't'],
    [{ t: 5 }, 't'],
    [{ t: 'hello' }, 't'],
    [{ t: 'sub' }, 'ch'],
    [{ t: 'sub', ch: 'nothing' }, 'ch'],
    [{ t: 'sub', ch: ['overview'] }, 'ch'],
    [{ t: 'unsub', ch: '__proto__' }, 'ch'],
    [{ t: 'sub', ch: 'overview', epoch: 5 }, 'epoch'],
    [{ t: 'sub', ch: 'overview', epoch: '' }, 'epoch'],
    [{ t: 'sub', ch: 'overview', epoch: 'x'.repeat(101) }, 'epoch'],
    [{ t: 'sub', ch: 'overview', seq: -1 }, 'seq'],
    [{ t: 'sub', ch: 'overview', seq: 1.5 }, 'seq'],
    [{ t: 'sub', ch: 'overview', seq: '1' }, 'seq'],
    [{ t: 'sub', ch: 'overview', hz: 0 }, 'hz'],
    [{ t: 'sub', ch: 'overview', hz: '10' }, 'hz'],
    [`{"t":"sub","ch":${'['.repeat(7000)}${']'.repeat(7000)}}`, 'ch'],
  ];
  for (const [frame, field] of cases) assert.equal(fieldOf(parseClientFrame, frame), field, JSON.stringify(frame));
});

test('parseServerFrame takes every frame the server sends, with what a newer one may add', () => {
  const frames = [
    { t: 'hello', proto: 1, epoch: 'e1', server_time: 1, tick_ms: 50 },
    { t: 'snap', ch: 'overview', seq: 1, as_of: 1, watermark: null, d: ['a/b', 1, 'c', null] },
    { t: 'd', ch: 'states', from: 1, to: 2, as_of: 1, watermark: 5, d: [], extra: true },
    { t: 'hb', server_time: 1, as_of: 1, channels: { overview: { seq: 1, hash: '811c9dc5' } } },
    { t: 'err', code: 'bad-message', message: 'Cannot' },
    { t: 'bye', code: 1001, retry_ms: 250 },
  ];
  for (const frame of frames) assert.deepEqual(parseServerFrame(JSON.stringify(frame)), frame);
});

test('parseServerFrame refuses frames that are not of the shape', () => {
  const cases: [unknown, string][] = [
    ['x', ''],
    [{ t: 'sub', ch: 'overview' }, 't'],
    [{ t: '__proto__' }, 't'],
    [{ t: 'toString' }, 't'],
    [{ t: 'hello', proto: 1, epoch: 5, server_time: 1, tick_ms: 50 }, 'epoch'],
    [{ t: 'snap', ch: 'overview', seq: 1, as_of: 1, watermark: null, d: ['a'] }, 'd'],
    [{ t: 'snap', ch: 'overview', seq: 1, as_of: 1, watermark: null, d: [1, 1] }, 'd'],
    [{ t: 'hb', server_time: 1, as_of: 1, channels: [] }, 'channels'],
  ];
  for (const [frame, field] of cases) assert.equal(fieldOf(parseServerFrame, frame), field, JSON.stringify(frame));
});

test('frame parsers throw nothing but bad-message, whatever the text', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ t: fc.constantFrom('sub', 'unsub', 'ping', 'snap', 'hb'), ch: fc.anything() })
      .map((frame) => JSON.stringify(frame)),
  );
  fc.assert(
    fc.property(text, (frame) => {
      fieldOf(parseClientFrame, frame);
      fieldOf(parseServerFrame, frame);
    }),
  );
});
