import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unpackLz4, unpackSnappy } from '../../../actors/backends/kafka-codecs.ts';

const MAGIC = [0x04, 0x22, 0x4d, 0x18];
const END = [0, 0, 0, 0];
/** Blocks of at most 64 KB, and a checksum of the head that nobody reads. */
const HEAD = [...MAGIC, 0x60, 0x40, 0];

const text = (plain: string) => [...Buffer.from(plain)];
const block = (bytes: readonly number[]) => [bytes.length, 0, 0, 0, ...bytes];
const frame = (...parts: readonly (readonly number[])[]) => Buffer.from(parts.flat());

test('LZ4 gives back literals, matches that repeat themselves, and blocks that refer to those before', () => {
  const repeated = block([0x22, ...text('ab'), 2, 0, 0x50, ...text('c____')]);
  assert.equal(unpackLz4(frame(HEAD, repeated, END)).toString(), 'ababababc____');
  const linked = block([0x02, 13, 0, 0x10, ...text('!')]);
  assert.equal(unpackLz4(frame(HEAD, repeated, linked, END)).toString(), 'ababababc____ababab!');
});

test('LZ4 reads lengths of several bytes, stored blocks, sums and the size of the content', () => {
  const long = block([0x1f, ...text('z'), 1, 0, 255, 26, 0x10, ...text('.')]);
  assert.equal(unpackLz4(frame(HEAD, long, END)).toString(), `${'z'.repeat(1 + 15 + 255 + 26 + 4)}.`);
  const stored = [3, 0, 0, 0x80, ...text('raw')];
  const full = [...MAGIC, 0x78, 0x40, ...[3, 0, 0, 0, 0, 0, 0, 0], 0];
  assert.equal(unpackLz4(frame(full, stored, [1, 2, 3, 4], END)).toString(), 'raw');
});

test('LZ4 that is torn or of another format is an error, whatever is missing', () => {
  const whole = frame(HEAD, block([0x22, ...text('ab'), 2, 0, 0x50, ...text('c____')]), END);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => unpackLz4(whole.subarray(0, length)), { code: 'internal' }, `${length} bytes`);
  }
  assert.throws(() => unpackLz4(frame(HEAD, block([0x20, ...text('ab'), 9, 0]), END)), /refer to bytes/);
});

test('snappy is unpacked bare and in the frames of xerial', () => {
  const bare = [5, 0x10, ...text('hello')];
  assert.equal(unpackSnappy(frame(bare)).toString(), 'hello');
  const xerial = [0x82, ...text('SNAPPY'), 0, 0, 0, 0, 1, 0, 0, 0, 1];
  const framed = [0, 0, 0, bare.length, ...bare];
  assert.equal(unpackSnappy(frame(xerial, framed, framed)).toString(), 'hellohello');
});
