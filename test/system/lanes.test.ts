/** Changes of the number of lanes that do not succeed: no partition is left to nobody, and /readyz tells the truth. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from '../model/questions.ts';
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

/** Four of each of the three topics. */
const PARTITIONS = 12;
/** Far beyond what a loaded machine needs. */
const PATIENCE_MS = 60_000;

function until(what: string, look: () => Promise<boolean>): Promise<void> {
  return untilDone(what, PATIENCE_MS, async () => ({ done: await look() }));
}

/** Once these own each partition, which is once somebody does: what they own, in order. */
async function untilOwned({ url }: InProcess, aggregators: readonly string[]): Promise<string[]> {
  const ownedBy = async (actor: string) => {
    const { own } = (await ask(url, `/system/actors/${actor}/inspect`)) as Owned;
    return own.partitions.map(({ topic, partition }) => `${topic}/${partition}`);
  };
  let owned: string[] = [];
  await until('every partition has an owner', async () => {
    owned = (await Promise.all(aggregators.map(ownedBy))).flat();
    return owned.length === PARTITIONS;
  });
  return owned.sort();
}

test('a change of the number of lanes that fails halfway leaves no partition to nobody', async (t) => {
  const dir = folderFor(t, 'lanes');
  // Nobody hangs here, so nobody is to be held for hung.
  const pulso = await startInProcess(t, { dataDir: dir, lanes: 2, rate: 50, limitMs: 10_000 });
  const two = ['aggregator-0', 'aggregator-1'];
  const before = await untilOwned(pulso, two);
  assert.equal(new Set(before).size, PARTITIONS);

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
  assert.deepEqual(await untilOwned(pulso, two), before);
  await until('pulso is ready', async () => (await fetch(`${pulso.url}/readyz`)).status === 200);

  pulso.moveData(dir);
  assert.equal((await post(pulso, '/system/lanes', { lanes: 3 })).status, 200);
  assert.deepEqual(await untilOwned(pulso, [...two, 'aggregator-2']), before);
});
