/** Faults of each kind ordered over HTTP of each kind of actor of a running system: all come back, no figure is wrong. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { DEATHS, type FaultKind } from '../../protocol/fault.ts';
import type { NodeStatus } from '../../supervisor/status.ts';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { Model, type ModelResult } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { ledgerTotal, until, untilCounted, untilReady } from './exactness.ts';
import { type InProcess, startInProcess, untilSeen } from './in-process.ts';
import { type Producer, produce } from './producer.ts';

const EVENTS = 4_000;
/** So that events come in all the time that faults do. */
const PACE = 250;
const RATE = 100;
const MINUTE = 60_000;
/**
 * One of each kind, the second lane goes on meanwhile. Those of a group are struck at the same time; the gateway last,
 * as it takes the orders.
 */
const GROUPS = [
  ['log-writer', 'aggregator-0', 'archiver', 'generator'],
  ['reader', 'consumer-0', 'jobs', 'generation-monitor', 'gateway'],
];
const ACTORS = GROUPS.flat();
const [FIRST = [], SECOND = []] = GROUPS;
/** What takes long strikes each actor in one way or the other; `TEST_FAULTS=all` strikes all in all ways. */
const STRIKES: readonly [FaultKind, readonly (readonly string[])[]][] =
  process.env.TEST_FAULTS === 'all'
    ? DEATHS.map((kind) => [kind, GROUPS])
    : [
        ['crash', GROUPS],
        ['hang', [FIRST]],
        ['block', [SECOND]],
        ['stall', GROUPS],
        ['oom', [['aggregator-0', 'gateway']]],
      ];

/** What can be changed of each, to something else than it is. */
const SETTINGS = {
  gateway: { most_clients: 500 },
  'log-writer': { queue_bytes: 32 * 1024 * 1024 },
  reader: { most_open: 32 },
  'aggregator-0': { commit_ms: 40 },
  'consumer-0': { take_bytes: 128 * 1024 },
  archiver: { budget: 200_000_000 },
  generator: { rate: 150 },
};

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

async function post({ url, token }: InProcess, path: string, body: object): Promise<Answer> {
  const answer = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function get({ url }: InProcess, path: string): Promise<Answer> {
  const answer = await fetch(new URL(path, url));
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** Asked again while there is no gateway: it may have been the last one that was struck. */
async function order(pulso: InProcess, actor: string, kind: FaultKind): Promise<void> {
  // Without a key: one that was refused would be refused again under the same.
  const body = { kind, reason: 'test' };
  await until(`${kind} of ${actor} taken`, 30_000, async () => {
    const state = await post(pulso, `/system/actors/${actor}/fault`, body).catch((error: Error) => error.message);
    return { done: typeof state === 'object' && state.status === 200, state };
  });
}

const epochOf = ({ tree }: InProcess, id: string) =>
  Math.max(...tree.events().flatMap(({ kind, actor, epoch }) => (kind === 'running' && actor === id ? [epoch] : [0])));

/** From the orders until their successors ran. */
async function strike(pulso: InProcess, actors: readonly string[], kind: FaultKind): Promise<number[]> {
  const epochs = new Map(actors.map((actor) => [actor, epochOf(pulso, actor)]));
  for (const actor of actors) await order(pulso, actor, kind);
  return Promise.all([...epochs].map((before) => backAfter(pulso, kind, before)));
}

async function backAfter({ tree }: InProcess, kind: FaultKind, [actor, before]: [string, number]): Promise<number> {
  const running = await untilSeen(tree, `${actor} is back after ${kind}`, (events) =>
    events.find((event) => event.kind === 'running' && event.actor === actor && event.epoch > before),
  );
  const ordered = tree.events().findLast((event) => event.text === `fault ${kind} ${actor}`);
  return running.at - (ordered?.at ?? Number.NaN);
}

/** Until each of its links is laid again; nobody restarts for it. */
async function dropLinks(pulso: InProcess, actor: string): Promise<void> {
  const epoch = epochOf(pulso, actor);
  const { links } = await pulso.tree.control(actor).inspect();
  const since = pulso.tree.events().at(-1)?.id ?? 0;
  await order(pulso, actor, 'drop-link');
  await untilSeen(pulso.tree, `the links of ${actor} are there again`, (events) => {
    const again = events.filter(({ id, kind, text }) => id > since && kind === 'relinked' && text.includes(actor));
    return again.length >= links.length;
  });
  assertAlive(pulso, [actor], epoch, `links of ${actor} were dropped`);
}

/** The same incarnation as before; else what has become of them is said. */
function assertAlive({ tree }: InProcess, actors: readonly string[], epoch: number, why: string): void {
  const others = tree.events().filter((event) => actors.includes(event.actor) && event.epoch > epoch);
  const story = tree
    .events()
    .slice(-40)
    .map(({ at, text }) => `${at % 100_000} ${text}`);
  assert.deepEqual(
    others.map(({ text }) => text),
    [],
    `${why}, and that killed:\n${story.join('\n')}`,
  );
}

function dataDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'pulso-faults-'));
  t.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return dir;
}

function lines(events: number): Uint8Array[] {
  const start = Date.now() - 10 * MINUTE;
  return [...hostileLines({ events, seed: 3, start, spanMs: 5 * MINUTE })]
    .filter(({ bytes, record }) => record && bytes.length <= RECORD_BYTES)
    .map(({ bytes }) => bytes);
}

async function untilMore({ url }: InProcess): Promise<void> {
  const { in: before } = await ledgerTotal(url);
  await until('more events counted', 30_000, async () => {
    const state = await ledgerTotal(url);
    return { done: state.in > before, state };
  });
}

