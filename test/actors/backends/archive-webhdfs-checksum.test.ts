import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hdfsChecksum, readChecksum } from '../../../actors/backends/archive-webhdfs-checksum.ts';

test('the checksum is the one that HDFS answers, for one block and for several', async () => {
  const sevens = new Uint8Array(20_000_000).fill(7);
  assert.equal(await hdfsChecksum(sevens, 128 * 1024 * 1024, 512), '47b1fae527cb109156d7daa85b89350f');
  const fives = new Uint8Array(1_000_000).fill(5);
  assert.equal(await hdfsChecksum(fives, 131_072, 512), 'bc564b5fbc45c106ea9a6edb7afac5ad');
});

test('the checksum of a large file leaves the loop its turns', async () => {
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  await hdfsChecksum(new Uint8Array(16 * 1024 * 1024), 128 * 1024 * 1024, 512);
  done = true;
  assert.ok(turns >= 16, `${turns} turns`);
});

test('a checksum of another kind is not taken for a known one', () => {
  const bytes = `${'0'.repeat(24)}47b1fae527cb109156d7daa85b89350f00000000`;
  assert.deepEqual(readChecksum('MD5-of-0MD5-of-512CRC32C', bytes), {
    chunkBytes: 512,
    digest: '47b1fae527cb109156d7daa85b89350f',
  });
  for (const algorithm of ['MD5-of-0MD5-of-512CRC32', 'COMPOSITE-CRC32C', 'MD5-of-0MD5-of-0CRC32C', '']) {
    assert.equal(readChecksum(algorithm, bytes), undefined, algorithm);
  }
  assert.equal(readChecksum('MD5-of-0MD5-of-512CRC32C', 'abc'), undefined);
});
