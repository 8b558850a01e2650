/** The fault `poison`, kept for actors across their deaths. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PoisonKeeper } from '../../actors/poison-keeper.ts';

const command = { command: 'fault', reason: '', key: 'k', death: 'crash' } as const;

test('poison is left for the actor with all its orders, until each is healed', async () => {
  const left: unknown[] = [];
  const keeper = new PoisonKeeper((actor, note) => left.push([actor, note.poisoned]));
  await keeper.order({ ...command, actor: 'consumer-0', fault: 'poison', order: 'o1' });
  await keeper.order({ ...command, actor: 'aggregator-1', fault: 'poison', order: 'o1', death: 'hang' });
  const both = await keeper.order({ ...command, actor: 'consumer-0', fault: 'poison', order: 'o2', death: 'oom' });
  assert.deepEqual(both, { poisoned: ['o1', 'o2'] });
  assert.deepEqual(await keeper.order({ ...command, actor: 'consumer-0', fault: 'heal', order: 'o1' }), {
    poisoned: ['o2'],
  });
  assert.deepEqual(left, [
    ['consumer-0', { o1: 'crash' }],
    ['aggregator-1', { o1: 'hang' }],
    ['consumer-0', { o1: 'crash', o2: 'oom' }],
    ['consumer-0', { o2: 'oom' }],
  ]);
});

test('poison is refused for actors that handle no orders, and nothing is kept of one that is not there', async () => {
  const keeper = new PoisonKeeper(() => {
    throw new RangeError('no such actor');
  });
  const poison = { ...command, fault: 'poison', order: 'o1' } as const;
  await assert.rejects(keeper.order({ ...poison, actor: 'gateway' }), { code: 'conflict', message: /"gateway"/ });
  await assert.rejects(keeper.order({ ...poison, actor: 'consumer-9' }), RangeError);
  await assert.rejects(keeper.order({ ...poison, actor: 'consumer-9', fault: 'heal' }), RangeError);
});