/** Asked again where there was no answer: with limits as short as these a busy machine may make an actor look hung. */
async function differences({ url }: InProcess, model: ModelResult): Promise<string[]> {
  let found: string[] = [];
  await until('all questions answered', 60_000, async () => {
    try {
      found = [...(await compareAll(url, model)), ...(await compareOrders(url, model)).differences];
      return { done: true };
    } catch (thrown) {
      const { message } = thrown as Error;
      if (!message.includes('answered 503')) throw thrown;
      return { done: false, state: message };
    }
  });
  return found;
}

/** Everything sent is taken and counted, nobody makes more, and all figures are those of the model of the log. */
async function assertExact(pulso: InProcess, dir: string, producer: Producer): Promise<void> {
  await producer.finished;
  assert.equal((await pulso.tree.control('generator').drain()).drained, true);
  const model = new Model();
  for (const { topic, partition, bytes, at } of readLog(dir)) model.addTo(topic, partition, bytes, at);
  const result = model.result();
  const events = [...result.partitions.values()].reduce((sum, partition) => sum + partition.in, 0);
  await untilCounted(pulso.url, events);
  assert.deepEqual((await differences(pulso, result)).slice(0, 20), []);
}

async function started(t: TestContext, pace: number, events: number): Promise<[InProcess, string, Producer]> {
  const dir = dataDir(t);
  const pulso = await startInProcess(t, { dataDir: dir, lanes: 2, rate: RATE, limitMs: 500 });
  await untilReady(pulso.url);
  const stop = new AbortController();
  t.after(() => stop.abort());
  return [pulso, dir, produce(() => pulso.url, lines(events), pace, stop.signal)];
}

/** Each says what it is doing, and takes other settings. */
async function assertToldAndSet(pulso: InProcess): Promise<void> {
  for (const actor of ACTORS) {
    const { status, body } = await get(pulso, `/system/actors/${actor}/inspect`);
    assert.deepEqual([status, body.id, body.epoch, typeof body.own], [200, actor, 1, 'object'], actor);
  }
  const { own } = await pulso.tree.control<{ partitions: unknown[]; positions: unknown[] }>('aggregator-0').inspect();
  assert.deepEqual([own.partitions.length, own.positions.length], [6, 6], 'half of the partitions of three topics');
  for (const [actor, settings] of Object.entries(SETTINGS)) {
    await until(`${actor} configured`, 30_000, async () => {
      const { status, body } = await post(pulso, `/system/actors/${actor}/configure`, { settings });
      return { done: status === 200 && isDeepStrictEqual(body.settings, settings), state: body };
    });
    assert.deepEqual((await pulso.tree.control(actor).inspect()).settings, settings, actor);
  }
  const unknown = await post(pulso, '/system/actors/jobs/configure', { settings: { rate: 1 } });
  const { code, field, message } = unknown.body.error as Record<string, string>;
  assert.deepEqual([unknown.status, code, field], [400, 'bad-parameter', 'rate']);
  assert.match(String(message), /known are none$/);
  assert.equal((await post(pulso, '/system/actors/lanes/fault', { kind: 'crash' })).status, 409);
}

function waitingOf(node: NodeStatus, id: string): string | undefined {
  if (node.id === id) return node.waiting?.what;
  return node.children.map((child) => waitingOf(child, id)).find((what) => what !== undefined);
}

/** A consumer without an aggregator waits, and is not to blame for it; one that does not go on with the next one is. */
async function stallWaiting(pulso: InProcess): Promise<void> {
  const drained = await post(pulso, '/system/actors/aggregator-0/drain', {});
  assert.deepEqual([drained.status, drained.body.drained], [200, true]);
  assert.equal((await post(pulso, '/system/actors/aggregator-0/fault', { kind: 'crash' })).status, 409);
  await until('consumer-0 waits for its aggregator', 10_000, async () => {
    const waiting = waitingOf(pulso.tree.status(), 'consumer-0');
    return { done: waiting === 'the aggregator', state: waiting };
  });
  const epoch = epochOf(pulso, 'consumer-0');
  await order(pulso, 'consumer-0', 'stall');
  assert.equal((await post(pulso, '/system/actors/aggregator-0/start', {})).status, 200);
  await backAfter(pulso, 'stall', ['consumer-0', epoch]);
}

test('every kind of fault of every kind of actor is recovered from, and every figure stays exact', async (t) => {
  const [pulso, dir, producer] = await started(t, PACE, EVENTS);
  const took: string[] = [];

  for (const actor of ACTORS) await order(pulso, actor, 'slow');
  await untilMore(pulso);
  assertAlive(pulso, ACTORS, 1, 'all were slow');
  for (const actor of ACTORS) await dropLinks(pulso, actor);
  for (const [kind, groups] of STRIKES) {
    for (const group of groups) {
      took.push(`${kind} ${group.join(', ')} ${(await strike(pulso, group, kind)).join(', ')} ms`);
    }
    await untilMore(pulso);
  }
  t.diagnostic(took.join('; '));
  await assertExact(pulso, dir, producer);
});

test('links that drop while batches are on their way, other settings, and a stall of one that waits change no figure', async (t) => {
  const [pulso, dir, producer] = await started(t, 8 * EVENTS, EVENTS);
  await assertToldAndSet(pulso);
  let sending = true;
  void producer.finished.then(() => {
    sending = false;
  });
  let drops = 0;
  for (; sending || drops < 4; drops++) {
    await dropLinks(pulso, drops % 2 === 0 ? 'consumer-0' : 'aggregator-0');
  }
  t.diagnostic(`${drops} drops`);
  await stallWaiting(pulso);
  await assertExact(pulso, dir, producer);
});
