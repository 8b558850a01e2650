/**
 * Orders that kill whoever handles them, under load: each actor dies twice of each and never again, the lanes go on, and
 * every figure is the model's without these orders; after the fix they are replayed, and it is the model's with them.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { Model, type ModelResult } from '../model/model.ts';
import { ask } from '../model/questions.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { type Pulso, post, startPulso, until, untilCounted, untilReady } from './exactness.ts';
import { produce } from './producer.ts';

const EVENTS = Number(process.env.TEST_POISON_EVENTS ?? 1_500);
const PACE = 1_500;
/** Short, as the comparison asks for every ten minutes. */
const SPAN_MS = 20 * 60_000;
const LANES = 2;
const LATENESS_MS = 7 * 86_400_000;

type Victim = { readonly actor: string; readonly id: string; readonly death: string };
type Letter = {
  id: string;
  offset: number;
  reason: string;
  attempts: number;
  error: string;
  replayed_to: number | null;
};

const lines = [...hostileLines({ events: EVENTS, seed: 5, spanMs: SPAN_MS })].flatMap(({ bytes, record }) =>
  record && bytes.length <= RECORD_BYTES ? [bytes] : [],
);

/** Orders that come once, in a record of their own, of each lane in turn. */
function victims(): Victim[] {
  const model = new Model({ latenessMs: LATENESS_MS });
  for (const line of lines) model.add(line);
  const { orders } = model.result();
  const times = Map.groupBy(orders, ({ order }) => order.id);
  const alone = orders.filter(({ id, order }) => times.get(order.id)?.length === 1 && id.split(':').length === 3);
  const ofLane = (lane: number) => alone.filter(({ id }) => Number(id.split(':')[1]) % LANES === lane);
  const pick = (lane: number, share: number) =>
    ofLane(lane)[Math.floor(ofLane(lane).length * share)]?.order.id as string;
  return [
    { actor: 'consumer-0', id: pick(0, 0.2), death: 'crash' },
    { actor: 'aggregator-0', id: pick(0, 0.6), death: 'hang' },
    { actor: 'aggregator-1', id: pick(1, 0.3), death: 'crash' },
    { actor: 'consumer-1', id: pick(1, 0.7), death: 'block' },
  ];
}

async function start(t: TestContext): Promise<{ pulso: Pulso; dataDir: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'pulso-poison-'));
  const dataDir = join(dir, 'data');
  const env = { PULSO_LATENESS: '7d' };
  const pulso = await startPulso(['--no-generator', '--lanes', String(LANES)], { dataDir, env });
  t.after(async () => {
    await pulso.kill9();
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  await untilReady(pulso.url);
  return { pulso, dataDir };
}

async function fault(pulso: Pulso, { actor, id, death }: Victim, kind: string, more = {}): Promise<unknown> {
  const { status, body } = await post(pulso, `/system/actors/${actor}/fault`, { kind, order_id: id, death, ...more });
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { poisoned: unknown }).poisoned;
}

/** The records at these places have become dead letters. */
function modelOf(dataDir: string, poisoned: ReadonlySet<string>): ModelResult {
  const model = new Model({ latenessMs: LATENESS_MS });
  for (const { topic, partition, offset, bytes, at } of readLog(dataDir)) {
    if (poisoned.has(`${topic}:${partition}:${offset}`)) model.addPoisonTo(topic, partition);
    else model.addTo(topic, partition, bytes, at);
  }
  return model.result();
}

async function assertExact(pulso: Pulso, dataDir: string, poisoned: ReadonlySet<string>): Promise<void> {
  const model = modelOf(dataDir, poisoned);
  await untilCounted(
    pulso.url,
    [...model.partitions.values()].reduce((sum, partition) => sum + partition.in, 0),
  );
  assert.deepEqual((await compareAll(pulso.url, model)).slice(0, 20), []);
}

const letters = async (pulso: Pulso) =>
  ((await ask(pulso.url, '/dead-letters?reason=poison&limit=1000')) as { items: Letter[] }).items;

/** What the supervisor has noted of an actor. */
async function eventsOf(pulso: Pulso, actor: string, kind: string): Promise<string[]> {
  type Event = { actor: string; kind: string; text: string };
  const { items } = (await ask(pulso.url, '/system/events?limit=1000')) as { items: Event[] };
  return items.filter((event) => event.actor === actor && event.kind === kind).map(({ text }) => text);
}

