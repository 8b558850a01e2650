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
  await until('something is counted', LIMIT_MS, async () => {
    const total = await ledgerTotal(first.url);
    return { done: total.in > 0, state: JSON.stringify(total) };
  });

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
  // What was on its way is counted still: it has come to rest when hundreds of others have been appended meanwhile.
  let rest = await ledgerTotal(first.url);
  await until('nothing more is counted', LIMIT_MS, async () => {
    const total = await ledgerTotal(first.url);
    if (total.in !== rest.in) rest = total;
    return { done: total.lag >= rest.lag + 600, state: JSON.stringify(total) };
  });
  const counted = rest.in;
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
  await waits(rest.lag + 1_000);
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
  assert.deepEqual(await ask(second.url, '/system/ingest'), { paused: null });
  let told: string[] = [];
  await until('the gateway is told of former commands', LIMIT_MS, async () => {
    const { items } = (await ask(second.url, '/system/audit')) as {
      items: Record<'command' | 'reason' | 'outcome', string>[];
    };
    told = items.map(({ command: name, reason, outcome }) => `${name} ${reason} ${outcome}`);
    return { done: told.length > 0, state: told.length };
  });
  assert.deepEqual(told.slice(0, 2), ['pause to be forgotten accepted', 'resume enough accepted']);
  assert.deepEqual(told.slice(-2), ['pause somebody else accepted', 'pause a drill accepted']);
});
