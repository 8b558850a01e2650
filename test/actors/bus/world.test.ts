/** The bus and the gateways of several processes, driven by seeds: each ends with what the owners have, and no total falls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { partitionKey } from '../../../protocol/event.ts';
import { MINUTE } from '../gateway/lanes.ts';
import type { Process } from './process.ts';
import { World } from './world.ts';

/** Something happens to one process. */
function disturb(world: World, process: Process): void {
  const chance = world.shop.random();
  if (chance < 0.2) process.startGateway();
  else if (chance < 0.4) process.startBus();
  else if (chance < 0.6) world.rebalance();
  else if (chance < 0.8) process.refuse();
  else {
    if (world.processes.length > 1) world.kill(process);
    if (world.processes.length < 4) world.add();
    // Nobody owns the dead one's partitions for a while: their new owner comes with a later rebalance.
  }
}

function step(world: World): void {
  const { shop } = world;
  world.now += Math.floor(shop.random() * 100);
  if (shop.random() < 0.3) world.commit(6, shop.random() < 0.05 ? 30 * MINUTE : 5_000);
  const process = shop.pick(world.processes);
  const chance = shop.random();
  if (chance < 0.15) process.lane.work(shop.pick(['partials', 'publish'] as const));
  else if (chance < 0.5) process.deliver();
  else if (chance < 0.75) process.hear(0.1, 0.3);
  else if (chance < 0.85) process.publish(shop.pick(['done', 'done', 'done', 'failed', 'unsure'] as const));
  else if (chance < 0.93) process.answer();
  else if (chance < 0.97) process.publisher.tick();
  else if (chance < 0.985) process.follow();
  else disturb(world, process);
}

for (let seed = 1; seed <= 12; seed++) {
  test(`every gateway ends with what the owners have, whatever happens on the way, seed ${seed}`, async () => {
    const small = seed % 3 === 0;
    const world = new World(seed, 3, small ? { mostBytes: 400, mostWaitingBytes: 20_000 } : {});
    world.rebalance();
    for (let count = 0; count < 1_500; count++) {
      step(world);
      for (const process of world.processes) process.checkTotals();
      await turn();
    }
    world.rebalance();
    await world.settle(turn);
    for (const process of world.processes) {
      process.assertComplete();
      assert.ok(process.snapshots > 0);
    }
    world.close();
  });
}

/** Two processes; the first owns everything, and both know all of it. */
async function twoProcesses(seed: number): Promise<{ world: World; owner: Process; other: Process }> {
  const world = new World(seed, 2);
  const [owner, other] = world.processes as [Process, Process];
  owner.lane.own(world.shop.partitions);
  other.lane.own([]);
  world.commit(50, 30_000);
  await world.settle(turn);
  return { world, owner, other };
}

test('a gateway follows other processes without reading the store again while nothing is lost', async () => {
  const { world, other } = await twoProcesses(21);
  const before = other.snapshots;
  for (let round = 0; round < 5; round++) {
    world.commit(20, 5_000);
    await world.settle(turn, 60);
    other.assertComplete();
  }
  assert.equal(other.snapshots, before);
  world.close();
});

test('what was lost without a trace shows when the partition next says where it stands', async () => {
  const { world, owner, other } = await twoProcesses(22);
  world.commit(10, 1_000);
  other.following = false;
  for (let round = 0; round < 20; round++) {
    owner.lane.work('publish');
    owner.deliver();
    world.now += 20;
    owner.publisher.tick();
    owner.publish('done');
    await turn();
  }
  assert.ok(world.shop.partitions.some((partition) => other.view.seqOf(partition) < partition.seq));
  other.following = true;
  await world.settle(turn);
  other.assertComplete();
  world.close();
});

test('a bus that begins to listen lets the gateway read the store, as nobody may speak of what it missed', async () => {
  const { world, owner, other } = await twoProcesses(25);
  other.startBus();
  world.commit(20, 5_000);
  world.kill(owner);
  await world.settle(turn, 20);
  other.assertComplete();
  world.close();
});

test('a process that is killed leaves its partitions to another, and every gateway follows the new owner', async () => {
  const world = new World(23, 3);
  const [first, second, third] = world.processes as [Process, Process, Process];
  first.lane.own(world.shop.partitions);
  second.lane.own([]);
  third.lane.own([]);
  world.commit(50, 30_000);
  await world.settle(turn);
  // Committed, and killed before anybody was told.
  world.commit(20, 5_000);
  world.kill(first);
  second.lane.own(world.shop.partitions);
  await world.settle(turn);
  for (const process of [second, third]) process.assertComplete();
  world.commit(20, 5_000);
  await world.settle(turn);
  for (const process of [second, third]) process.assertComplete();
  world.close();
});

test('a gateway hears how far the logs of other processes reach, also while nothing is committed', async () => {
  const { world, owner, other } = await twoProcesses(24);
  const ends = world.shop.partitions.map(({ topic, partition }) => ({ topic, partition, offset: 1_000 + partition }));
  owner.publisher.sawEnds(ends);
  await world.settle(turn);
  for (const end of ends) assert.equal(other.ends.get(partitionKey(end)), end.offset);
  world.close();
});
