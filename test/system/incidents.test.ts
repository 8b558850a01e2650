/** Incidents outlive the process that they befell, also where it was killed. */
import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readIncidents } from '../../actors/incident-file.ts';
import { ask } from '../model/questions.ts';
import { command, type Pulso, startPulso, until, untilReady } from './exactness.ts';
import { folderFor } from './folder.ts';

const LIMIT_MS = 60_000;

type Seen = { readonly id: number; readonly actor: string; readonly what: string; readonly state: string };

async function incidents({ url }: Pulso): Promise<Seen[]> {
  return ((await ask(url, '/system/incidents')) as { items: Seen[] }).items;
}

test('an incident is told after the process was killed, and that it was killed is one too', async (t) => {
  const dataDir = folderFor(t, 'incidents');
  const first = await startPulso(['--no-generator', '--lanes', '1'], { dataDir });
  await untilReady(first.url);
  assert.equal((await command(first, 'reader', 'kill')).status, 200);
  const path = join(dataDir, 'incidents.ndjson');
  await until('the incident is over and on disk', LIMIT_MS, async () => {
    const kept = (await readIncidents(path, () => {})).incidents;
    return { done: kept.some(({ actor, state }) => actor === 'reader' && state === 'recovered'), state: kept };
  });
  await first.kill9();
  appendFileSync(path, '{"id":99,"at":');

  const second = await startPulso(['--no-generator', '--lanes', '1'], { dataDir });
  await untilReady(second.url);
  await until('both are told', LIMIT_MS, async () => {
    // A machine that has too much to do may have had somebody taken for hung besides.
    const killed = (await incidents(second)).filter(({ what }) => what === 'killed');
    const seen = killed.map(({ actor, what, state }) => `${actor} ${what} ${state}`);
    return { done: seen.join() === 'root killed recovered,reader killed recovered', state: seen };
  });
  const { items } = (await ask(second.url, '/system/events?since=0&limit=1000')) as {
    items: (Seen & { kind: string })[];
  };
  const ids = items.map(({ id }) => id);
  assert.deepEqual(
    ids,
    [...new Set(ids)].sort((a, b) => a - b),
  );
  assert.ok(items.some(({ actor, kind }) => actor === 'reader' && kind === 'exited'));
  const last = ids.at(-1) as number;
  const later = ((await ask(second.url, `/system/events?since=${last}`)) as { items: Seen[] }).items;
  assert.ok(later.every(({ id }) => id > last));
  assert.equal((await second.stop()).code, 0);
  assert.equal((await readIncidents(path, () => {})).stopped, true);
});