test('poisoned orders are passed after two deaths each, and count once healed and replayed', async (t) => {
  const { pulso, dataDir } = await start(t);
  const all = victims();
  for (const victim of all) await fault(pulso, victim, 'poison');
  const stop = new AbortController();
  t.after(() => stop.abort());
  await produce(() => pulso.url, lines, PACE, stop.signal).finished;
  await until('all of them are dead letters', 60_000, async () => {
    const found = await letters(pulso);
    return { done: found.length === all.length, state: found };
  });
  const parked = await letters(pulso);
  assert.deepEqual(new Set(parked.map(({ attempts }) => attempts)), new Set([2]));
  assert.deepEqual(parked.map(({ error }) => error.split(':')[0]).sort(), [
    'OrderedCrash',
    'OrderedCrash',
    'hung',
    'hung',
  ]);
  const poisoned = new Set(parked.map(({ id }) => id));
  await assertExact(pulso, dataDir, poisoned);

  let deaths = 0;
  for (const { actor } of all) {
    assert.equal((await eventsOf(pulso, actor, 'poison')).length, 1, actor);
    deaths += (await eventsOf(pulso, actor, 'exited')).length;
  }
  type Node = { restarts: { used: number } };
  const lanes = (await Promise.all(['lane-0', 'lane-1'].map((id) => ask(pulso.url, `/system/actors/${id}`)))) as Node[];
  const used = lanes.reduce((sum, { restarts }) => sum + restarts.used, 0);
  // On a machine that has too much to do somebody may have been taken for hung besides.
  assert.ok(deaths >= 2 * all.length && used <= deaths - 2 * all.length, `${used} of ${deaths} deaths were counted`);

  for (const victim of all) assert.deepEqual(await fault(pulso, victim, 'poison', { off: true }), []);
  const { status, body } = await post(pulso, '/dead-letters/replay', { reason: 'poison', note: 'healed' });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((body as { replayed: number }).replayed, all.length);
  await assertExact(pulso, dataDir, poisoned);
  for (const { id } of all)
    assert.equal(((await ask(pulso.url, `/orders/${encodeURIComponent(id)}`)) as { mark: unknown }).mark, null);
  assert.deepEqual(
    (await letters(pulso)).filter(({ replayed_to: to }) => to === null),
    [],
  );
  const repeated = await post(pulso, '/dead-letters/replay', { reason: 'poison' });
  assert.equal((repeated.body as { replayed: number }).replayed, 0);
});

/** The same order is the same bytes, whenever it is sent. */
const SENT_AT = Date.now();
const order = (id: string) =>
  JSON.stringify({
    type: 'order',
    order_id: id,
    timestamp: SENT_AT,
    customer_state: 'SP',
    items: [{ product_id: 'p1', quantity: 1, price: 5 }],
    payment_value: 5,
  });

async function send(pulso: Pulso, id: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await fetch(new URL('/events', pulso.url), { method: 'POST', headers, body: order(id) });
  return { status: answer.status, text: await answer.text() };
}

async function seek(pulso: Pulso, id: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(new URL(`/orders/${id}`, pulso.url));
  return { status: answer.status, text: await answer.text() };
}

/** As long as its actor is away everything is refused. */
async function once(ask: () => Promise<{ status: number; text: string }>): Promise<{ status: number; text: string }> {
  for (;;) {
    const answer = await ask();
    if (!answer.text.includes('not running')) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a request that kills log-writer or reader is refused, not delivered again, and known after two deaths', async (t) => {
  const { pulso } = await start(t);
  for (const [actor, ask, fine] of [
    ['log-writer', send, 202],
    ['reader', seek, 404],
  ] as const) {
    await fault(pulso, { actor, id: 'bad', death: 'crash' }, 'poison');
    const ordered = async () =>
      (await eventsOf(pulso, actor, 'exited')).filter((text) => text.includes('OrderedCrash'));
    for (let death = 1; death <= 2; death++) {
      const refused = await once(() => ask(pulso, 'bad'));
      assert.equal(refused.status, 503, refused.text);
      assert.match(refused.text, new RegExp(`the ${actor} went away`));
      assert.equal((await once(() => ask(pulso, `good-${actor}-${death}`))).status, fine, 'others are answered');
      assert.equal((await ordered()).length, death);
    }
    const known = await once(() => ask(pulso, 'bad'));
    assert.equal(known.status, 400, known.text);
    assert.match(known.text, /has ended its actor 2 times.*OrderedCrash/);
    assert.equal((await ordered()).length, 2);
  }
});
