/**
 * All of it at once: two processes on Kafka, MongoDB and HDFS under a small budget, and everything that can die does. In
 * the end every figure, every order and every archived sum equals the brute-force model of what Kafka holds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveFiles } from '../../actors/ports/archive.ts';
import { overload } from '../helpers/overload.ts';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model, type ModelResult } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { ask } from '../model/questions.ts';
import { ledgerTotal, type Pulso, until, untilCounted, untilReady } from '../system/exactness.ts';
import { archiveOf, type Batch, compareRows, eventBatches } from './archive-on-hdfs.ts';
import { type Fault, harm, healAfter, needsToHarm, type Service } from './faults.ts';
import { OverviewWatch } from './overview-watch.ts';
import { type Place, place } from './pulso.ts';

/** 300000 for the figures that count; fewer here, so that the gate stays short. */
const EVENTS = Number(process.env.TEST_EVENTS ?? 20_000);
const FULL = EVENTS >= 300_000;
const PACE = FULL ? 1500 : 400;
const OUTAGE_MS = FULL ? 60_000 : 8_000;
/** A process that is killed and comes back at once waits for its own old membership to end. */
const READY_MS = 90_000;
const TAKEOVER_MS = 10_000;
/** A broker takes records of up to 1 MB, the protocol around them included. */
const SENDABLE_BYTES = 900_000;
const SHOWN = 20;
const SERVERS = ['KAFKA_BROKERS', 'MONGODB_URI', 'WEBHDFS_URL', 'HIVE_METASTORE'] as const;

type Running = { pulso: Pulso; readonly name: string };

/** At a steady pace, so that events keep coming while servers and processes die. */
async function produceAll(here: Place, signal: AbortSignal): Promise<void> {
  const records = [...hostileLines({ events: EVENTS })]
    .filter(({ record, bytes }) => record && bytes.length <= SENDABLE_BYTES)
    .map(({ bytes }) => bytes);
  for (let at = 0; at < records.length && !signal.aborted; at += PACE) {
    const due = performance.now() + 1000;
    await here.produce(records.slice(at, at + PACE));
    await sleep(Math.max(0, due - performance.now()));
  }
}

async function modelOf(here: Place): Promise<ModelResult> {
  const model = new Model(here);
  for (const { topic, partition, bytes, at } of await here.readLog()) model.addTo(topic, partition, bytes, at);
  return model.result();
}

function eventsOf({ partitions }: ModelResult): number {
  return [...partitions.values()].reduce((sum, partition) => sum + partition.in, 0);
}

/** Ready, or what it said when it was not. */
async function untilUp({ pulso, name }: Running): Promise<void> {
  try {
    await untilReady(pulso.url, READY_MS);
  } catch (cause) {
    throw new Error(`${name} did not get ready: ${pulso.log()}`, { cause });
  }
}

async function untilMore(url: string, events: number): Promise<void> {
  const wanted = Math.min((await ledgerTotal(url)).in + events, EVENTS * 0.9);
  await until(`${wanted} events counted`, 120_000, async () => {
    const total = await ledgerTotal(url);
    return { done: total.in >= wanted, state: total };
  });
}

type Row = { topic: string; partition: number; offset: number; lag: number };

async function offsets(url: string): Promise<Map<string, Row>> {
  const { partitions } = (await ask(url, '/ledger')) as { partitions: Row[] };
  return new Map(partitions.map((row) => [`${row.topic}/${row.partition}`, row]));
}

/** The topic-partitions that a process counts itself, by its own metrics. */
async function ownedBy(url: string): Promise<Set<string>> {
  const metrics = await (await fetch(new URL('/metrics', url))).text();
  const lines = metrics.matchAll(/^pulso_partition_owned\{topic="([^"]+)",partition="(\d+)"\} 1$/gm);
  return new Set([...lines].map(([, topic, partition]) => `${topic}/${partition}`));
}

/** Until every lost partition is this process's own and has gone on, or has nothing left to go on with; in ms. */
async function untilTakenOver(url: string, lost: ReadonlySet<string>, before: Map<string, Row>): Promise<number> {
  const began = performance.now();
  await until('partitions of the killed process taken over', TAKEOVER_MS * overload(), async () => {
    const [owned, now] = await Promise.all([ownedBy(url), offsets(url)]);
    const left = [...lost].filter((name) => {
      const row = now.get(name) as Row;
      return !owned.has(name) || (row.offset <= (before.get(name)?.offset ?? 0) && row.lag > 0);
    });
    return { done: left.length === 0, state: left };
  });
  return Math.round(performance.now() - began);
}

