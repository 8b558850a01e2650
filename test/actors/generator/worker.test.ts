import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareData } from '../../../actors/backends/choose.ts';
import type { AppendRequest } from '../../../protocol/message.ts';
import { folderFor } from '../../system/folder.ts';
import { Stage } from '../stage.ts';

const ENTRY = new URL('../../../actors/generator/worker.ts', import.meta.url);

test('generator sends a refused append again, but leaves out one that is at fault itself', async (t) => {
  const folder = folderFor(t, 'generator');
  const settings = { data: folder, group: 'pulso', partitions: 1, topics: ['orders'], logBytes: 1e9 };
  const backend = await prepareData(settings);
  const run = { rate: 500, seed: 's', brokenShare: 0, anomaly: null, count: null };
  const stage = await Stage.up(folder, ENTRY, { backend, ...run }, ['appends']);
  const noted = new Promise<unknown>((resolve) => {
    stage.tree.onTell((id, _epoch, body) => id === 'actor' && resolve(body));
  });
  const refuse = ({ id }: AppendRequest, code: string) =>
    stage.say('appends', { type: 'append-failed', id, error: { code, message: 'Cannot take it' } });
  const first = await stage.next<AppendRequest>('appends');
  refuse(first, 'too-many-requests');
  const again = await stage.next<AppendRequest>('appends');
  assert.deepEqual(again, first);
  refuse(again, 'bad-message');
  assert.deepEqual(await noted, { type: 'noted', level: 'error', text: 'Left out: Cannot take it' });
  assert.equal((await stage.next<AppendRequest>('appends')).id, first.id + 1);
});
