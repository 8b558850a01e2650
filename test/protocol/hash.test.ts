import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fnv1a32, murmur2, murmur3, partitionOf } from '../../protocol/hash.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('murmur2 gives the numbers that Kafka tests its own by', () => {
  const known: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ];
  for (const [text, hash] of known) assert.equal(murmur2(bytes(text)), hash, text);
});

test('murmur2 and murmur3 hash a part of a buffer as they hash it alone', () => {
  const all = bytes('..foobar-baz..');
  for (let end = 2; end <= 12; end++) {
    const alone = all.slice(2, end);
    assert.equal(murmur2(all, 2, end), murmur2(alone));
    assert.equal(murmur3(all, 2, end, 7), murmur3(alone, 0, alone.length, 7));
  }
});

test('partitionOf drops the sign of the hash as Kafka does', () => {
  assert.equal(partitionOf(bytes('21'), 7), (-973932308 & 0x7fffffff) % 7);
  assert.equal(partitionOf(bytes('abc'), 4), 479470107 % 4);
  assert.equal(partitionOf(bytes('anything'), 1), 0);
});

test('murmur3 gives the published numbers for every length of tail', () => {
  const known: [string, number, number][] = [
    ['', 0, 0],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['a', 0x9747b28c, 0x7fa09ea6],
    ['aa', 0x9747b28c, 0x5d211726],
    ['aaa', 0x9747b28c, 0x283e0130],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['abc', 0, 0xb3dd93fa],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ];
  for (const [text, seed, hash] of known)
    assert.equal(murmur3(bytes(text), 0, bytes(text).length, seed), hash, `${text} ${seed}`);
});

test('fnv1a32 gives the published numbers, over UTF-8 bytes', () => {
  assert.equal(fnv1a32(''), '811c9dc5');
  assert.equal(fnv1a32('a'), 'e40c292c');
  assert.equal(fnv1a32('foobar'), 'bf9cf968');
  assert.equal(fnv1a32('\u0000'), '050c5d1f');
  assert.notEqual(fnv1a32('ç'), fnv1a32('c'));
});
