/** Ingest that an operator pauses: nothing more is counted, whatever restarts meanwhile, and afterwards everything is. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../model/questions.ts';
import { actors, command, ledgerTotal, post, setLanes, startPulso, until, untilReady } from './exactness.ts';

const LIMIT_MS = 60_000;

test('paused ingest counts nothing, over restarts and other lanes too, and the list of commands outlives the process', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-pause-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const first = await startPulso(['--rate', '1500', '--lanes', '2', '--partitions', '4'], { dataDir });
  t.after(() => first.kill9());
  await untilReady(first.url);

  const paused = await post(first, '/system/ingest/pause', { reason: 'a drill' });
  assert.equal(paused.status, 200);
  const { paused_at: at } = paused.body as { paused_at: number };
  const again = await post(first, '/system/ingest/pause', { reason: 'somebody else' });
  assert.equal((again.body as { paused_at: number }).paused_at, at);
  const waits = (events: number) =>
    until(`${events} events wait`, LIMIT_MS, async () => {
      const total = await ledgerTotal(first.url);
      return { done: total.lag >= events, state: JSON.stringify(total) };
    });
  await waits(100);
  const counted = (await ledgerTotal(first.url)).in;
  const ready = await fetch(new URL('/readyz', first.url));
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /ingest is paused since .*\(a drill\)/);

  assert.equal((await command(first, 'consumer-0', 'kill')).status, 200);
  assert.equal((await command(first, 'lane-1', 'restart')).status, 200);
  assert.equal((await command(first, 'gateway', 'kill')).status, 200);
  await until('all are back', LIMIT_MS, async () => {
    const nodes = await actors(first.url).catch(() => new Map());
    const state = ['consumer-0', 'consumer-1', 'aggregator-1'].map(
      (id) => `${nodes.get(id)?.state} ${nodes.get(id)?.epoch}`,
    );
    return { done: state.every((text) => text === 'running 2'), state: state.join() };
  });
  await until('another lane', LIMIT_MS, async () => {
    const { status, body } = await setLanes(first, 3);
    return { done: status === 200, state: JSON.stringify(body) };
  });
  await waits(400);
  assert.equal((await ledgerTotal(first.url)).in, counted);

  assert.equal((await post(first, '/system/ingest/resume', { reason: 'enough' })).status, 200);
  await until('it is counted again', LIMIT_MS, async () => {
    const total = await ledgerTotal(first.url);
    return { done: total.in >= counted + 400, state: JSON.stringify(total) };
  });
  await untilReady(first.url);
  await post(first, '/system/ingest/pause', { reason: 'to be forgotten' });
  await waits(10);
  await first.kill9();

  const second = await startPulso(['--no-generator', '--partitions', '4'], { dataDir });
  t.after(() => second.kill9());
  await untilReady(second.url);
  assert.deepEqual(await ask(second.url, '/system/ingest'), { paused: null });
  const { items } = (await ask(second.url, '/system/audit')) as {
    items: { command: string; reason: string; outcome: string }[];
  };
  const told = items.map(({ command: name, reason, outcome }) => `${name} ${reason} ${outcome}`);
  assert.deepEqual(told.slice(0, 2), ['pause to be forgotten accepted', 'resume enough accepted']);
  assert.deepEqual(told.slice(-2), ['pause somebody else accepted', 'pause a drill accepted']);
  const total = await ledgerTotal(second.url);
  assert.equal(total.in, total.counted + total.late + total.dead + total.duplicates);
  await second.stop();
});
