import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hub } from '../../../actors/gateway/channels/hub.ts';
import { Projector, SLOW_MS } from '../../../actors/gateway/channels/projector.ts';
import { LiveView } from '../../../actors/gateway/view/view.ts';
import type { Channel as ChannelName } from '../../../protocol/frames-ws.ts';
import { MINUTE, TestShop } from './lanes.ts';
import { naiveChannels } from './naive.ts';

class Screen {
  readonly view: LiveView;
  readonly hub = new Hub('e1');
  readonly projector: Projector;
  now = 0;

  constructor(options = { topics: ['orders', 'clicks'], partitions: 2 }) {
    this.view = new LiveView(options);
    this.projector = new Projector(this.view, this.hub);
  }

  load(shop: TestShop): void {
    const { states } = shop.snapshot(0, 0);
    const { windows } = shop.snapshot(LiveView.oldestNeeded(this.view.watermarkOf(states)));
    this.view.loadSnapshot(shop.snapshot(0, 0).states, windows, this.now);
  }

  tick(): void {
    this.now += SLOW_MS;
    this.projector.project(this.now);
    this.hub.tick(this.now, { asOf: this.now, watermark: this.view.watermark });
  }

  values(name: ChannelName): Record<string, unknown> {
    const channel = this.hub.channel(name);
    return Object.fromEntries([...channel.keys()].sort().map((key) => [key, channel.get(key)]));
  }
}

