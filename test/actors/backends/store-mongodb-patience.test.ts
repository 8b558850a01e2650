import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoNetworkError } from 'mongodb';
import { Patience } from '../../../actors/backends/store-mongodb-client.ts';

/** A server that does what is asked of it, and who is told of waiting. */
function patience() {
  const told: string[] = [];
  const mongo = {
    address: 'here',
    attempt: <T>(work: () => Promise<T>) => work(),
    once: <T>(work: () => Promise<T>) => work(),
  };
  const watch = { waiting: (what: string) => told.push(what), waited: () => told.push('answers') };
  return { told, patience: new Patience(mongo, watch) };
}

test('a server that answers nobody is waited for, one that is only slow with much to do is not', async () => {
  const silent = patience();
  const busy = patience();
  const alone = silent.patience.run(() => sleep(2_500));
  const slow = busy.patience.run(() => sleep(4_000));
  for (let answers = 0; answers < 16; answers++) await busy.patience.run(() => sleep(250));
  await Promise.all([alone, slow]);
  assert.deepEqual(silent.told, ['MongoDB at here', 'answers']);
  assert.deepEqual(busy.told, []);
});

test('a server that is lost is waited for at once, until it answers', async () => {
  const { told, patience: patient } = patience();
  let tries = 0;
  const answer = await patient.run(async () => {
    if (++tries < 3) throw new MongoNetworkError('lost');
    return 'back';
  });
  assert.equal(answer, 'back');
  assert.deepEqual(told, ['MongoDB at here', 'MongoDB at here', 'answers']);
});
