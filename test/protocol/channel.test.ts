import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { channelHash, compareUtf8, pathOf, segmentsOf } from '../../protocol/channel.ts';
import { fnv1a32 } from '../../protocol/hash.ts';

test('channelHash is FNV-1a over `key TAB value LF` lines in the order of the keys', () => {
  assert.equal(channelHash([]), '811c9dc5');
  assert.equal(channelHash(new Map([['SP/orders', 3]])), fnv1a32('SP/orders\t3\n'));
  const state: [string, unknown][] = [
    ['b', 1.5],
    ['a', 'x"\n'],
    ['B', null],
  ];
  assert.equal(channelHash(state), fnv1a32('B\tnull\na\t"x\\"\\n"\nb\t1.5\n'));
  assert.equal(channelHash(state.toReversed()), channelHash(state));
});

test('compareUtf8 orders texts as their UTF-8 bytes are ordered', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
  assert.ok(compareUtf8('\uffff', '😀') < 0);
});

test('paths come back as the segments they were made of, whatever those hold', () => {
  assert.equal(pathOf('São Paulo', 'orders'), 'S%C3%A3o%20Paulo/orders');
  assert.equal(pathOf('a/b', '%2F', ''), 'a%2Fb/%252F/');
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (segments) => {
      assert.deepEqual(
        segmentsOf(pathOf(...segments)),
        segments.map((segment) => segment.toWellFormed()),
      );
    }),
  );
  assert.deepEqual(segmentsOf('%zz/a'), ['%zz', 'a']);
  assert.equal(pathOf('\ud800'), '%EF%BF%BD');
});
