/** One process of the world of world.ts: an aggregator, a bus and a gateway, and what is on its way between them. */
import assert from 'node:assert/strict';
import { Listener } from '../../../actors/bus/listener.ts';
import { Publisher } from '../../../actors/bus/publisher.ts';
import { Hub } from '../../../actors/gateway/channels/hub.ts';
import { Projector } from '../../../actors/gateway/channels/projector.ts';
import { Feed, type Snapshot } from '../../../actors/gateway/links/feed.ts';
import { LiveView } from '../../../actors/gateway/view/view.ts';
import type { BusMessage } from '../../../actors/ports/delta-bus.ts';
import { Outgoing } from '../../../actors/window-aggregator/outgoing.ts';
import { AppError } from '../../../protocol/errors.ts';
import { partitionKey } from '../../../protocol/event.ts';
import type { Channel as ChannelName } from '../../../protocol/frames-ws.ts';
import type { PartialsMessage } from '../../../protocol/message.ts';
import type { TestPartition, TestShop } from '../gateway/lanes.ts';
import { naiveChannels } from '../gateway/naive.ts';

const LANE = 'aggregator-0';
type Follower = 'partials' | 'publish';

/** One aggregator: its partitions, and what each of its followers has not been told. */
class Lane {
  readonly owned = new Map<string, { readonly partition: TestPartition; readonly untold: Map<Follower, Outgoing> }>();
  readonly outbox = { partials: [] as PartialsMessage[], publish: [] as PartialsMessage[] };
  readonly inbox = { partials: 0, publish: 0 };
  #credit = { partials: false, publish: false };

  own(partitions: readonly TestPartition[]): void {
    this.owned.clear();
    for (const partition of partitions) {
      partition.reopen();
      this.owned.set(partitionKey(partition), { partition, untold: new Map() });
    }
    this.say('partials');
    this.say('publish');
  }

  say(follower: Follower): void {
    this.#credit[follower] = false;
    for (const { partition, untold } of this.owned.values()) untold.set(follower, new Outgoing(partition.seq));
    const partitions = [...this.owned.values()].map(({ partition: { topic, partition, epoch, seq } }) => ({
      topic,
      partition,
      epoch,
      seq,
    }));
    this.outbox[follower].push({ type: 'lane-state', lane: LANE, partitions });
  }

  /** The link is laid anew: what was on its way is gone. */
  begin(follower: Follower): void {
    this.inbox[follower] = 0;
    this.outbox[follower].length = 0;
    this.say(follower);
  }

  /** After every commit of the shop: what changed goes to all followers. */
  committed(): void {
    for (const { partition, untold } of this.owned.values()) {
      const windows = partition.take()?.windows ?? [];
      for (const outgoing of untold.values()) outgoing.add(windows);
    }
  }

  work(follower: Follower): void {
    if (this.inbox[follower] > 0) {
      this.inbox[follower]--;
      this.#credit[follower] = true;
    }
    if (!this.#credit[follower]) return;
    const updates = [...this.owned.values()].flatMap(({ partition, untold }) => {
      const { topic, partition: index, epoch, nextOffset, watermark, ledger, totals } = partition;
      const taken = untold.get(follower)?.take(partition.seq);
      const state = { topic, partition: index, epoch, nextOffset, watermark };
      return taken === undefined ? [] : [{ ...state, ledger: { ...ledger }, totals: { ...totals }, ...taken }];
    });
    if (updates.length === 0) return;
    this.#credit[follower] = false;
    this.outbox[follower].push({ type: 'partials', lane: LANE, updates, appendedAt: [] });
  }
}

/** What a process shares with the others. */
export type Surroundings = {
  readonly shop: TestShop;
  readonly mostBytes: number;
  readonly mostWaitingBytes: number;
  readonly now: () => number;
  readonly append: (messages: readonly BusMessage[]) => void;
};

type Asked = { from: number; to: number; resolve: (snapshot: Snapshot) => void; reject: (error: Error) => void };
type Publishing = { messages: readonly BusMessage[]; resolve: () => void; reject: (error: Error) => void };

export class Process {
  readonly name: string;
  readonly lane = new Lane();
  publisher!: Publisher;
  listener!: Listener;
  view!: LiveView;
  feed!: Feed;
  #hub!: Hub;
  #projector!: Projector;
  #projectedAt = 0;
  following = false;
  snapshots = 0;
  /** Messages of the topic on their way here. */
  inbox: BusMessage[] = [];
  readonly ends = new Map<string, number>();
  #around: Surroundings;
  #toGateway: PartialsMessage[] = [];
  #credits = 0;
  #asked: Asked[] = [];
  #publishing: Publishing[] = [];
  #shown = new Map<string, number>();
  #incarnation = 0;

  constructor(around: Surroundings, name: string) {
    this.#around = around;
    this.name = name;
    this.startGateway();
    this.startBus();
  }

