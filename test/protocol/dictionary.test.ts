import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HASH_FACTOR, HASH_START, TextDictionary } from '../../protocol/dictionary.ts';

const encode = (text: string) => new TextEncoder().encode(text);

function hashOf(bytes: Uint8Array): number {
  let hash = HASH_START;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, HASH_FACTOR);
  return hash;
}

/** Looks bytes up; `hash` stands in for their own where a test wants collisions. */
function lookUp(dictionary: TextDictionary, bytes: Uint8Array, hash = hashOf(bytes)): number {
  const within = new Uint8Array(bytes.length + 2).fill(0x22);
  within.set(bytes, 1);
  return dictionary.idOfBytes(within, 1, bytes.length + 1, hash);
}

test('dictionary gives a text one number, by its bytes and by itself, through all growth', () => {
  const dictionary = new TextDictionary(['unknown']);
  const texts = Array.from({ length: 20_000 }, (_, at) => `produção-${at}`);
  const numbers = texts.map((text, at) => (at % 2 === 0 ? lookUp(dictionary, encode(text)) : dictionary.idOf(text)));
  assert.equal(new Set(numbers).size, texts.length);
  texts.forEach((text, at) => {
    assert.equal(lookUp(dictionary, encode(text)), numbers[at]);
    assert.equal(dictionary.idOf(text), numbers[at]);
    assert.equal(dictionary.textOf(numbers[at] as number), text);
  });
  assert.equal(dictionary.idOf('unknown'), 0);
  assert.equal(dictionary.size, texts.length + 1);
});

test('dictionary tells texts of one hash apart, however many there are', () => {
  const dictionary = new TextDictionary([]);
  const texts = Array.from({ length: 300 }, (_, at) => `t${at}`);
  const numbers = texts.map((text) => lookUp(dictionary, encode(text), 42));
  assert.deepEqual(
    numbers,
    texts.map((_, at) => at),
  );
  assert.deepEqual(
    texts.map((text) => lookUp(dictionary, encode(text), 42)),
    numbers,
  );
});

test('dictionary refuses bytes that are no UTF-8, each time', () => {
  const dictionary = new TextDictionary([]);
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]])
    for (let turn = 0; turn < 2; turn++) assert.equal(lookUp(dictionary, Uint8Array.from(bytes)), -1);
  assert.equal(dictionary.size, 0);
});

test('dictionary keeps a byte order mark as part of a text', () => {
  const dictionary = new TextDictionary([]);
  assert.equal(dictionary.textOf(lookUp(dictionary, encode('\ufeffa'))), '\ufeffa');
});

test('dictionary is overfull after too many or too long texts, and starts anew with what was preloaded', () => {
  const many = new TextDictionary(['a', 'b']);
  for (let at = 0; at < 200_001; at++) many.idOf(`t${at}`);
  const long = new TextDictionary(['a', 'b']);
  for (let at = 0; at < 17; at++) lookUp(long, encode(`${at}`.padEnd(1 << 20, 'x')));
  for (const dictionary of [many, long]) {
    assert.equal(dictionary.overfull, true);
    dictionary.reset();
    assert.deepEqual(
      [dictionary.overfull, dictionary.size, dictionary.idOf('b'), lookUp(dictionary, encode('a'))],
      [false, 2, 1, 0],
    );
  }
});
