/** Ingest that an operator pauses: nothing more is counted, whatever restarts meanwhile, and afterwards everything is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../model/questions.ts';
import {
  actors,
  command,
  type LedgerTotal,
  ledgerTotal,
  type Pulso,
  post,
  setLanes,
  startPulso,
  taken,
  until,
  untilReady,
} from './exactness.ts';
import { folderFor } from './folder.ts';

const LIMIT_MS = 60_000;

test('paused ingest counts nothing, over restarts and other lanes too, and the list of commands outlives the process', async (t) => {
  const dataDir = folderFor(t, 'pause');
  const first = await startPulso(['--rate', '1500', '--lanes', '2', '--partitions', '4'], { dataDir });
  await until('something is counted', LIMIT_MS, async () => {
    const total = await ledgerTotal(first.url);
    return { done: total.in > 0, state: JSON.stringify(total) };
  });

  const pause = (reason: string) => taken(() => post(first, '/system/ingest/pause', { reason }));
  const paused = await pause('a drill');
  assert.equal(paused.status, 200);
  const { paused_at: at } = paused.body as { paused_at: number };
  const again = await pause('somebody else');
  assert.equal((again.body as { paused_at: number }).paused_at, at);
  await until('/readyz says so', LIMIT_MS, async () => {
    const ready = await fetch(new URL('/readyz', first.url)).catch(() => undefined);
    const state = await ready?.text();
    return { done: ready?.status === 503 && /ingest is paused since .*\(a drill\)/.test(state ?? ''), state };
  });

  // What was on its way is counted still. Nothing is, once each lane has begun anew, and the gateway's picture after that.
  assert.equal((await command(first, 'consumer-0', 'kill')).status, 200);
  await untilRunning(first, { 'consumer-0': 2 });
  for (const lane of ['lane-0', 'lane-1']) assert.equal((await command(first, lane, 'restart')).status, 200);
  await untilRunning(first, { 'consumer-0': 3, 'aggregator-0': 2, 'consumer-1': 2, 'aggregator-1': 2 });
  assert.equal((await command(first, 'gateway', 'kill')).status, 200);
  await untilRunning(first, { gateway: 2 });
  const rest = (await ask(first.url, '/ledger')) as { total: LedgerTotal };

  const waits = (events: number) =>
    until(`${events} events wait`, LIMIT_MS, async () => {
      const total = await ledgerTotal(first.url);
      return { done: total.lag >= events, state: JSON.stringify(total) };
    });
  assert.equal((await setLanes(first, 3)).status, 200);
  await waits(rest.total.lag + 1_000);
  const after = (await ask(first.url, '/ledger')) as { total: LedgerTotal };
  assert.equal(after.total.in, rest.total.in);

  assert.equal((await taken(() => post(first, '/system/ingest/resume', { reason: 'enough' }))).status, 200);
  await until('it is counted again', LIMIT_MS, async () => {
    const total = await ledgerTotal(first.url);
    return { done: total.in >= rest.total.in + 400, state: JSON.stringify(total) };
  });
  await untilReady(first.url);
  await pause('to be forgotten');
  await waits(10);
  await first.kill9();

  const second = await startPulso(['--no-generator', '--partitions', '4'], { dataDir });
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

/** Epochs at least: on a machine that is too busy an actor may be replaced once more than asked. */
async function untilRunning(pulso: Pulso, wanted: Readonly<Record<string, number>>): Promise<void> {
  await until('all are back', LIMIT_MS, async () => {
    const nodes = await actors(pulso.url);
    const states = Object.keys(wanted).map((id) => [id, nodes.get(id)?.state, nodes.get(id)?.epoch] as const);
    const done = states.every(([id, state, epoch = 0]) => state === 'running' && epoch >= (wanted[id] as number));
    return { done, state: states };
  });
}
