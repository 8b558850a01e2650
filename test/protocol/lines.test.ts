import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Line, LineSplitter, splitLines } from '../../protocol/lines.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const show = ({ bytes, number, tooLarge }: Line) => [
  number,
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
  tooLarge,
];

/** Splits bytes that come in chunks of the given sizes, again and again. */
function split(bytes: Uint8Array, sizes: readonly number[], limit?: number): unknown[] {
  const splitter = new LineSplitter(limit);
  const lines: unknown[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    for (const line of splitter.push(bytes.slice(at, at + size))) lines.push(show(line));
    at += size;
  }
  for (const line of splitter.end()) lines.push(show(line));
  return lines;
}

const WHOLE = [1 << 30];

test('splitter gives lines with their numbers, the last one without its line feed too', () => {
  assert.deepEqual(split(encode('a\nb\nc'), WHOLE), [
    [1, 'a', false],
    [2, 'b', false],
    [3, 'c', false],
  ]);
  assert.deepEqual(split(encode('a\n'), WHOLE), [[1, 'a', false]]);
  assert.deepEqual(split(encode(''), WHOLE), []);
});

test('splitter drops a CR at the end of a line only, and blank lines but not their numbers', () => {
  assert.deepEqual(split(encode('a\r\n\r\n \t \nb\rc\n\n\r\nd\r'), WHOLE), [
    [1, 'a', false],
    [4, 'b\rc', false],
    [7, 'd', false],
  ]);
});

test('splitter drops a byte order mark at the very start only, also when it comes in pieces', () => {
  for (const sizes of [WHOLE, [1], [2], [3]]) {
    assert.deepEqual(split(encode('\ufeffa\n\ufeffb'), sizes), [
      [1, 'a', false],
      [2, '\ufeffb', false],
    ]);
    assert.deepEqual(split(encode('\ufeff'), sizes), []);
  }
});

test('splitter keeps bytes that only began like a byte order mark', () => {
  for (const start of [[0xef], [0xef, 0xbb], [0xef, 0xbb, 0x41]])
    for (const sizes of [WHOLE, [1]]) {
      const splitter = new LineSplitter();
      const bytes = Uint8Array.from(start);
      const lines: Line[] = [];
      for (let at = 0; at < bytes.length; at += sizes[0] as number)
        lines.push(...splitter.push(bytes.slice(at, at + (sizes[0] as number))));
      lines.push(...splitter.end());
      assert.deepEqual(
        lines.map((line) => [...line.bytes]),
        [start],
      );
    }
});

test('splitter passes on the beginning of a line over the limit, and goes on with the next', () => {
  for (const sizes of [WHOLE, [1], [3], [7]]) {
    assert.deepEqual(split(encode(`12345678\r\n123456789\n${'x'.repeat(50)}\r\nok`), sizes, 8), [
      [1, '12345678', false],
      [2, '123456789', true],
      [3, 'xxxxxxxxx', true],
      [4, 'ok', false],
    ]);
  }
});

test('splitter takes a line over the limit for a blank one only if all of it is blank', () => {
  for (const sizes of [WHOLE, [1], [3], [7]]) {
    assert.deepEqual(split(encode(`${' '.repeat(20)}x\n${' '.repeat(20)}\n${'\r'.repeat(9)}\r\nok`), sizes, 8), [
      [1, ' '.repeat(9), true],
      [4, 'ok', false],
    ]);
  }
});

test('splitter gives the same lines however the bytes are cut into chunks', () => {
  const bytes = fc
    .array(fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', ' ', '\ufeff', 'é', '{"x":1}'), { maxLength: 40 })
    .map((parts) => encode(parts.join('')));
  fc.assert(
    fc.property(bytes, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (all, sizes) => {
      const expected = split(all, WHOLE, 6);
      assert.deepEqual(split(all, sizes, 6), expected);
      const naive = new TextDecoder()
        .decode(all)
        .split('\n')
        .map((line, at): [number, string] => [at + 1, line.replace(/\r$/, '')])
        .filter(([, line]) => /[^ \t\r]/.test(line));
      assert.deepEqual(
        expected.map((line) => (line as unknown[])[0]),
        naive.map(([number]) => number),
      );
    }),
  );
});

test('splitter holds no more of an endless line than the limit', () => {
  const splitter = new LineSplitter(1000);
  const chunk = new Uint8Array(100_000).fill(0x78);
  for (let turn = 0; turn < 100; turn++) assert.deepEqual([...splitter.push(chunk)], []);
  const [line] = [...splitter.end()];
  assert.deepEqual([line?.bytes.length, line?.bytes.buffer.byteLength, line?.tooLarge], [1001, 1002, true]);
});

test('splitLines takes a body as a whole', () => {
  assert.deepEqual(
    [...splitLines(encode('\ufeff{}\r\n\n{}'))].map(({ number }) => number),
    [1, 3],
  );
});
