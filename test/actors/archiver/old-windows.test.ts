import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OldWindows } from '../../../actors/archiver/old-windows.ts';
import type { ArchiveBatch } from '../../../actors/ports/archive.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';

const MINUTE = 60_000;
const places = [0, 1].map((partition) => ({ topic: 'orders', partition }));

function day(number: number, deletedAt: number): ArchiveBatch {
  return archiveBatch(number * 1_000, {
    kind: 'kpi',
    topic: '',
    toOffset: (number + 1) * 1_000,
    state: 'DELETED',
    deletedAt,
  });
}

test('old windows go once a border and topic-partition, a minute after their day is the archive’s', async () => {
  let now = 10 * MINUTE;
  const days: ArchiveBatch[] = [];
  const asked: string[] = [];
  let away = false;
  const windows = new OldWindows({
    manifest: { inState: async () => days },
    now: () => now,
    drop: async ({ partition }, before) => {
      asked.push(`${partition} before ${before}`);
      return !away;
    },
  });
  const look = async () => {
    asked.length = 0;
    await windows.look(places);
    now += MINUTE;
    return [...asked];
  };
  assert.deepEqual(await look(), []);
  days.push(day(1, now));
  assert.deepEqual(await look(), []);
  now -= MINUTE / 2;
  assert.deepEqual(await look(), [], 'it looks once a minute');
  away = true;
  assert.deepEqual(await look(), ['0 before 2000', '1 before 2000']);
  away = false;
  assert.deepEqual(await look(), ['0 before 2000', '1 before 2000']);
  assert.deepEqual(await look(), []);
  days.push(day(2, now - MINUTE));
  assert.deepEqual(await look(), ['0 before 3000', '1 before 3000']);
});
