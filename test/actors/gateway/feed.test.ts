import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Hub } from '../../../actors/gateway/channels/hub.ts';
import { Projector } from '../../../actors/gateway/channels/projector.ts';
import { Feed, type Snapshot } from '../../../actors/gateway/links/feed.ts';
import { LiveView } from '../../../actors/gateway/view/view.ts';
import { AppError } from '../../../protocol/errors.ts';
import type { Channel as ChannelName } from '../../../protocol/frames-ws.ts';
import type { PartialsMessage } from '../../../protocol/message.ts';
import { MINUTE, type TestPartition, TestShop } from './lanes.ts';
import { naiveChannels } from './naive.ts';

/** An aggregator's side of the link: it sends while it holds a credit, and begins anew with its state. */
class TestLane {
  readonly id: string;
  partitions: TestPartition[] = [];
  outbox: PartialsMessage[] = [];
  inbox = 0;
  #credit = false;

  constructor(id: string) {
    this.id = id;
  }

  say(): void {
    this.#credit = false;
    for (const partition of this.partitions) partition.take();
    const partitions = this.partitions.map(({ topic, partition, epoch, seq }) => ({ topic, partition, epoch, seq }));
    this.outbox.push({ type: 'lane-state', lane: this.id, partitions });
  }

  work(): void {
    if (this.inbox > 0) {
      this.inbox--;
      this.#credit = true;
    }
    if (!this.#credit) return;
    const updates = this.partitions.flatMap((partition) => partition.take() ?? []);
    if (updates.length === 0) return;
    this.#credit = false;
    this.outbox.push({ type: 'partials', lane: this.id, updates, appendedAt: [] });
  }
}

class Stage {
  readonly shop: TestShop;
  readonly view = new LiveView({ topics: ['orders', 'clicks'], partitions: 2 });
  readonly lanes = [new TestLane('aggregator-0'), new TestLane('aggregator-1')];
  readonly feed: Feed;
  /** Snapshots asked for and not answered. */
  asked: { from: number; to: number; resolve: (snapshot: Snapshot) => void; reject: (error: Error) => void }[] = [];
  snapshots = 0;

  constructor(seed: number) {
    this.shop = new TestShop(seed);
    this.feed = new Feed({
      view: this.view,
      readSnapshot: (from, to) => new Promise((resolve, reject) => this.asked.push({ from, to, resolve, reject })),
      onLoaded: () => this.snapshots++,
      onApplied: () => undefined,
      onFailure: (thrown) => assert.ok(thrown instanceof AppError),
      clock: () => 0,
    });
    for (const lane of this.lanes) this.feed.connect(lane.id, { postMessage: () => lane.inbox++ });
    this.assign(false);
  }

  /** The lanes take their partitions, crosswise or straight. */
  assign(crosswise: boolean): void {
    for (const [at, lane] of this.lanes.entries()) {
      lane.partitions = this.shop.partitions.filter(({ partition }) => (partition === at) !== crosswise);
      lane.say();
    }
  }

  answer(): void {
    const { from, to, resolve } = this.asked.shift() ?? {};
    resolve?.(this.shop.snapshot(from, to));
  }

  deliver(lane: TestLane): void {
    const message = lane.outbox.shift();
    if (message !== undefined) this.feed.receive(lane.id, message);
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 400; round++) {
      for (const lane of this.lanes) {
        lane.work();
        this.deliver(lane);
      }
      this.answer();
      this.feed.readerReady();
      await turn();
    }
    assert.equal(this.asked.length, 0);
    assert.ok(this.lanes.every((lane) => lane.outbox.length === 0));
  }

  assertComplete(): void {
    const hub = new Hub('e1');
    new Projector(this.view, hub).project(1e6);
    hub.tick(1, { asOf: 0, watermark: 0 });
    for (const [name, expected] of Object.entries(naiveChannels(this.shop))) {
      const channel = hub.channel(name as ChannelName);
      const values = new Map([...channel.keys()].map((key) => [key, channel.get(key)]));
      assert.deepEqual(new Map([...values].sort()), new Map([...expected].sort()), name);
    }
    for (const partition of this.shop.partitions) assert.equal(this.view.seqOf(partition), partition.seq);
  }
}

for (const seed of [1, 2, 3, 4, 5]) {
  test(`feed ends with everything under restarts, moves and slow snapshots, seed ${seed}`, async () => {
    const stage = new Stage(seed);
    const { shop, lanes, feed } = stage;
    let crosswise = false;
    for (let step = 0; step < 400; step++) {
      if (shop.random() < 0.5) shop.step(8, shop.random() < 0.05 ? 30 * MINUTE : 5_000);
      const lane = shop.pick(lanes);
      const chance = shop.random();
      if (chance < 0.5) lane.work();
      else if (chance < 0.9) stage.deliver(lane);
      else if (chance < 0.92) {
        // The aggregator dies; its successor opens the partitions and lays the link anew.
        for (const partition of lane.partitions) partition.reopen();
        lane.outbox = [];
        lane.inbox = 0;
        feed.disconnect(lane.id);
        feed.connect(lane.id, { postMessage: () => lane.inbox++ });
        lane.say();
      } else if (chance < 0.93) {
        crosswise = !crosswise;
        for (const partition of shop.partitions) partition.reopen();
        stage.assign(crosswise);
      } else if (chance < 0.98) stage.answer();
      else {
        stage.asked.shift()?.reject(new AppError('unavailable', 'the reader went away'));
        await turn();
        feed.readerReady();
      }
      await turn();
    }
    await stage.settle();
    stage.assertComplete();
    assert.ok(stage.snapshots > 0);
    feed.close();
  });
}

test('feed needs no snapshot for a lane that begins where the view stands', async () => {
  const stage = new Stage(6);
  stage.shop.step(50, 60_000);
  for (const lane of stage.lanes) lane.say();
  await stage.settle();
  const before = stage.snapshots;
  for (const lane of stage.lanes) {
    for (const partition of lane.partitions) partition.reopen();
    lane.say();
  }
  stage.shop.step(50, 60_000);
  await stage.settle();
  assert.equal(stage.snapshots, before);
  stage.assertComplete();
  stage.feed.close();
});

test('feed gives no credit before a snapshot, and lanes in step go on while another waits', async () => {
  const stage = new Stage(7);
  const [first, second] = stage.lanes as [TestLane, TestLane];
  stage.shop.step(50, 60_000);
  stage.deliver(first);
  stage.deliver(second);
  await turn();
  assert.equal(first.inbox + second.inbox, 0);
  await stage.settle();
  for (const partition of first.partitions) partition.reopen();
  stage.shop.step(50, 60_000);
  first.say();
  stage.deliver(first);
  for (let round = 0; round < 5; round++) {
    second.work();
    stage.deliver(second);
    await turn();
    stage.shop.step(10, 1_000);
  }
  assert.equal(stage.asked.length, 1);
  assert.ok(second.partitions.every((partition) => stage.view.seqOf(partition) > 1));
  await stage.settle();
  stage.assertComplete();
  stage.feed.close();
});