  startGateway(): void {
    this.feed?.close();
    this.#shown.clear();
    this.#asked = [];
    this.view = new LiveView({ topics: ['orders', 'clicks'], partitions: 2 });
    this.#hub = new Hub('e1');
    this.#projector = new Projector(this.view, this.#hub);
    this.feed = new Feed({
      view: this.view,
      readSnapshot: (from, to) => new Promise((resolve, reject) => this.#asked.push({ from, to, resolve, reject })),
      onLoaded: () => this.snapshots++,
      onApplied: () => undefined,
      onFailure: (thrown) => assert.ok(thrown instanceof AppError),
      clock: this.#around.now,
    });
    this.feed.connect(LANE, { postMessage: () => this.lane.inbox.partials++ });
    this.lane.begin('partials');
    if (this.listener !== undefined) this.#joinGateway();
  }

  startBus(): void {
    const sender = `${this.name}-${++this.#incarnation}`;
    const { mostBytes, mostWaitingBytes, now } = this.#around;
    this.inbox = [];
    this.#publishing = [];
    this.following = false;
    this.listener = new Listener({ self: sender, mostWaitingBytes });
    this.publisher = new Publisher({
      sender,
      mostBytes,
      publish: (messages) => new Promise((resolve, reject) => this.#publishing.push({ messages, resolve, reject })),
      onTrouble: () => undefined,
      onPublished: () => undefined,
      clock: now,
    });
    this.publisher.connect(LANE, { postMessage: () => this.lane.inbox.publish++ });
    this.lane.begin('publish');
    this.#joinGateway();
  }

  follow(): void {
    this.following = true;
    this.listener.following();
  }

  publish(outcome: 'done' | 'failed' | 'unsure'): void {
    const publishing = this.#publishing.shift();
    if (publishing === undefined) return;
    if (outcome !== 'failed') this.#around.append(publishing.messages);
    if (outcome === 'done') publishing.resolve();
    else publishing.reject(new Error('no broker'));
  }

  /** One message of the topic, not always the oldest; it may get lost, or come again. */
  hear(loss = 0, mixing = 0): void {
    const { random } = this.#around.shop;
    const at = random() < mixing ? Math.floor(random() * Math.min(this.inbox.length, 4)) : 0;
    const message = this.inbox[at];
    if (message === undefined) return;
    if (random() >= loss / 2) this.inbox.splice(at, 1);
    if (random() >= loss) this.listener.receive(message);
  }

  answer(): void {
    const { from, to, resolve } = this.#asked.shift() ?? {};
    resolve?.(this.#around.shop.snapshot(from, to));
  }

  refuse(): void {
    this.#asked.shift()?.reject(new AppError('unavailable', 'the reader went away'));
    this.feed.readerReady();
  }

  deliver(): void {
    const told = this.lane.outbox.partials.shift();
    if (told !== undefined) this.feed.receive(LANE, told);
    const published = this.lane.outbox.publish.shift();
    if (published !== undefined) this.publisher.receive(LANE, published);
    const heard = this.#toGateway.shift();
    if (heard !== undefined) this.#tellGateway(heard);
    if (this.#credits === 0) return;
    this.#credits--;
    this.listener.wanted();
  }

  /** What a page would have seen: no total may ever fall. */
  checkTotals(): void {
    if (this.view.stale) return;
    for (const [name, value] of Object.entries(this.view.totals())) {
      const before = this.#shown.get(name) ?? 0;
      assert.ok(value >= before, `${this.name}: ${name} fell from ${before} to ${value}`);
      this.#shown.set(name, value);
    }
  }

  assertComplete(): void {
    const { shop } = this.#around;
    for (const partition of shop.partitions) {
      assert.equal(this.view.seqOf(partition), partition.seq, `${this.name}: ${partitionKey(partition)}`);
    }
    this.#projectedAt += 1_000;
    this.#projector.project(this.#projectedAt);
    this.#hub.tick(this.#projectedAt, { asOf: 0, watermark: 0 });
    for (const [name, expected] of Object.entries(naiveChannels(shop))) {
      const channel = this.#hub.channel(name as ChannelName);
      const values = new Map([...channel.keys()].map((key) => [key, channel.get(key)]));
      assert.deepEqual(new Map([...values].sort()), new Map([...expected].sort()), `${this.name}: ${name}`);
    }
  }

  #joinGateway(): void {
    this.#toGateway = [];
    this.#credits = 0;
    this.feed.disconnect('bus');
    this.feed.connect('bus', { postMessage: () => this.#credits++ });
    this.listener.connect({ postMessage: (message) => this.#toGateway.push(message) });
  }

  #tellGateway(message: PartialsMessage): void {
    if (message.type === 'partials') {
      for (const end of message.ends ?? []) this.ends.set(partitionKey(end), end.offset);
    }
    this.feed.receive('bus', message);
  }
}
