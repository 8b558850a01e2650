/** The delta bus over a real compacted topic: order, loss of connections, a broker that is away, what is left behind. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { KafkaDeltaBus } from '../../actors/backends/delta-bus-kafka.ts';
import { connectKafka } from '../../actors/backends/kafka-client.ts';
import { Listener } from '../../actors/bus/listener.ts';
import { Publisher } from '../../actors/bus/publisher.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { PartialsMessage, PartialUpdate } from '../../protocol/message.ts';
import { until } from '../system/exactness.ts';
import { removeTopics } from './kafka-place.ts';
import { address, needs } from './servers.ts';

const LIMIT_MS = 60_000;

const config = () => ({ brokers: address('KAFKA_BROKERS').split(','), ssl: false });

/** A group of its own, and buses in it that end with the test. */
function place(t: TestContext): { group: string; bus: () => KafkaDeltaBus } {
  const group = `t-bus-${randomBytes(4).toString('hex')}`;
  const open: KafkaDeltaBus[] = [];
  t.after(async () => {
    await Promise.all(open.map((bus) => bus.close()));
    await removeTopics(group);
  });
  const bus = () => {
    const made = new KafkaDeltaBus(config(), group);
    open.push(made);
    return made;
  };
  return { group, bus };
}

/** Hears everything, and knows when it began to. */
function hear(bus: KafkaDeltaBus) {
  const heard: string[] = [];
  const trouble: string[] = [];
  let following = 0;
  bus.follow({
    onFollowing: () => following++,
    onMessage: ({ key, value }) => heard.push(`${key}=${Buffer.from(value).toString()}`),
    onTrouble: (thrown) => trouble.push(String(thrown)),
  });
  const listens = () => until('the bus listens', LIMIT_MS, async () => ({ done: following > 0, state: trouble }));
  const hears = (count: number) =>
    until(`${count} messages heard`, LIMIT_MS, async () => ({ done: heard.length >= count, state: heard.length }));
  return { heard, trouble, listens, hears, times: () => following };
}

const message = (key: string, text: string) => ({ key, value: new TextEncoder().encode(text) });

/** From now on nobody gets a connection, and those there are break; answers what ends that. */
function cutLines(t: TestContext): () => void {
  const { connect } = net;
  const [, port] = (config().brokers[0] as string).split(':');
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const refuse = () => {
    const socket = new net.Socket();
    setImmediate(() => socket.destroy(Object.assign(new Error('cut by the test'), { code: 'ECONNREFUSED' })));
    return socket;
  };
  const mend = () => {
    net.connect = connect;
  };
  net.connect = refuse as typeof net.connect;
  for (const handle of handles) {
    if (handle instanceof net.Socket && handle.remotePort === Number(port))
      handle.destroy(new Error('cut by the test'));
  }
  t.after(mend);
  return mend;
}

test(
  'every bus hears what is said after it began to listen, its own words too, in order',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const { bus } = place(t);
    const [first, second] = [bus(), bus()];
    await first.publish([message('orders/0', 'said before')]);
    const [one, two] = [hear(first), hear(second)];
    await Promise.all([one.listens(), two.listens()]);
    const said = Array.from({ length: 50 }, (_, number) => message(`orders/${number % 3}`, `${number}`));
    await first.publish(said.slice(0, 25));
    await second.publish(said.slice(25));
    await Promise.all([one.hears(50), two.hears(50)]);
    const expected = said.map(({ key, value }) => `${key}=${Buffer.from(value).toString()}`);
    assert.deepEqual(one.heard, expected);
    assert.deepEqual(two.heard, expected);
  },
);

test('messages as large as allowed come through, many at once', needs('KAFKA_BROKERS'), async (t) => {
  const { bus } = place(t);
  const only = bus();
  const sizes: number[] = [];
  let following = false;
  only.follow({
    onFollowing: () => {
      following = true;
    },
    onMessage: ({ value }) => sizes.push(value.length),
    onTrouble: () => undefined,
  });
  await until('the bus listens', LIMIT_MS, async () => ({ done: following, state: '' }));
  await only.publish(Array.from({ length: 16 }, () => ({ key: 'k', value: randomBytes(only.mostBytes) })));
  await until('all heard', LIMIT_MS, async () => ({ done: sizes.length === 16, state: sizes.length }));
  assert.ok(sizes.every((size) => size === only.mostBytes));
});

test('the topic is compacted and has one partition', needs('KAFKA_BROKERS'), async (t) => {
  const { bus } = place(t);
  const only = bus();
  await only.publish([message('k', 'x')]);
  const admin = connectKafka(config()).admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: only.topic, configNames: ['cleanup.policy'] }],
  });
  assert.match(String(resources[0]?.configEntries[0]?.configValue), /compact/);
  assert.equal((await admin.fetchTopicMetadata({ topics: [only.topic] })).topics[0]?.partitions.length, 1);
});

