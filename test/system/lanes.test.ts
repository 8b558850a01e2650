/** Changes of the number of lanes that do not succeed: no partition is left to nobody, and /readyz tells the truth. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { until as untilDone } from './exactness.ts';
import { folderFor } from './folder.ts';
import { type InProcess, startInProcess, untilSeen } from './in-process.ts';

type Owned = {
  readonly own: { readonly partitions: readonly { readonly topic: string; readonly partition: number }[] };
};

async function post({ url, token }: InProcess, path: string, body: object) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

/** Far beyond what a loaded machine needs. */
const PATIENCE_MS = 30_000;

function until(what: string, look: () => Promise<boolean>): Promise<void> {
  return untilDone(what, PATIENCE_MS, async () => ({ done: await look() }));
}

async function ownedBy({ url }: InProcess, actor: string): Promise<string[]> {
  const { own } = (await (await fetch(`${url}/system/actors/${actor}/inspect`)).json()) as Owned;
  return own.partitions.map(({ topic, partition }) => `${topic}/${partition}`);
}

test('a change of the number of lanes that fails halfway leaves no partition to nobody', async (t) => {
  const dir = folderFor(t, 'lanes');
  const pulso = await startInProcess(t, { dataDir: dir, lanes: 2, rate: 50, limitMs: 1_000 });
  const all = async () => (await Promise.all(['aggregator-0', 'aggregator-1'].map((id) => ownedBy(pulso, id)))).flat();
  const before = (await all()).sort();
  assert.equal(before.length, 12);

  assert.equal((await post(pulso, '/system/actors/aggregator-0/stop', {})).status, 200);
  await untilSeen(pulso.tree, 'aggregator-0 is down', (events) =>
    events.some(({ kind, actor }) => kind === 'exited' && actor === 'aggregator-0'),
  );
  const refused = await post(pulso, '/system/lanes', { lanes: 3 });
  assert.deepEqual([refused.status, /aggregator-0 is stopped: start it first/.test(refused.text)], [409, true]);
  assert.equal((await post(pulso, '/system/actors/aggregator-0/start', {})).status, 200);

  pulso.moveData(join(dir, 'incidents.ndjson'));
  const failed = await post(pulso, '/system/lanes', { lanes: 3 });
  assert.deepEqual([failed.status, /could not start/.test(failed.text)], [503, true]);
  await until('the two lanes have everything again', async () => (await all()).length === 12);
  assert.deepEqual((await all()).sort(), before);
  await until('pulso is ready', async () => (await fetch(`${pulso.url}/readyz`)).status === 200);

  pulso.moveData(dir);
  assert.equal((await post(pulso, '/system/lanes', { lanes: 3 })).status, 200);
  assert.deepEqual([...(await all()), ...(await ownedBy(pulso, 'aggregator-2'))].sort(), before);
});
