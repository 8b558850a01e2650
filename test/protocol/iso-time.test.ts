import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseIsoTime } from '../../protocol/iso-time.ts';

test('parseIsoTime reads what ISO 8601 calls an instant, UTC where it names no zone', () => {
  const noon = Date.UTC(2025, 10, 20, 12, 0, 0);
  for (const text of [
    '2025-11-20T12:00:00Z',
    '2025-11-20T12:00:00',
    '2025-11-20T12:00',
    '2025-11-20T12:00Z',
    '2025-11-20T12:00:00.000Z',
    '2025-11-20T12:00:00,0Z',
    '2025-11-20T12:00:00.000999999Z',
    '2025-11-20T09:00:00-03:00',
    '2025-11-20T09:00:00-0300',
    '2025-11-20T09:00:00-03',
    '2025-11-20T17:30:00+05:30',
    '2025-11-21T00:00:00+12:00',
  ])
    assert.equal(parseIsoTime(text), noon, text);
  assert.equal(parseIsoTime('2025-11-20'), Date.UTC(2025, 10, 20));
  assert.equal(parseIsoTime('2025-11-20T12:00:00.1Z'), noon + 100);
  assert.equal(parseIsoTime('2024-02-29T00:00:00Z'), Date.UTC(2024, 1, 29));
  assert.equal(parseIsoTime('2000-02-29'), Date.UTC(2000, 1, 29));
});

test('parseIsoTime refuses what is no instant or no ISO 8601', () => {
  for (const text of [
    '',
    'yesterday',
    '2025',
    '2025-11',
    '2025-1-1',
    '2025-00-10',
    '2025-13-10',
    '2025-11-00',
    '2025-11-31',
    '2025-02-29',
    '1900-02-29',
    '2025-11-20 12:00:00',
    '2025-11-20t12:00:00z',
    '2025-11-20T24:00:00Z',
    '2025-11-20T12:60:00Z',
    '2025-11-20T12:00:60Z',
    '2025-11-20T12',
    '2025-11-20T12:00:00.Z',
    '2025-11-20T12:00:00+24:00',
    '2025-11-20T12:00:00+01:60',
    '2025-11-20T12:00:00 Z',
    '2025-11-20Z',
    ' 2025-11-20',
    '2025-11-20T12:00:00Z\n',
    '+002025-11-20T12:00:00Z',
    '20251120T120000Z',
    '2025-W47-4',
    '1763600000000',
    'Thu, 20 Nov 2025 12:00:00 GMT',
  ])
    assert.ok(Number.isNaN(parseIsoTime(text)), text);
});

test('parseIsoTime reads back every instant that JavaScript writes', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62167219200000, max: 253402300799999 }), (time) => {
      assert.equal(parseIsoTime(new Date(time).toISOString()), time);
    }),
  );
});