function assertSame(screen: Screen, shop: TestShop, when: string): void {
  for (const [name, expected] of Object.entries(naiveChannels(shop))) {
    const sorted = Object.fromEntries([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
    assert.deepEqual(screen.values(name as ChannelName), sorted, `${name} ${when}`);
  }
}

for (const seed of [1, 2, 3]) {
  test(`view equals a full recomputation under random updates, seed ${seed}`, () => {
    const shop = new TestShop(seed);
    const screen = new Screen();
    shop.step(50, 30_000);
    screen.load(shop);
    for (const partition of shop.partitions) partition.take();
    for (let step = 0; step < 40; step++) {
      // Mostly seconds go by, at times an hour or two do.
      const leap = shop.random();
      shop.step(30, leap < 0.1 ? 90 * MINUTE : leap < 0.3 ? 7 * MINUTE : 20_000, leap < 0.5 ? 5_000 : 30 * MINUTE);
      for (const partition of shop.partitions) {
        if (shop.random() < 0.3) continue; // told later, together with the next
        const update = partition.take();
        if (update !== undefined) assert.equal(screen.view.apply(update, step), 'applied');
      }
      screen.tick();
      if (step % 5 !== 4) continue;
      for (const partition of shop.partitions) {
        const update = partition.take();
        if (update !== undefined) screen.view.apply(update, step);
      }
      screen.tick();
      assertSame(screen, shop, `after step ${step}`);
    }
  });
}

test('view takes no update twice and asks for a snapshot when one is missing', () => {
  const shop = new TestShop(7);
  const screen = new Screen();
  shop.step(50, 30_000);
  const early = shop.of('orders/0').take();
  assert.ok(early);
  assert.equal(screen.view.apply(early, 0), 'gap', 'nothing is known yet');
  screen.load(shop);
  assert.equal(screen.view.apply(early, 0), 'skipped');
  shop.step(50, 30_000);
  const missed = shop.of('orders/0').take();
  shop.step(50, 30_000);
  const next = shop.of('orders/0').take();
  assert.ok(missed && next);
  assert.equal(screen.view.apply(next, 0), 'gap');
  assert.equal(screen.view.apply(missed, 0), 'applied');
  assert.equal(screen.view.apply(missed, 0), 'skipped');
  assert.equal(screen.view.apply(next, 0), 'applied');
  for (const partition of shop.partitions) {
    const update = partition.take();
    if (update !== undefined) screen.view.apply(update, 0);
  }
  screen.load(shop);
  screen.tick();
  assertSame(screen, shop, 'at the end');
});

test('view goes on with a new owner that begins where it stands, and ignores the former one', () => {
  const shop = new TestShop(8);
  const screen = new Screen();
  shop.step(50, 30_000);
  screen.load(shop);
  for (const partition of shop.partitions) partition.reopen();
  shop.step(50, 30_000);
  const update = shop.of('orders/1').take();
  assert.ok(update);
  assert.equal(screen.view.apply(update, 0), 'applied');
  assert.equal(screen.view.apply({ ...update, epoch: 1, from: update.to, to: update.to + 1 }, 0), 'skipped');
});

test('view does not go back where a snapshot holds a window newer than its partition', () => {
  const shop = new TestShop(9);
  const screen = new Screen();
  shop.step(40, 10_000);
  for (const partition of shop.partitions) partition.take();
  const { states } = shop.snapshot(0, 0);
  shop.step(40, 10_000);
  const first = shop.partitions.map((partition) => partition.take());
  shop.step(40, 10_000);
  screen.view.loadSnapshot(states, shop.snapshot().windows, 0);
  screen.tick();
  const shown = Number(screen.hub.channel('overview').get('hour/orders'));
  for (const update of first) if (update !== undefined) screen.view.apply(update, 0);
  screen.tick();
  assert.ok(Number(screen.hub.channel('overview').get('hour/orders')) >= shown);
  for (const partition of shop.partitions) {
    const update = partition.take();
    if (update !== undefined) screen.view.apply(update, 0);
  }
  screen.tick();
  assertSame(screen, shop, 'once all is told');
});

test('view drops cells that a partition gave up', () => {
  const shop = new TestShop(10, 1, ['orders']);
  const screen = new Screen({ topics: ['orders'], partitions: 1 });
  shop.step(30, 1_000, 0);
  screen.load(shop);
  const partition = shop.of('orders/0');
  partition.take();
  const [start, window] = [...partition.windows][0] as [number, NonNullable<ReturnType<typeof partition.windows.get>>];
  const gone = partition.orders[0]?.product as string;
  const before = screen.view.windows.rolling.product.size;
  window.set('product', [gone], [0, 0, 0, 0, 0, 0]);
  partition.commit();
  const update = partition.take();
  assert.ok(update);
  screen.view.apply(update, 0);
  assert.equal(screen.view.windows.rolling.product.sum(gone), undefined);
  assert.equal(screen.view.windows.rolling.product.size, before - 1);
  assert.ok(start > 0);
});

test('view that waits for a snapshot shows nothing, and totals never fall', () => {
  const shop = new TestShop(11, 2, ['orders', 'clicks']);
  const screen = new Screen();
  screen.tick();
  assert.equal(screen.hub.channel('overview').size, 0);
  const clicks = shop.of('clicks/0');
  clicks.click(shop.time + 5 * 24 * 60 * MINUTE, 'view');
  clicks.commit();
  screen.load(shop);
  screen.tick();
  // The first order is days older than the clicks: windows may be missing.
  shop.step(60, 10_000);
  const order = shop.of('orders/0').take();
  assert.ok(order);
  screen.view.apply(order, 0);
  assert.equal(screen.view.stale, true);
  const events = screen.hub.channel('overview').get('total/events');
  screen.tick();
  assert.equal(screen.hub.channel('overview').get('total/events'), events);
  screen.load(shop);
  screen.tick();
  assert.equal(screen.view.stale, false);
  assert.ok(Number(screen.hub.channel('overview').get('total/events')) > Number(events));
});

test('view reads windows again that were too far ahead when they were told', () => {
  const shop = new TestShop(12);
  const screen = new Screen();
  shop.step(60, 10_000);
  screen.load(shop);
  for (const partition of shop.partitions) partition.take();
  const ahead = shop.time + 3 * 60 * MINUTE;
  for (let minute = 0; minute < 180; minute++) shop.of('clicks/0').click(shop.time + minute * MINUTE, 'view');
  shop.of('clicks/0').commit();
  screen.view.apply(shop.of('clicks/0').take() as never, 0);
  assert.equal(screen.view.stale, false);
  shop.time = ahead;
  shop.step(60, 10_000);
  for (const partition of shop.partitions) {
    const update = partition.take();
    if (update !== undefined) screen.view.apply(update, 0);
  }
  assert.equal(screen.view.stale, true);
  screen.load(shop);
  screen.tick();
  assertSame(screen, shop, 'after the snapshot');
});
