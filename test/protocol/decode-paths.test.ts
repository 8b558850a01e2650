/** The fast path and the slow path write the same rows, texts and dead letters, whatever the bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchDecoder } from '../../protocol/decode.ts';
import { partitionOf } from '../../protocol/hash.ts';
import { keyOf } from '../../protocol/reading.ts';
import { readRecord } from '../../protocol/record.ts';
import { route, topicOf } from '../../protocol/route.ts';
import { hostileRecord } from './hostile.ts';
import { CLICK, DELIVERY, FUTURE_MS, LOGGED_AT, ORDER, REFUND, RESTOCK, recordOf } from './samples.ts';

const SOURCE = { topic: 'orders', partition: 0, base: 0 };
// Kept for all records of this file, so that what their dictionaries remember is tried too.
const fast = new BatchDecoder({ futureMs: FUTURE_MS });
const slow = new BatchDecoder({ futureMs: FUTURE_MS });

/** Decodes the records on both paths, each amid bytes that a careless reader would run into. */
function decodeBoth(records: readonly Uint8Array[], around: Uint8Array) {
  for (const [place, record] of records.entries()) {
    const bytes = Uint8Array.of(...around, ...record, ...around);
    const { length } = around;
    fast.add(bytes, length, length + record.length, place, LOGGED_AT);
    slow.addSlow(bytes, length, length + record.length, place, LOGGED_AT);
  }
  return { fast: fast.take(SOURCE), slow: slow.take(SOURCE) };
}

const around = fc.constantFrom('', '"', '0', '}', '"}', ',', '\\', '{"type":"').map((text) => recordOf(text));

test('decoder reads hostile records the same way on both paths', () => {
  let records = 0;
  const before = fast.slowRecords;
  fc.assert(
    fc.property(fc.array(hostileRecord, { minLength: 1, maxLength: 6 }), around, (batch, edge) => {
      records += batch.length;
      const both = decodeBoth(batch, edge);
      assert.deepEqual(both.fast, both.slow);
      assert.equal(both.fast.events >= both.fast.dead.length, true);
    }),
    { numRuns: 4000 },
  );
  const took = 1 - (fast.slowRecords - before) / records;
  assert.ok(took > 0.05, `only ${took} of the records took the fast path: the comparison would prove nothing`);
});

test('decoder reads every truncation and every change of one byte the same way on both paths', () => {
  const spread = [
    0, 9, 0x1f, 0x20, 0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x35, 0x3a, 0x5c, 0x5d, 0x65, 0x6e, 0x7d, 0x7f, 0xc3, 0xff,
  ];
  for (const sample of [ORDER, DELIVERY, REFUND, RESTOCK, CLICK]) {
    const record = recordOf(sample);
    const changed = Array.from(record, (_, at) => spread.map((byte) => record.with(at, byte))).flat();
    const cut = Array.from(record, (_, at) => record.slice(0, at));
    const both = decodeBoth([...changed, ...cut], recordOf('0"}'));
    assert.deepEqual(both.fast, both.slow);
    assert.equal(both.fast.events, changed.length + cut.length);
  }
});

test('route sends a record to the topic and partition that its JSON names, hostile or not', () => {
  fc.assert(
    fc.property(hostileRecord, (record) => {
      const content = readRecord(record);
      const row = content.type === 'event' && !content.reading.problem ? content.reading.rows[0] : undefined;
      const key = row && keyOf(row);
      assert.deepEqual(route(record, 4), {
        topic: row ? topicOf(row.kind) : 'orders',
        partition: partitionOf(key === undefined ? record : recordOf(key), 4),
      });
    }),
    { numRuns: 2000 },
  );
});
