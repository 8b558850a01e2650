import assert from 'node:assert/strict';
import test from 'node:test';
import { dayStartIn, floorOf, utcDayStart } from '../../../actors/kpi/granularity.ts';

const at = (iso: string) => Date.parse(iso);

test('minutes and hours are cut in UTC', () => {
  const time = at('2026-03-04T05:47:31.250Z');
  assert.equal(floorOf('1m', utcDayStart)(time), at('2026-03-04T05:47:00Z'));
  assert.equal(floorOf('5m', utcDayStart)(time), at('2026-03-04T05:45:00Z'));
  assert.equal(floorOf('1h', utcDayStart)(time), at('2026-03-04T05:00:00Z'));
  assert.equal(floorOf('1d', utcDayStart)(time), at('2026-03-04T00:00:00Z'));
});

test('days begin at the midnight of the zone', () => {
  const dayStart = dayStartIn('America/Sao_Paulo');
  for (const time of ['2026-03-04T03:00:00Z', '2026-03-04T03:00:00.001Z', '2026-03-05T02:59:59.999Z'])
    assert.equal(dayStart(at(time)), at('2026-03-04T03:00:00Z'));
  assert.equal(dayStart(at('2026-03-04T02:59:59Z')), at('2026-03-03T03:00:00Z'));
});

for (const [zone, time, start] of [
  ['Europe/Berlin', '2026-03-29T21:59:00Z', '2026-03-28T23:00:00Z'],
  ['Europe/Berlin', '2026-03-29T22:00:00Z', '2026-03-29T22:00:00Z'],
  ['Europe/Berlin', '2026-10-25T22:59:00Z', '2026-10-24T22:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T12:00:00Z', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2018-02-17T23:30:00Z', '2018-02-17T02:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:30:00Z', '2018-02-17T02:00:00Z'],
  ['Asia/Kathmandu', '2026-01-01T18:14:00Z', '2025-12-31T18:15:00Z'],
  ['UTC', '2026-01-01T23:59:00Z', '2026-01-01T00:00:00Z'],
] as const)
  test(`the day of ${time} in ${zone} begins at ${start}`, () => {
    assert.equal(new Date(dayStartIn(zone)(at(time))).toISOString(), new Date(start).toISOString());
  });

test('every minute of a year belongs to the day that its zone says', () => {
  const dayStart = dayStartIn('America/New_York');
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' });
  let before = Number.NEGATIVE_INFINITY;
  for (let time = at('2026-01-01T05:00:00Z'); time < at('2027-01-01T05:00:00Z'); time += 47 * 60_000) {
    const start = dayStart(time);
    assert.ok(start <= time && start >= before);
    assert.equal(format.format(start), format.format(time));
    assert.notEqual(format.format(start - 1), format.format(start));
    before = start;
  }
});
