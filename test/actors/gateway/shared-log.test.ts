/** A gateway of one process among several: lanes own some partitions, the bus tells of the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { partitionKey } from '../../../protocol/event.ts';
import type { PartialUpdate } from '../../../protocol/message.ts';
import type { TreeStatus } from '../../../supervisor/status.ts';
import { call } from './calls.ts';
import type { TestPartition } from './lanes.ts';
import { node, runningTree, type Served, serve } from './served.ts';

const LANE = 'aggregator-0';

type Ledger = { topic: string; partition: number; in: number; offset: number; end_offset: number; lag: number };

const stateOf = ({ topic, partition, epoch, seq }: TestPartition) => ({ topic, partition, epoch, seq });

/** Partition 0 of each topic is this process's own, partition 1 another's. */
async function sharing(served: Served) {
  const { gateway, shop } = served;
  shop.step(40, 10_000);
  const own = shop.partitions.filter(({ partition }) => partition === 0);
  const others = shop.partitions.filter(({ partition }) => partition === 1);
  const wanted = { [LANE]: 0, bus: 0 };
  for (const [lane, partitions] of [[LANE, own] as const, ['bus', others] as const]) {
    for (const partition of partitions) partition.take();
    gateway.laneConnected(lane, { postMessage: () => wanted[lane]++ });
    const refresh = lane === 'bus' ? { refresh: true } : {};
    gateway.partials(lane, { type: 'lane-state', lane, partitions: partitions.map(stateOf), ...refresh });
  }
  const root: TreeStatus = {
    ...node('root', 'running', runningTree()),
    at: 5,
    zombies: 0,
    zombiesEver: 0,
    fenced: 0,
    dropped: 0,
  };
  const group = { own: own.map(stateOf), missing: [], findings: [] };
  const ends = own.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset }));
  gateway.state.status.told(root, 1, ends, group);
  while (wanted.bus === 0) await turn();
  return { own, others, wanted };
}

test('gateway is ready when its own partitions are worked off, however far other processes are', async (t) => {
  const served = await serve(t);
  const { others } = await sharing(served);
  assert.equal((await call(served, '/readyz')).status, 200);
  const ends = others.map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: nextOffset + 1_000 }));
  served.gateway.partials('bus', { type: 'partials', lane: 'bus', updates: [], appendedAt: [], ends });
  assert.equal((await call(served, '/readyz')).status, 200);
  const { partitions } = JSON.parse((await call(served, '/ledger')).body) as { partitions: Ledger[] };
  for (const ledger of partitions) {
    assert.equal(ledger.lag, ledger.partition === 1 ? 1_000 : 0, partitionKey(ledger));
    assert.equal(ledger.end_offset, ledger.offset + ledger.lag);
  }
});

test('gateway counts what the bus tells once, also when the partition becomes its own meanwhile', async (t) => {
  const served = await serve(t);
  const { gateway, shop } = served;
  const { own, others, wanted } = await sharing(served);
  shop.step(40, 10_000);
  const updates = others.map((partition) => partition.take() as PartialUpdate);
  gateway.partials('bus', { type: 'partials', lane: 'bus', updates, appendedAt: [] });
  for (const partition of others) partition.reopen();
  gateway.partials(LANE, { type: 'lane-state', lane: LANE, partitions: shop.partitions.map(stateOf) });
  gateway.partials('bus', { type: 'partials', lane: 'bus', updates, appendedAt: [] });
  const before = wanted[LANE];
  shop.step(40, 10_000);
  gateway.partials(LANE, {
    type: 'partials',
    lane: LANE,
    updates: shop.partitions.map((partition) => partition.take() as PartialUpdate),
    appendedAt: [],
  });
  while (wanted[LANE] === before) await turn();
  const { total } = JSON.parse((await call(served, '/ledger')).body) as { total: { in: number } };
  assert.equal(
    total.in,
    [...own, ...others].reduce((sum, { ledger }) => sum + ledger.in, 0),
  );
});

test('gateway says in its metrics which partitions its process counts itself', async (t) => {
  const served = await serve(t);
  await sharing(served);
  const { body } = await call(served, '/metrics');
  assert.match(body, /^pulso_partition_owned\{topic="orders",partition="0"\} 1$/m);
  assert.match(body, /^pulso_partition_owned\{topic="orders",partition="1"\} 0$/m);
});