test(
  'a bus goes on where it was after its lines were cut, and says that it listens again',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const { bus } = place(t);
    const [speaker, listener] = [bus(), bus()];
    const ear = hear(listener);
    await ear.listens();
    await speaker.publish([message('k', '1')]);
    await ear.hears(1);
    const mend = cutLines(t);
    await assert.rejects(speaker.publish([message('k', '2')]));
    await until('trouble is told', LIMIT_MS, async () => ({ done: ear.trouble.length > 0, state: ear.trouble }));
    mend();
    await until('said', LIMIT_MS, async () => ({
      done: await speaker.publish([message('k', '3')]).then(
        () => true,
        () => false,
      ),
      state: '',
    }));
    await ear.hears(2);
    assert.equal(ear.heard.at(-1), 'k=3');
    assert.ok(ear.times() >= 2, 'it says so, as something may have been missed');
  },
);

test(
  'a bus that starts while no broker can be reached begins by itself when one can',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const { bus } = place(t);
    const mend = cutLines(t);
    const only = bus();
    const ear = hear(only);
    await until('trouble is told', LIMIT_MS, async () => ({ done: ear.trouble.length > 1, state: ear.trouble }));
    mend();
    await ear.listens();
    await only.publish([message('k', '1')]);
    await ear.hears(1);
  },
);

test('a bus leaves no group behind', needs('KAFKA_BROKERS'), async (t) => {
  const { bus, group } = place(t);
  const only = bus();
  await hear(only).listens();
  const admin = connectKafka(config()).admin();
  await admin.connect();
  t.after(() => admin.disconnect());
  const groups = async () =>
    (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(group));
  assert.equal((await groups()).length, 1);
  await only.close();
  assert.deepEqual(await groups(), []);
});

/** A process: its publisher and its listener on one bus, and what its gateway is told. */
function processOn(bus: KafkaDeltaBus, sender: string) {
  const told: PartialsMessage[] = [];
  const listener = new Listener({ self: sender });
  listener.connect({ postMessage: (message) => told.push(message) });
  const publisher = new Publisher({
    sender,
    mostBytes: bus.mostBytes,
    publish: (messages) => bus.publish(messages),
    onTrouble: () => undefined,
    onPublished: () => undefined,
    clock: () => performance.now(),
  });
  bus.follow({
    onFollowing: () => listener.following(),
    onMessage: (message) => listener.receive(message),
    onTrouble: () => undefined,
  });
  return { told, listener, publisher };
}

test(
  'an update of several megabytes reaches the gateway of another process as it was told',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const { bus } = place(t);
    const here = processOn(bus(), randomUUID());
    const there = processOn(bus(), randomUUID());
    const states = () => there.told.filter(({ type }) => type === 'lane-state').length;
    await until('both listen', LIMIT_MS, async () => ({
      done: states() > 0 && here.told.length > 0,
      state: states(),
    }));
    const partition = { topic: 'orders', partition: 3 };
    const ledger = { in: 7, counted: 4, late: 1, dead: 1, duplicates: 1 };
    const totals = { events: 4, orders: 3, paidOrders: 2, items: 9, revenue: 12_345 };
    const windows = [1, 2, 3].map((start) => ({ start, packed: new Uint8Array(randomBytes(1_000_000)) }));
    const place5 = { ...partition, epoch: 2, from: 5, to: 6, nextOffset: 70, watermark: 99, gap: 0 };
    const update: PartialUpdate = { ...place5, ledger, totals, windows };
    let credits = 0;
    here.publisher.connect('aggregator-0', { postMessage: () => credits++ });
    here.publisher.sawEnds([{ ...partition, offset: 77 }]);
    here.publisher.receive('aggregator-0', {
      type: 'lane-state',
      lane: 'aggregator-0',
      partitions: [{ ...partition, epoch: 2, seq: 5 }],
    });
    here.publisher.receive('aggregator-0', {
      type: 'partials',
      lane: 'aggregator-0',
      updates: [update],
      appendedAt: [],
    });
    const tick = setInterval(() => here.publisher.tick(), 20);
    t.after(() => clearInterval(tick));
    await until('the other gateway knows whose it is', LIMIT_MS, async () => ({
      done: there.told.some((message) => message.type === 'lane-state' && message.partitions.length > 0),
      state: there.told.length,
    }));
    const state = there.told.at(-1);
    assert.equal(state?.type === 'lane-state' && partitionKey(state.partitions[0] ?? partition), 'orders/3');
    there.listener.wanted();
    const updates = () => there.told.flatMap((message) => (message.type === 'partials' ? message.updates : []));
    const partials = () => updates().find(({ windows: some }) => some.length > 0);
    await until('told', LIMIT_MS, async () => {
      there.listener.wanted();
      await wait(1);
      return { done: partials() !== undefined, state: there.told.length };
    });
    const { windows: heard = [], ...rest } = partials() ?? {};
    const { windows: _, ...said } = update;
    assert.deepEqual(rest, said);
    const same = heard.map(
      ({ start, packed }, at) => start === at + 1 && Buffer.from(packed).equals(windows[at]!.packed),
    );
    assert.deepEqual(same, [true, true, true]);
    assert.ok(credits > 0, 'the lane may go on');
    assert.ok(
      here.told.every((told) => told.type === 'lane-state'),
      'a process is not told of itself',
    );
  },
);
