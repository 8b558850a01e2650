import assert from 'node:assert/strict';
import test from 'node:test';
import { Waits } from '../../../actors/partition-consumer/waits.ts';
import { BlockReader, BlockWriter, createBlock } from '../../../supervisor/shared-block.ts';

test('waits show what was waited for first until all of it has come', () => {
  const block = createBlock();
  const waits = new Waits(new BlockWriter(block, Date.now));
  const shown = () => new BlockReader(block).waiting?.what;
  const seen = [shown()];
  waits.begin('the log', 1_000);
  waits.begin('the aggregator', 60_000);
  seen.push(shown());
  waits.end('the log');
  seen.push(shown());
  const left = (new BlockReader(block).waiting?.deadline ?? 0) - Date.now();
  waits.end('the log');
  waits.end('the aggregator');
  seen.push(shown());
  assert.deepEqual(seen, [undefined, 'the log', 'the aggregator', undefined]);
  assert.ok(left > 50_000 && left <= 60_000, `${left} ms left`);
});
