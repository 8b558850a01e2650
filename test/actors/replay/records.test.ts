import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArraySplitter, isSpreadArray, readRecords } from '../../../actors/replay/records.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function recordsOf(text: string, chunkBytes: number): Promise<string[]> {
  const bytes = encode(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const out: string[] = [];
  for await (const record of readRecords(chunks())) out.push(decode(record));
  return out;
}

test('replay reads the elements of an array that spreads over lines, whatever the chunks', async () => {
  const elements = [{ a: 'x,]}"\\', b: [1, { c: 2 }] }, { d: 'ção' }, {}];
  const text = `[\n${elements.map((element) => JSON.stringify(element, null, 2)).join(',\n')}\n]\n`;
  for (const chunkBytes of [text.length * 2]) {
    const records = await recordsOf(text, chunkBytes);
    assert.deepEqual(
      records.map((record) => JSON.parse(record)),
      elements,
    );
  }
  const splitter = new ArraySplitter();
  const bytewise = [...encode(text)].flatMap((byte) => [...splitter.push(Uint8Array.of(byte))]);
  assert.deepEqual(
    bytewise.map((record) => JSON.parse(decode(record))),
    elements,
  );
});

test('replay keeps lines as they are, arrays on a line too', async () => {
  assert.deepEqual(await recordsOf('{"a":1}\r\n\n[{"b":2},3]\n{"c"', 4), ['{"a":1}', '[{"b":2},3]', '{"c"']);
});

test('replay tells a spread array from lines', () => {
  assert.equal(isSpreadArray('[\n{"a":1}\n]'), true);
  assert.equal(isSpreadArray('[{"a":1},\n{"a":2}]'), true);
  assert.equal(isSpreadArray('[{"a":1}]\n[{"a":2}]'), false);
  assert.equal(isSpreadArray('{"a":1}'), false);
});