async function during(fault: Fault, service: Service, ms: number, end: Fault): Promise<void> {
  await harm(fault, service);
  await sleep(ms);
  await harm(end, service);
}

function holds({ topic, partition, from_offset, to_offset }: Batch, orderId: string): boolean {
  const [ofTopic, ofPartition, offset] = orderId.split(':');
  const here = ofTopic === topic && Number(ofPartition) === partition;
  return here && Number(offset) >= from_offset && Number(offset) < to_offset;
}

async function assertExact(files: ArchiveFiles, { pulso, name }: Running, model: ModelResult): Promise<void> {
  const { differences, archived, hot } = await compareOrders(pulso.url, model);
  assert.ok(archived.size > 0, `${name} shows nothing from the archive, ${hot} orders are hot`);
  const readable = (await eventBatches(pulso.url)).filter(({ state }) => state === 'COMMITTED' || state === 'DELETED');
  const orders = model.orders.filter(({ id }) => readable.some((batch) => holds(batch, id)));
  const all = [
    ...(await compareAll(pulso.url, model)),
    ...differences,
    ...(await compareRows(files, readable, { ...model, orders })),
  ];
  assert.deepEqual(
    all.slice(0, SHOWN).map((text) => `${name}: ${text}`),
    [],
  );
}

test('everything that can die does, and every figure equals the model', needsToHarm(...SERVERS), async (t) => {
  // Before all else that happens afterwards: what cleans up needs the servers.
  for (const service of ['kafka', 'mongo', 'datanode'] as const) healAfter(t, service);
  const here = await place(t, { who: 'all', on: SERVERS, env: { PULSO_HOT_BYTES: '1MB' } });
  const { files } = archiveOf(t, here);
  const start = async (name: string): Promise<Running> => ({
    name,
    pulso: await here.start(name, ['--no-generator', '--lanes', '2']),
  });
  const a = await start('a');
  const b = await start('b');
  const watches = [a, b].map((running) => new OverviewWatch(() => running.pulso.url));
  t.after(() => Promise.all(watches.map((watch) => watch.close())));
  await Promise.all([a, b].map(untilUp));
  const stop = new AbortController();
  t.after(() => stop.abort());
  const produced = produceAll(here, stop.signal);
  produced.catch(() => undefined);

  for (let kill = 0; kill < 3; kill++) {
    await untilMore(a.pulso.url, EVENTS / 12);
    const lost = await ownedBy(b.pulso.url);
    assert.ok(lost.size > 0, 'the process that is to be killed owns nothing');
    const before = await offsets(a.pulso.url);
    await b.pulso.kill9();
    t.diagnostic(`taken over after ${await untilTakenOver(a.pulso.url, lost, before)} ms`);
    b.pulso = (await start('b')).pulso;
    await untilUp(b);
  }
  await harm('restart', 'kafka');
  await untilMore(a.pulso.url, EVENTS / 12);
  await during('freeze', 'mongo', OUTAGE_MS, 'thaw');
  await untilMore(a.pulso.url, EVENTS / 12);
  await during('kill9', 'datanode', 5_000, 'up');
  await produced;

  const model = await modelOf(here);
  t.diagnostic(`${eventsOf(model)} events in the log`);
  for (const { pulso } of [a, b]) await untilCounted(pulso.url, eventsOf(model), 300_000);
  await until('a batch in the archive', 120_000, async () => {
    const { items } = (await ask(a.pulso.url, '/archive/batches?limit=1000')) as { items: { state: string }[] };
    return { done: items.filter(({ state }) => state === 'DELETED').length >= 2, state: items };
  });
  for (const running of [a, b]) {
    const began = performance.now();
    await assertExact(files, running, model);
    t.diagnostic(`${running.name} compared in ${Math.round((performance.now() - began) / 1_000)} s`);
  }
  assert.deepEqual(
    watches.map(({ falls }) => falls),
    [[], []],
  );
  assert.ok(watches.every((watch) => watch.frames > 0));
});
