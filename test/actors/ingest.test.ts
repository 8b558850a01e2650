import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IngestKeeper } from '../../actors/ingest.ts';
import { Notes } from '../../actors/notes.ts';
import { AppError } from '../../protocol/errors.ts';
import { isPaused } from '../../protocol/ingest.ts';

function world() {
  const there = new Set(['consumer-0', 'consumer-1']);
  const left = new Map<string, object>();
  const told: unknown[] = [];
  const notes = new Notes((actor, note) => {
    if (!there.has(actor)) throw new AppError('not-found', `Cannot find ${actor}`);
    left.set(actor, note);
  });
  let now = 100;
  const ingest = new IngestKeeper({
    leave: (actor, note) => notes.offer(actor, note),
    onChange: (paused) => told.push(paused),
    now: () => now++,
  });
  return { there, left, told, notes, ingest };
}

test('ingest is paused for all consumers that there are and for those that start later, and for nobody else', async () => {
  const { there, left, told, ingest } = world();
  for (const actor of ['gateway', 'aggregator-0', 'consumer-0', 'consumer-1']) ingest.starts(actor);
  assert.deepEqual([...left.keys()], ['consumer-0', 'consumer-1']);
  assert.deepEqual([...left.values()].map(isPaused), [false, false]);
  there.delete('consumer-1');
  assert.deepEqual(await ingest.pause('a drill'), { paused_at: 100 });
  assert.deepEqual(await ingest.pause('another'), { paused_at: 100 });
  assert.equal(isPaused(left.get('consumer-0')), true);
  for (const actor of ['consumer-1', 'consumer-2']) {
    there.add(actor);
    ingest.starts(actor);
    assert.equal(isPaused(left.get(actor)), true, actor);
  }
  assert.deepEqual(await ingest.resume(), { paused_at: null });
  await ingest.resume();
  assert.deepEqual([...left.values()].map(isPaused), [false, false, false]);
  assert.deepEqual(told, [{ at: 100, reason: 'a drill' }, null]);
});

test('notes of several hands do not wipe each other out', async () => {
  const { there, left, notes, ingest } = world();
  ingest.starts('consumer-0');
  notes.put('consumer-0', { poisoned: { o1: 'crash' } });
  await ingest.pause('');
  assert.deepEqual(left.get('consumer-0'), { poisoned: { o1: 'crash' }, ingest: 'paused' });
  there.delete('consumer-0');
  assert.throws(() => notes.put('consumer-0', { poisoned: {} }), { code: 'not-found' });
  there.add('consumer-0');
  ingest.starts('consumer-0');
  assert.deepEqual(left.get('consumer-0'), { poisoned: { o1: 'crash' }, ingest: 'paused' });
});
